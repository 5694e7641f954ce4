"""The rules of the house that no type checker or import linter sees."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "aggregator"

# One library, one home: a third-party name appears only here.
HOMES = {
    "requests": {"collect/guard.py"},
    "urllib3": {"collect/guard.py"},
    "pycurl": {"collect/curl_door.py"},
    "certifi": {"collect/curl_door.py"},
    "feedparser": {"collect"},
    "lxml": {"collect", "refine", "publish"},
    "nh3": {"refine/markup.py"},
    "tldextract": {"web/host.py"},
    "ada_url": {"web"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "feedgen": {"publish"},
    "jinja2": {"publish"},
    "pydantic": {"config_model.py", "config_report.py", "config_values.py"},
    "ruamel": {"config_yaml.py"},
    "apscheduler": {"run"},
    "watchfiles": {"run"},
    "starlette": {"run"},
    "uvicorn": {"run"},
    "prometheus_client": {"run/metrics.py"},
    "click": {"cli"},
    "rich": {"cli"},
}
MAKERS = {"Url": {"web/url.py"}, "SafeHtml": {"refine/markup.py", "publish/attribution.py"}}


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """What the rules are about, with the name of its module: all modules of the program are gone through once."""
    kinds = (ast.Import, ast.ImportFrom, ast.Call, ast.ExceptHandler)
    trees = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    return [(name, node) for name, tree in trees.items() for node in _below(tree) if isinstance(node, kinds)]


def _below(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a tree, as `ast.walk` gives them, in half the time."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        for value in vars(node).values():
            if isinstance(value, ast.AST):
                left.append(value)
            elif isinstance(value, list):
                left += [one for one in value if isinstance(one, ast.AST)]


def is_at_home(name: str, homes: set[str]) -> bool:
    return any(name == home or name.startswith(f"{home}/") for home in homes)


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.split(".")[0]


def test_each_library_is_imported_only_at_its_home() -> None:
    strays = [
        f"{name} imports {library}"
        for name, node in nodes()
        for library in imported(node)
        if library in HOMES and not is_at_home(name, HOMES[library])
    ]
    assert not strays


@pytest.mark.parametrize("kind", MAKERS)
def test_urls_and_safe_html_have_one_maker_each(kind: str) -> None:
    strays = [
        f"{name}:{node.lineno}"
        for name, node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == kind
        and name not in MAKERS[kind]
        # An empty default is no foreign text.
        and not (len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value == "")
    ]
    assert not strays


def test_feed_errors_are_caught_in_the_pipeline_only() -> None:
    """…where `check` asks feeds on behalf of an editor, and where lists of feeds are asked, which are no feeds."""
    allowed = {"pipeline.py", "checking.py", "lists.py"}
    catching = {name for name, node in nodes() if isinstance(node, ast.ExceptHandler) and "FeedError" in _names(node)}
    assert "pipeline.py" in catching
    assert catching <= allowed


def _names(handler: ast.ExceptHandler) -> set[str]:
    return {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else set()


def test_nothing_below_app_reads_the_clock_the_environment_or_chance() -> None:
    below = {
        "errors",
        "ports",
        "config",
        "pipeline",
        "judging",
        "watching",
        "storypages",
        "sidepages",
        "reading",
        "migrate",
        "explain",
        "forget",
        "prune",
        "status",
    }
    folders = {"model", "web", "collect", "refine", "store", "publish"}
    forbidden = re.compile(r"\b(datetime\.now|utcnow|time\.time\(|os\.environ|getenv|import random|import secrets|uuid4|uuid1)\b")
    strays = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if (name.removesuffix(".py") in below or name.split("/")[0] in folders) and forbidden.search(path.read_text()):
            strays.append(name)
    assert not strays


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_versions_and_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9.\-_\[\]]+==\S+", text, re.MULTILINE)
    assert pinned
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pinned)
    assert all("--hash=sha256:" in block for block in blocks)


def test_floors_in_the_metadata_are_met_by_the_lock() -> None:
    from importlib.metadata import requires, version

    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in requires("aggregator") or () if "extra ==" not in text]
    assert {"urllib3", "lxml", "feedparser"} <= {requirement.name for requirement in wanted}
    for requirement in wanted:
        assert requirement.specifier.contains(version(requirement.name)), requirement
