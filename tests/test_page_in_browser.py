"""The pages as a browser shows them: at every width, light and dark, without script and without a request but for images."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from aggregator.model import THEMES, OutputSpec
from tests.board import Site, held_planet
from tests.browser import WIDTHS, Browser, Tab, served
from tests.planet import JSON, Planet, atom, older, post, subscription

HTML = OutputSpec(path="index.html", format="html")
RIVER = replace(HTML, path="river.html", theme="river")

TEXT = f"""<h2>What there was</h2><p>{"A long word of praise. " * 40}</p>
<p><img src="https://orig.example/a.png" alt="A hill" width="900" height="300"></p><pre>{"x" * 400}</pre>
<table><tr><th>Name</th><th>Where</th></tr><tr><td>{"much-too-long-" * 20}</td><td>here</td></tr></table>
<blockquote><p>Said <a href="https://orig.example/b">somebody</a>.</p></blockquote><h4>{"And_what_there_was_not" * 6}</h4>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages of a small planet are served, in both themes."""
    feeds = (
        subscription("orig", tags=("news", "a tag of several words", "a_word_that_no_phone_is_wide_enough_for_however_you_hold_it")),
        subscription("copy", tags=("news",), name="C" * 80),
    )
    planet = Planet(*feeds, outputs=(JSON, HTML, RIVER))
    real = [post("orig", number, text=TEXT, title=title) for number, title in enumerate(("A title", "B" * 90, "", "שלום עולם"), 1)]
    copies = [replace(real[0], source="orig", id="https://copy.example/1"), post("copy", 2, text="<p>Short.</p>"), *older("copy")]
    planet.polls({"orig": atom("orig", real), "copy": atom("copy", copies)})
    planet.publishes()
    with served(written(planet.folder.files, tmp_path_factory.mktemp("public"))) as where:
        yield where


def written(files: Mapping[str, bytes], root: Path) -> Path:
    for path, body in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(body)
    return root


def story_of(browser: Browser, address: str) -> str:
    with browser.tab() as tab:
        tab.open(address)
        return str(tab.value("document.querySelector('a.trail').getAttribute('href')"))


def faults(browser: Browser, address: str, paths: list[str], both: list[str]) -> Iterator[str]:
    """What is wrong with pages, at each width, in the dark, and those of `both` also in the light."""
    with browser.tab() as tab:
        for path in paths:
            tab.open(address + path)
            for width in WIDTHS:
                tab.size(width)
                if tab.overflow:
                    yield f"{path} at {width} px scrolls {tab.overflow} px to the side"
            for width, dark in ((WIDTHS[0], True), (WIDTHS[-1], False))[: 2 if path in both else 1]:
                tab.size(width, dark=dark)
                yield from (f"{path} at {width} px, dark {dark}: {found}" for found in tab.axe())
        yield from tab.faults


@pytest.mark.parametrize("theme", THEMES)
def test_every_page_fits_every_width_is_accessible_and_asks_for_nothing_but_images(browser: Browser, address: str, theme: str) -> None:
    own = "" if theme == "journal" else "river/"
    paths = [f"{own}{page}" for page in ("source/orig.html", "tag/news.html", "archive/1.html", "sources.html", "archive.html")]
    fronts = ["index.html", story_of(browser, address)] if theme == "journal" else ["river.html"]
    assert list(faults(browser, address, [*fronts, *paths], fronts)) == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_sign_among_letters_is_as_high_as_they_are(browser: Browser, tmp_path: Path, theme: str) -> None:
    planet = Planet(subscription("orig", republish="full"), outputs=(JSON, replace(HTML, theme=theme)))
    smile = '<p>Fine <img src="https://orig.example/smile.png" alt="smile" style="height: 1em; max-height: 1em"></p>'
    planet.polls({"orig": atom("orig", [post("orig", 1, text=smile)])})
    planet.publishes()
    with served(written(planet.folder.files, tmp_path)) as where, browser.tab() as tab:
        tab.open(where + story_of(browser, where))
        assert tab.value("document.querySelector('.text img').getBoundingClientRect().height") == 16


def test_the_keyboard_reaches_the_entries_first_and_sees_where_it_is(browser: Browser, address: str) -> None:
    with browser.tab(width=360) as tab:
        tab.open(address)
        tab.press("Tab")
        assert tab.value("document.activeElement.getAttribute('href')") == "#entries"
        assert tab.value("document.activeElement.getBoundingClientRect().left >= 0"), "the link to the entries shows when it is reached"
        assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"


_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml(text: str) -> str:
    """Without the characters that XML cannot hold, not even as references."""
    return _NO_XML.sub("", text)


def together(files: Mapping[str, bytes], stories: list[str]) -> bytes:
    """What stands in the pages of all these stories, in one page: each on its own would take the browser a minute."""
    whole = re.compile(rb"<article.*</article>", re.DOTALL)
    articles = [found[0] for path in stories if (found := whole.search(files[path]))]
    return whole.sub(lambda _: b"\n".join(articles), files[stories[0]], count=1)


def test_nothing_hostile_runs_or_asks(browser: Browser, shared: Path, tmp_path: Path) -> None:
    """All inputs of the hostile corpus are published: as texts, as titles, and as words of the feed itself."""
    cases = [json.loads(line)["input"] for line in (shared / "corpus/hostile-html.jsonl").read_text("utf-8").splitlines() if line]
    spec = replace(HTML, max_entries=len(cases))
    planet = Planet("orig", outputs=(JSON, spec))
    posts = [
        post("orig", number, text=f"<p>Case {number}</p>{xml(case)}", title=escape(xml(case)) or "none")
        for number, case in enumerate(cases, 1)
    ]
    for start in range(0, len(posts), 100):
        planet.polls({"orig": atom("orig", posts[start : start + 100])})
    planet.publishes()
    stories = [path for path in planet.folder.files if path.startswith("story/")]
    assert len(stories) == len(cases)
    with ExitStack() as opened:
        where = opened.enter_context(served(written(planet.folder.files | {"all.html": together(planet.folder.files, stories)}, tmp_path)))
        tab = opened.enter_context(browser.tab())
        for path in ("index.html", "all.html", "archive/1.html", "source/orig.html"):
            tab.open(where + path)
        assert tab.faults == []
        assert tab.value("document.querySelectorAll('script, iframe, object, form').length") == 0


# ── the page that tells how the daemon is ──


def faults_shown(tab: Tab) -> list[str]:
    """What is wrong with the page that is shown, at each width, light and dark, with all numbers unfolded."""
    tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = []
    for width in WIDTHS:
        for dark in (False, True):
            tab.size(width, dark=dark)
            found += [f"{width} px: scrolls {tab.overflow} px to the side"] if tab.overflow else []
            found += tab.axe() if (width, dark) in {(WIDTHS[0], False), (WIDTHS[-1], True)} else []
    return [*found, *tab.faults, *map(str, tab.requests)]


def test_the_status_page_is_sound_at_every_width_and_its_button_works(browser: Browser, tmp_path: Path) -> None:
    site = Site(held_planet(), tmp_path)
    with browser.tab() as tab:
        tab.open(f"http://{site.host}/status")
        assert faults_shown(tab) == []
        tab.follow("form[action='status/confirm'] button")
        assert "done=confirm" in str(tab.value("location.href"))
        assert "taken for what it is now" in str(tab.value("document.querySelector('[role=status]')?.textContent"))
    assert site.planet.store.holds() == {}
    site.server.stop()


def test_the_page_of_the_first_minute_is_sound(browser: Browser, tmp_path: Path) -> None:
    site = Site(Planet("a", "b"), tmp_path)
    with browser.tab() as tab:
        tab.open(f"http://{site.host}/status")
        assert "2 feeds, none read yet" in str(tab.value("document.querySelector('.verdict').textContent"))
        assert faults_shown(tab) == []
    site.server.stop()
