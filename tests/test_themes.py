"""Themes: those that come with the program, a folder of one's own, and what none of them can do."""

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from lxml import html

from aggregator.config import load_text
from aggregator.errors import PublishError
from aggregator.model import THEMES, Edition
from aggregator.publish.check import checked
from aggregator.publish.page import page
from aggregator.publish.themes import theme
from tests import makers as make

DOCS = Path(__file__).resolve().parents[1] / "docs" / "themes.md"
FILES = {file.name for file in (resources.files("aggregator.publish") / "themes" / "journal").iterdir()}


def themed(name: str | Path, *items: object) -> Edition:
    made = make.edition(*items, path="index.html")  # type: ignore[arg-type]
    return replace(made, spec=replace(made.spec, theme=str(name)))


def ours(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_reads_back_and_shows_source_title_and_way(name: str) -> None:
    edition = themed(name, make.item(1), make.bare_item(2))
    body = page(edition)
    checked("index.html", "html", body, edition)
    said = html.document_fromstring(body).cssselect("article")[0].text_content()
    assert all(words in said for words in ("Orig", "Ann", "11:00", "Post 1 & more", "via Repub"))


def test_a_folder_holds_only_what_it_does_otherwise(tmp_path: Path) -> None:
    folder = ours(tmp_path, style_css="body { color: teal; }")
    body = page(themed(folder)).decode()
    assert "<style>body { color: teal; }</style>" in body
    assert html.document_fromstring(body).cssselect("article h3 a")
    ours(folder, style_css="body { color: navy; }  ")
    assert "<style>body { color: navy; }</style>" in page(themed(folder)).decode(), "with the next publish"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% extends 'layout.html.jinja' %}\n{% block main %}\n{{ nobody }}{% endblock %}", "line 3: 'nobody' is undefined"),
        ("{% for %}", "page.html.jinja, line 1"),
        ("<!doctype html><title>bare</title>", "leaves out the policy"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{{ days.append(1) }}", "page.html.jinja"),
        ("{{ 1 // 0 }}", "page.html.jinja"),
    ],
)
def test_a_theme_that_goes_wrong_publishes_nothing_and_says_where(tmp_path: Path, template: str, said: str) -> None:
    (tmp_path / "page.html.jinja").write_text(template)
    with pytest.raises(PublishError, match=re.escape(said)):
        page(themed(tmp_path))


def test_check_warns_of_templates_that_are_none(tmp_path: Path) -> None:
    ours(tmp_path, style_css="p { margin: 0 }")
    (tmp_path / "page.html.jinja").write_text("<p>\n{% for %}")
    config = load_text(f"theme: {tmp_path}\nfeeds: [https://a.example/f]\n", tmp_path / "feeds.yaml", {})
    assert any("feeds.yaml:1: theme: page.html.jinja, line 2:" in warning for warning in config.warnings)
    assert {output.theme for output in config.outputs} == {str(tmp_path)}


def test_a_style_sheet_cannot_end_its_element(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="</style"):
        page(themed(ours(tmp_path, style_css="</STYLE><script>alert(1)</script>")))


def test_a_file_that_is_too_large_is_named_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="larger than 1 MiB"):
        page(themed(ours(tmp_path, style_css=" " * (1024 * 1024 + 1))))


def test_what_a_theme_prints_is_escaped(tmp_path: Path) -> None:
    text = '{% extends "layout.html.jinja" %}{% block main %}{{ site.title }}{% endblock %}'
    (tmp_path / "page.html.jinja").write_text(text)
    assert "<script>" not in page(replace(themed(tmp_path), title="<script>alert(1)</script>")).decode()


def test_a_folder_that_is_gone_leaves_the_last_good_files(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be read"):
        theme(str(tmp_path / "gone"))


def test_the_documentation_names_every_file_and_variable() -> None:
    told = DOCS.read_text("utf-8")
    assert {name for name in FILES if f"`{name}`" not in told} == set()
    templates = [file.read_text("utf-8") for file in (resources.files("aggregator.publish") / "themes" / "journal").iterdir()]
    used = set(re.findall(r"\b(?:site|item|shown|source)\.([a-z_]+)", "".join(templates))) - {"html"}
    assert {name for name in used if not re.search(rf"`[a-z_.]*\b{name}`|`[a-z]+\.{name}\.", told)} == set()
