"""Documents read and refined in children: the same entries, the same refusals, the same limits as for parsing alone."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep

import psutil
import pytest

from aggregator.errors import ParseError
from aggregator.model import FeedSpec, Hop, Surroundings
from aggregator.reading import ReaderPool
from aggregator.rereading import read
from tests.fakes import document
from tests.pace import IS_LONG, some

KEY = "00000000-0000-0000-0000-000000000001"
# Both ways are the same for large documents, which take seconds.
_LARGE = 100_000
SPEC = FeedSpec(
    id="blog",
    url="https://blog.example/feed.xml?key=hidden",
    shown_url="https://blog.example/feed.xml?key=${KEY}",
    headers=(("X", "hidden"),),
)
REPEATED = document(
    "<rss version='2.0'><channel><title>Blog</title><link>https://blog.example/</link><item><title>One</title><guid>1</guid>"
    "<description>&lt;p&gt;This article originally appeared in Orig Weekly.&lt;/p&gt;"
    "&lt;p&gt;Text.&lt;/p&gt;</description></item></channel></rss>"
)


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    made = ReaderPool(children=1)
    yield made
    made.close()


def test_a_child_makes_the_entries_that_this_process_makes(pool: ReaderPool, shared: Path) -> None:
    real = [path for path in sorted((shared / "corpus/real").glob("*")) if path.suffix in (".xml", ".json")]
    samples = some([path for path in real[7::40] if IS_LONG or path.stat().st_size < _LARGE], 3)
    assert samples
    for path in samples:
        got = document(path.read_bytes())
        assert pool(got, SPEC, KEY, Surroundings()) == read(got, SPEC, KEY, Surroundings())


def test_names_that_are_learnt_meanwhile_reach_a_child_that_runs(pool: ReaderPool) -> None:
    known = Surroundings(known={"orig weekly": Hop(name="Orig Weekly", site="orig.example")})
    sites = [
        [hop.site for entry in pool(REPEATED, SPEC, KEY, surroundings).entries for hop in entry.origin.chain]
        for surroundings in (Surroundings(), known, known, Surroundings())
    ]
    assert sites == [[None], ["orig.example"], ["orig.example"], [None]]


def test_a_child_that_takes_anothers_place_knows_the_same_names(pool: ReaderPool) -> None:
    known = Surroundings(known={"orig weekly": Hop(name="Orig Weekly", site="orig.example")})
    before = pool(REPEATED, SPEC, KEY, known)
    for nurse in psutil.Process().children():
        for child in nurse.children():
            child.kill()
            with suppress(psutil.NoSuchProcess):  # gone between two looks
                while child.status() != psutil.STATUS_ZOMBIE:
                    sleep(0.001)
    assert pool(REPEATED, SPEC, KEY, known) == before


def test_what_is_no_feed_is_refused_with_what_the_page_names(pool: ReaderPool) -> None:
    page = document('<html><head><link rel="alternate" type="application/atom+xml" href="/atom"></head></html>')
    with pytest.raises(ParseError) as caught:
        pool(page, SPEC, KEY, Surroundings())
    assert caught.value.found == ("https://blog.example/atom",)


def test_a_local_file_is_refined_as_one(pool: ReaderPool, tmp_path: Path) -> None:
    spec = FeedSpec(id="notes", url="file:///srv/notes.xml", shown_url="./notes.xml", path=tmp_path / "notes.xml")
    assert pool(REPEATED, spec, KEY, Surroundings()) == read(REPEATED, spec, KEY, Surroundings())


def test_real_feeds_with_a_broken_tag_give_the_same_entries(shared: Path) -> None:
    """What was written for strict parsers is no other text to the lenient one, which a tag behind the entries calls in."""
    compared = 0
    for path in some(sorted((shared / "corpus/real").glob("*.xml"))[9::12], 3):
        body = path.read_bytes()
        end = max(body.rfind(b"</channel>"), body.rfind(b"</feed>"))
        if len(body) < _LARGE and end > body.rfind(b"</item>"):
            whole, broken = (read(document(given), SPEC, KEY, Surroundings()) for given in (body, body[:end] + b"<b><i></b>" + body[end:]))
            assert "read leniently, as tag soup" in broken.oddities
            assert broken.entries == whole.entries, path.name
            compared += 1
    assert compared > 5
