"""docs/configuration.md and feeds.schema.json say what the program does: every key, every default, every example."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from aggregator.config import load, load_text
from aggregator.config_model import (
    AttributionForm,
    DefaultsForm,
    FeedForm,
    FileForm,
    Form,
    HttpForm,
    IncludeForm,
    LimitForm,
    ListForm,
    MatchForm,
    OutputForm,
    RetainForm,
    WebsubForm,
    keys_of,
)
from aggregator.config_schema import schema_text

ROOT = Path(__file__).resolve().parents[1]
DOCS = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[Form]] = {
    "Top level": FileForm,
    "`defaults`": DefaultsForm,
    "`feeds`": FeedForm,
    "`include`": IncludeForm,
    "`lists`": ListForm,
    "`keep` and `drop`": MatchForm,
    "`limit`": LimitForm,
    "`attribution`": AttributionForm,
    "`outputs`": OutputForm,
    "`retain`": RetainForm,
    "`http`": HttpForm,
    "`websub`": WebsubForm,
}
# How each section's keys stand in a whole file.
AROUND: dict[type[Form], str] = {
    FileForm: "%s",
    DefaultsForm: "defaults:\n  %s",
    FeedForm: "feeds:\n  - url: https://a.example/\n    %s",
    IncludeForm: "include:\n  - file: friends.yaml\n    %s",
    ListForm: "lists:\n  - url: https://l.example/\n    %s",
    MatchForm: "defaults: {}\nfeeds:\n  - url: https://a.example/\n    keep:\n      %s",
    LimitForm: "defaults:\n  limit:\n    %s",
    AttributionForm: "defaults:\n  attribution:\n    %s",
    OutputForm: "link: https://a.example/\noutputs:\n  - path: a.xml\n    %s",
    RetainForm: "retain:\n  %s",
    HttpForm: "http:\n  %s",
    WebsubForm: "websub:\n  %s",
}


def rows(section: str) -> dict[str, list[str]]:
    """key → [default, form, what, example] of the table below a heading."""
    body = DOCS.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body.splitlines() if line.startswith("| `")]
    return {row[0].strip("` |"): row[1:] for row in cells}


def whole_file(form: type[Form], example: str) -> str:
    text = AROUND[form] % example
    text = text.replace("- url: https://a.example/\n    url:", "- url:").replace("- path: a.xml\n    path:", "- path:")
    text = text.replace("- url: https://l.example/\n    url:", "- url:")
    text = text.replace("- file: friends.yaml\n    file:", "- file:")
    if "\nfeeds:" not in f"\n{text}":
        text += "\nfeeds: [{url: https://b.example/, tags: [news], id: example-news}]"
    return text + "\n"


def loads(text: str) -> None:
    """…beside the files that examples include."""
    beside = {ROOT / name: "feeds: [https://friend.example/feed]\n" for name in ("friends.yaml", "work.yaml")}
    load(ROOT / "feeds.yaml", {"EXAMPLE_TOKEN": "x"}, {ROOT / "feeds.yaml": text, **beside})


@cache
def validator() -> Draft7Validator:
    return Draft7Validator(json.loads(schema_text()))


def fits_the_schema(text: str) -> None:
    validator().validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_documented_with_an_example(section: str) -> None:
    assert sorted(rows(section)) == sorted(keys_of(SECTIONS[section]))
    assert all(len(row) == 4 and all(row) for row in rows(section).values())


@pytest.mark.parametrize("section", SECTIONS)
def test_every_documented_default_is_the_one_of_the_schema(section: str) -> None:
    for key, field in ((field.alias or name, field) for name, field in SECTIONS[section].model_fields.items()):
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        said = rows(section)[key][0]
        if "default" in extra:
            assert YAML(typ="safe", pure=True).load(said.strip("`")) == extra["default"], key
        else:
            assert not said.startswith("`"), key


@pytest.mark.parametrize(("section", "key"), [(section, key) for section in SECTIONS for key in rows(section)])
def test_every_documented_example_loads_and_fits_the_schema(section: str, key: str) -> None:
    example = rows(section)[key][3].strip("`")
    text = whole_file(SECTIONS[section], example)

    assert example.startswith(f"{key}:")
    loads(text)
    fits_the_schema(text)


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL))
def test_every_block_of_the_documentation_loads(block: str) -> None:
    loads(block)
    fits_the_schema(block)


def test_the_schema_in_the_repository_is_current() -> None:
    assert (ROOT / "feeds.schema.json").read_text(encoding="utf-8") == schema_text(), (
        "python -m aggregator.config_schema > feeds.schema.json"
    )


def test_the_schema_is_a_schema_and_explains_every_key() -> None:
    made = json.loads(schema_text())
    Draft7Validator.check_schema(made)
    forms = [made, *(form.get("anyOf", [form])[-1] for form in made["definitions"].values())]
    for form in forms:
        for key, value in form["properties"].items():
            assert value.get("description"), key
            assert value.get("examples"), key


def test_the_shipped_file_loads_and_fits_the_schema() -> None:
    text = (ROOT / "feeds.yaml").read_text(encoding="utf-8")
    config = load_text(text, ROOT / "feeds.yaml", {})
    fits_the_schema(text)

    local = [feed.path for feed in config.feeds if feed.path]
    assert len(local) == 3
    assert all(path.is_file() for path in local)
    assert text.startswith("# yaml-language-server: $schema=feeds.schema.json\n")
