"""What the markup of a text says of where it comes from: rel=canonical and schema.org's isBasedOn."""

import json

import pytest

from aggregator.model import RawSource
from aggregator.refine.inscribed import inscriptions
from tests.planet import Planet, atom, post
from tests.test_provenance import BODY, NOTE, PAGE, atom_source, read, sites

OTHER = "https://other.example/2020/a-day"


def data(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>{BODY}'


@pytest.mark.parametrize(
    "html",
    [
        f'<link rel="canonical" href="{PAGE}">{BODY}',
        f'{BODY}<p><a rel="canonical noopener" href="{PAGE}">Continue</a></p>',
        f'{BODY}<p><a itemprop="isBasedOn" href="{PAGE}">Inner Valley</a></p>',
        f'<article itemscope itemtype="https://schema.org/Article"><div><meta itemprop=isBasedOn content="{PAGE}"></div>{BODY}</article>',
        f'<div itemprop="isBasedOn" itemscope itemtype="https://schema.org/Article"><a itemprop="url" href="{PAGE}">A day</a></div>{BODY}',
        f'<article typeof="Article"><h1><a property="url isBasedOn" href="{PAGE}">A day</a></h1>{BODY}</article>',
        f"{BODY * 400}<link rel=canonical href={PAGE}>",
        data({"@type": "Article", "isBasedOn": PAGE}),
        data({"@graph": [{"@type": "WebSite"}, {"@type": ["NewsArticle"], "schema:isBasedOn": [{"@id": f"{PAGE}#article"}]}]}),
    ],
)
def test_every_notation_names_the_page_where_a_text_comes_from(html: str) -> None:
    (hop,) = read(html).origin.chain
    assert (hop.site, hop.page) == ("orig.example", PAGE)


@pytest.mark.parametrize(
    "html",
    [
        f'<blockquote><link rel="canonical" href="{PAGE}">Words of others</blockquote>{BODY}',
        f'<figure><img src="/x.jpg"><figcaption><a itemprop="isBasedOn" href="{PAGE}">a painting</a></figcaption></figure>{BODY}',
        f'<div itemscope itemtype="https://schema.org/ImageObject"><a itemprop="isBasedOn" href="{PAGE}">a painting</a></div>{BODY}',
        f'<link itemprop="isBasedOn" href="{PAGE}"><link itemprop="isBasedOn" href="{OTHER}">{BODY}',
        f'<!-- <link rel="canonical" href="{PAGE}"> -->{BODY}',
        f'<link rel="canonical" href="https://orig.example/">{BODY}',
        data({"@type": "Recipe", "isBasedOn": PAGE}),
        data({"@type": "Article", "isBasedOn": {"@type": "Product", "url": PAGE}}),
        data({"@type": "Article", "isBasedOn": PAGE}).replace("}", ""),
        data({"@type": "Article", "isBasedOn": PAGE}).replace(f'"{PAGE}"', "[" * 60_000),
        data({"@type": "Article", "isBasedOn": PAGE, "x": "x" * 70_000}),
    ],
)
def test_what_is_said_of_another_thing_of_several_pages_or_not_at_all_names_no_origin(html: str) -> None:
    assert read(html).origin.chain == ()


def test_markup_that_names_the_feeds_own_page_is_no_origin() -> None:
    found = read(f'<link rel="canonical" href="https://www.copy.example/2020/another">{BODY}')
    assert (found.origin.chain, [claim.standing for claim in found.claims]) == ((), ["self"])


def test_it_was_printed_one_hop_behind_what_the_elements_name() -> None:
    markup = f'<link rel="canonical" href="{PAGE}">{BODY}'
    member = atom_source(id="https://member.example/feed", link="https://member.example/", self_url=None, title="Member")
    assert sites(read(markup, source=member)) == ["orig.example", "member.example"]
    assert sites(read(markup, source=RawSource(kind="rss", title="Orig", self_url="https://orig.example/rss"))) == ["orig.example"]


def test_its_name_is_the_publishers_and_it_bears_out_a_sentence() -> None:
    based = {"@type": "Article", "name": "A day", "url": PAGE, "publisher": {"name": "Orig Weekly"}}
    found = read(data({"@type": "Article", "isBasedOn": based}))
    assert [hop.name for hop in found.origin.chain] == ["Orig Weekly"]
    both = read(f'<link itemprop="isBasedOn" href="{PAGE}">{BODY}{NOTE}').origin
    assert (both.evidence, both.confidence) == (("phrase", "isBasedOn"), 0.955)


def test_a_reader_of_the_outputs_gets_it() -> None:
    made = Planet("copy")
    made.polls({"copy": atom("copy", [post("copy", text=data({"@type": "Article", "isBasedOn": PAGE}))])})
    (item,) = made.publishes()
    assert item["_provenance"]["original"]["url"] == PAGE  # type: ignore[index]
    assert PAGE in str(item["content_html"])
    assert "ld+json" not in str(item["content_html"])


@pytest.mark.parametrize(
    "worst", ["<a rel=canonical", "rel=", '<div itemscope itemprop="isBasedOn">', '<script type="ld+json">isBasedOn', "<figure>"]
)
def test_reading_it_takes_linear_time(worst: str) -> None:
    html = "<link rel=canonical>" + worst * (100_000 // len(worst))
    assert len(inscriptions(html)) <= 16
