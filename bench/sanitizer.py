"""Hostile HTML through our maker of `SafeHtml`, for the oracle that judges it as a browser would.

    python -m bench.sanitizer CASES.jsonl > results.jsonl
    python check_html.py CASES.jsonl --results results.jsonl

Each case goes where its `context` says it would stand: `content` through `markup.clean_html`, `text` (a title, a name) through
`markup.title`, of which the plain text is escaped as every output escapes it.
"""

import argparse
import json
from html import escape
from pathlib import Path

from aggregator.model import RawText
from aggregator.refine.markup import clean_html, title


def published(text: str, context: str) -> str:
    """What would stand in an output."""
    if context != "text":
        return clean_html(text)
    read = title(RawText(value=text, type="html"))
    return escape(read.text) if read else ""


def main() -> None:
    """Print one line a case: `{"id": …, "output": …}`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    for line in parser.parse_args().cases.read_text(encoding="utf-8").splitlines():
        if line.strip():
            case = json.loads(line)
            print(json.dumps({"id": case["id"], "output": published(case["input"], case.get("context", "content"))}))


if __name__ == "__main__":
    main()
