"""Reads tests/data/origin-sentences.txt: sentences that say where a text first appeared, and such that only sound like it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = "https://orig.example/2020/post"
HOME: Final = "https://orig.example/"
ELSEWHERE: Final = "https://elsewhere.example/2020/other"
OWN: Final = "https://copy.example/2020/before"

_ADDRESSES: Final = {"P": PAGE, "H": HOME, "X": ELSEWHERE, "S": OWN}
_LINK: Final = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\](?!\())+?)\]\(([PHXS])\)")
_NAME: Final = re.compile(r"\{(.+?)\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of the file. `name` is what must be found where the source has no link."""

    language: str
    text: str
    is_claim: bool

    @property
    def name(self) -> str | None:
        found = _NAME.search(self.text)
        return found[1] if found else None

    @property
    def html(self) -> str:
        text = re.sub(r"\A\*(.+)\*\Z", r"<em>\1</em>", _NAME.sub(r"\1", self.text))
        linked = _LINK.sub(lambda link: f'<a href="{_ADDRESSES[link[2]]}">{link[1]}</a>', text)
        return f"<p>{linked}</p>"

    @property
    def names_the_page(self) -> bool:
        return "](P)" in self.text or PAGE in self.text


def sentences() -> Iterator[Sentence]:
    """All lines, in their order."""
    language = ""
    path = Path(__file__).parent / "data" / "origin-sentences.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            language = line[3:].strip()
        elif line[:2] in ("+ ", "- "):
            yield Sentence(language, line[2:], line[0] == "+")
