"""The JSON Schema of feeds.yaml, by which editors complete and check it. `python -m aggregator.config_schema` prints it."""

import json
from typing import Any

from aggregator.config_model import SCHEMA_URL, FileForm


def schema() -> dict[str, object]:
    """The JSON Schema (draft 7) of feeds.yaml, with a description for every key."""
    made = FileForm.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = made.pop("$defs")
    whole = {"$schema": SCHEMA_URL, "title": "feeds.yaml", **{key: value for key, value in made.items() if key != "title"}}
    tidied: dict[str, object] = _tidy({**whole, "definitions": definitions})
    return tidied


def schema_text() -> str:
    """What feeds.schema.json holds, byte for byte."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(value: Any) -> Any:
    """Without what Python adds: titles made from field names, and null for keys that are simply absent."""
    if isinstance(value, list):
        return [_tidy(item) for item in value if item != {"type": "null"}]
    if not isinstance(value, dict):
        return value
    kept = {key: item if key in {"examples", "default"} else _tidy(item) for key, item in value.items() if not _noise(key, item)}
    if len(kept.get("anyOf", ())) == 1:
        return {**{key: item for key, item in kept.items() if key != "anyOf"}, **kept["anyOf"][0], **_described(kept)}
    return kept


def _noise(key: str, item: Any) -> bool:
    return (key == "default" and item is None) or (key == "title" and isinstance(item, str) and item != "feeds.yaml")


def _described(kept: dict[str, Any]) -> dict[str, Any]:
    return {"description": kept["description"]} if "description" in kept else {}


if __name__ == "__main__":
    print(schema_text(), end="")
