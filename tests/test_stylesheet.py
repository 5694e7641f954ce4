"""What a browser shows of Atom and RSS: a page to read, with nothing in it but words and links."""

from dataclasses import replace

import pytest
from lxml import etree, html

from aggregator.model import Place, SafeHtml, Title
from aggregator.publish.stylesheet import STYLESHEETS, stylesheet
from aggregator.publish.syndication import atom, rss
from aggregator.web.text import visible_text
from tests import makers as make
from tests.planet import HOUR, JSON, Planet, older
from tests.planet import atom as document

EVIL = SafeHtml("<p>Nets &amp; lines: 3 &lt; 4. <em>Fine</em></p><p>" + "word " * 200 + "</p>")
WRITERS = {"atom.xml": atom, "news/rss.xml": rss}


def shown(body: bytes) -> html.HtmlElement:
    return html.fromstring(str(etree.XSLT(etree.fromstring(stylesheet("feeds.xsl")))(etree.fromstring(body))))


@pytest.mark.parametrize("path", WRITERS)
def test_a_browser_shows_title_source_and_beginning_of_each_entry(path: str) -> None:
    item = make.item(1, summary=EVIL, title=Title(text="Tom & <Ann>", html=SafeHtml("Tom &amp; &lt;Ann&gt;")))
    page = shown(WRITERS[path](make.edition(item, make.bare_item(2), path=path)))
    first, second = page.findall(".//article")
    assert (page.get("lang"), page.findtext(".//h1")) == ("en", "Planet Example")
    assert first.find("h2/a").get("href") == item.link
    assert first.find("h2/a").text_content().strip() == "Tom & <Ann>"
    assert first.findall("p")[0].text_content().split(" · ")[0].strip() == item.source.name
    words = first.findall("p")[1].text_content()
    assert words.startswith("Nets & lines: 3 < 4. Fine word word")
    assert len(words) == 301
    assert second.find("h2/a") is None
    assert f"https://planet.example.org/{path}" in page.find(".//code").text_content(), "the address to subscribe to"


@pytest.mark.parametrize("path", WRITERS)
@pytest.mark.parametrize("place", ["top", "bottom"])
def test_our_line_is_a_paragraph_of_its_own_with_its_own_language_and_direction(path: str, place: Place) -> None:
    arabic = "<p>مرحبا &amp; أهلا. نص.</p>"
    item = make.item(1, summary=SafeHtml(arabic), content=None, language="ar", place=place)
    said, text = shown(WRITERS[path](make.edition(item, path=path))).findall(".//article/p[@dir]")
    assert said.text_content() == visible_text(item.line)
    assert (said.get("lang"), text.text_content()) == ("en", "مرحبا & أهلا. نص.")


@pytest.mark.parametrize("path", WRITERS)
def test_it_loads_nothing_runs_nothing_and_links_only_to_pages(path: str) -> None:
    item = replace(make.item(1), link="javascript:alert(1)", via=())  # type: ignore[arg-type]
    page = shown(WRITERS[path](make.edition(item, path=path)))
    assert {element.tag for element in page.iter()}.isdisjoint({"script", "img", "iframe", "link", "object", "audio"})
    assert not any(value.startswith("javascript") for element in page.iter() for value in element.attrib.values())


def test_every_feed_leads_to_it_from_where_it_stands_and_it_leaves_with_the_last_of_them() -> None:
    atom_, rss_ = make.output("atom.xml"), make.output("a/b/rss.xml")
    world = Planet("harbour", outputs=(atom_, rss_, JSON))
    world.polls({"harbour": document("harbour", older("harbour"))})
    world.publishes()
    assert b'href="feeds.xsl"' in world.folder.files["atom.xml"]
    assert b'type="text/css" href="../../feeds.css"' in world.folder.files["a/b/rss.xml"]
    assert STYLESHEETS.keys() <= world.folder.files.keys()
    world.later(HOUR)
    before = list(world.folder.writes)
    world.publishes()
    assert world.folder.writes == before
    world.ports = replace(world.ports, config=replace(world.ports.config, outputs=(JSON,)))
    world.publishes()
    assert set(world.folder.files) == {"feed.json"}
