"""The pages as a browser shows them: at every width, light and dark, without script and without a request but for images."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from aggregator.model import OutputSpec
from tests.browser import WIDTHS, Browser, served
from tests.planet import JSON, Planet, atom, post

HTML = OutputSpec(path="index.html", format="html")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages of a small planet are served."""
    planet = Planet("orig", "copy", outputs=(JSON, HTML))
    text = f'<p>{"A long word of praise. " * 40}</p><p><img src="https://orig.example/a.png" alt="A hill"></p><pre>{"x" * 400}</pre>'
    real = [post("orig", number, text=text) for number in range(1, 6)]
    planet.polls({"orig": atom("orig", real), "copy": atom("copy", [replace(real[0], source="orig", id="https://copy.example/1")])})
    planet.publishes()
    root = tmp_path_factory.mktemp("public")
    for path, body in planet.folder.files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(body)
    with served(root) as where:
        yield where


def shown_well(browser: Browser, address: str, *paths: str) -> Iterator[str]:
    """What is wrong with pages, at each width, light and dark."""
    with browser.tab() as tab:
        for path in paths:
            tab.open(address + path)
            for width in WIDTHS:
                for dark in (False, True):
                    tab.size(width, dark=dark)
                    if tab.overflow:
                        yield f"{path} at {width} px scrolls {tab.overflow} px to the side"
        yield from tab.complaints
        yield from (f"script {one}" for one in tab.scripts)
        yield from (f"{kind} {url}" for kind, url in tab.requests if kind != "Image" or not url.startswith("https://"))


def test_pages_fit_every_width_and_ask_for_nothing_but_images(browser: Browser, address: str) -> None:
    assert list(shown_well(browser, address, "index.html")) == []
