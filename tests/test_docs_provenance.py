"""docs/provenance.md says what the program does: its numbers are the program's, its examples come out of it."""

import re
from pathlib import Path

from aggregator.explain import explain
from aggregator.model import FeedSpec
from aggregator.refine import claims
from aggregator.telling import tell
from tests.planet import Planet

ROOT = Path(__file__).resolve().parents[1]
DOC = (ROOT / "docs/provenance.md").read_text("utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
COPY = "https://reader.example/people/woman-who-winds-eleven-clocks"


def planet(*names: str) -> Planet:
    """The shipped documents as feeds."""
    made = Planet(*(FeedSpec(id=name, url=f"file:///{name}.xml", shown_url=f"./{name}.xml", path=Path(f"/{name}.xml")) for name in names))
    made.polls({name: (ROOT / f"examples/feeds/{name}.xml").read_bytes() for name in names})
    return made


def told(made: Planet) -> set[str]:
    lines = tell(explain(COPY, made.store, made.ports.config, made.clock()))
    return {f"{line.label or ''} {line.text}".strip() for line in lines}


def examples() -> list[str]:
    """The lines of what `explain` prints, as the page shows them."""
    blocks = [block for language, block in FENCED if not language and re.match("  [a-z]", block)]
    return [re.sub(r"\s{2,}", " ", line.strip()) for block in blocks for line in block.splitlines()]


def test_the_numbers_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| .* \| ([\d.]+) \|$", DOC, re.MULTILINE)
    assert {kind: float(number) for kind, number in rows} == claims.CONFIDENCE
    assert [kind for kind, _ in rows] == list(claims.CONFIDENCE), "in the order of their ranks"


def test_the_examples_of_explain_come_out_of_the_shipped_feeds() -> None:
    real = told(planet("evening-reader")) | told(planet("harbour-courier", "evening-reader"))
    assert len(examples()) == 5
    assert set(examples()) <= real


def test_the_example_of_the_outputs_comes_out_of_the_shipped_feed() -> None:
    (item,) = [item for item in planet("evening-reader").publishes() if item["id"] == COPY]
    (line,) = [block for language, block in FENCED if language == "html"]
    assert str(item["content_html"]).startswith(" ".join(line.split()))
    provenance = item["_provenance"]
    assert provenance["evidence"] == ["phrase"]  # type: ignore[index]
    assert provenance["confidence"] == 0.85  # type: ignore[index]
    assert [hop["title"] for hop in provenance["via"]] == ["The Harbour Courier", "The Evening Reader"]  # type: ignore[index]
