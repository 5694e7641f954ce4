"""The page of a story, which explains where it comes from, as a browser shows it: also with hostile texts, of which none does anything."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aggregator.model import OutputSpec
from tests.browser import WIDTHS, Browser, Tab, served
from tests.pace import some
from tests.planet import JSON, NOON, Planet, atom, post

HTML = OutputSpec(path="index.html", format="html", max_entries=1000)


@contextmanager
def stories(planet: Planet, root: Path) -> Iterator[list[str]]:
    """Publish; the addresses of the stories' pages."""
    planet.publishes()
    for path, body in planet.folder.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(body)
    with served(root) as address:
        yield [address + path for path in sorted(planet.folder.files) if path.startswith("story/")]


def faults(tab: Tab) -> list[str]:
    """What pages did that they must not."""
    asked = [f"{kind} {url}" for kind, url in tab.requests if kind != "Image" or not url.startswith("https://")]
    return [*tab.complaints, *(f"script {one}" for one in tab.scripts), *asked]


def test_the_page_of_a_story_is_sound_at_every_width(browser: Browser, tmp_path: Path) -> None:
    planet = Planet("orig", "copy", outputs=(JSON, HTML))
    real = post("orig", text=f"<p>{'A long word of praise. ' * 40}</p><pre>{'x' * 400}</pre><table><tr>{'<td>wide</td>' * 90}</tr></table>")
    planet.polls({"orig": atom("orig", [real]), "copy": atom("copy", [replace(real, source="orig", id="https://copy.example/1")])})
    with stories(planet, tmp_path) as (address,), browser.tab() as tab:
        tab.open(address)
        assert "Copy" in str(tab.value("document.body.textContent")), "where else it was seen"
        for width in WIDTHS:
            for dark in (False, True):
                tab.size(width, dark=dark)
                assert tab.overflow == 0, f"{width} px"
        assert tab.axe() == []
        assert faults(tab) == []


def test_hostile_texts_run_nothing_ask_for_nothing_and_break_no_page(browser: Browser, shared: Path, tmp_path: Path) -> None:
    lines = (shared / "corpus" / "hostile-html.jsonl").read_text(encoding="utf-8").splitlines()
    texts = some([json.loads(line)["input"] for line in lines if line], 40)
    planet = Planet("hostile", outputs=(JSON, HTML))
    items = [{"id": f"tag:hostile.example,2026:{number}", "content_html": text, "title": text} for number, text in enumerate(texts)]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "Hostile", "items": items}
    planet.polls({"hostile": json.dumps(document).encode()})
    with stories(planet, tmp_path) as addresses, browser.tab(width=360) as tab:
        assert len(addresses) > len(texts) / 2
        for address in [addresses[0].partition("story/")[0], *addresses]:
            tab.open(address)
            assert tab.value("document.querySelectorAll('main').length") == 1, address
            assert tab.overflow == 0, address
        assert faults(tab) == []
    assert planet.clock() > NOON
