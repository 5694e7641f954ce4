"""feeds.yaml → Config: all problems at once, each with its line and, where a word is unknown, the one that was meant.

The way of a file: bytes → nodes with lines (`config_yaml`) → forms (`config_model`, `config_values`) → what they mean together
(`config_feeds`, `config_outputs`, and the rest here). Nothing outside is asked but the file and the environment that is handed in.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from aggregator.config_feeds import check_attribution, feed_specs
from aggregator.config_model import DefaultsForm, FileForm, HttpForm, RetainForm, SettingsForm, WebsubForm, keys_of, suggestion
from aggregator.config_outputs import check_archives, output_specs, theme_of
from aggregator.config_report import Report
from aggregator.config_yaml import MAX_BYTES, MapNode, Node, Reading, ScalarNode, line_of, read, read_text, scalars
from aggregator.errors import ConfigError, Problem
from aggregator.model import Config, Retain, Url
from aggregator.web.host import is_loopback
from aggregator.web.url import resource

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\s\[\]]*)):(?P<port>[0-9]{1,5})")
_CONTACT = re.compile(r"[\x21-\x27\x2a-\x7e]{3,200}")  # it stands within parentheses in the User-Agent
_SHORT_TOKEN = 16
_USUAL = Config(path=Path(), root=Path(), store="")


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a configuration file. `environ` has the values for `${NAME}`.

    Raises: ConfigError with every problem that was found.
    """
    return _judged(read(_bytes(path)), path, environ)


def load_text(text: str, path: Path, environ: Mapping[str, str]) -> Config:
    """Read a configuration that stands, or would stand, in the file `path`: relative paths count from its folder.

    Raises: ConfigError with every problem that was found.
    """
    return _judged(read_text(text), path, environ)


def _judged(reading: Reading, path: Path, environ: Mapping[str, str]) -> Config:
    report = Report(path)
    report.problems.extend(reading.problems)
    config = _config(reading.top, report, environ) if reading.top else None
    if report.problems or config is None:
        raise ConfigError(path, report.problems)
    return config


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise ConfigError(path, [Problem(0, "is a folder: name the file in it")])
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(path, [Problem(0, "there is no such file ('aggregator init' writes one)")]) from error
    except OSError as error:
        raise ConfigError(path, [Problem(0, f"cannot be read: {error.strerror}")]) from error


def _config(top: MapNode, report: Report, environ: Mapping[str, str]) -> Config:
    _check_keys(top, report)
    _check_slots(top, report)
    settings = report.form(SettingsForm, _without(top, "feeds", "outputs"), "feeds.yaml") or SettingsForm()
    defaults = settings.defaults or DefaultsForm()
    if defaults.attribution and isinstance(written := top.get("defaults"), MapNode):
        check_attribution(defaults.attribution, written.get("attribution") or written, report)
    path = Path(os.path.abspath(report.path))  # noqa: PTH100 (resolve() would follow a link that is swapped at each deployment)
    feeds = feed_specs(_present(top, "feeds"), defaults, top, path.parent, environ, report)
    theme = theme_of(settings.theme, line_of(top, ("theme",)), path.parent, report)
    outputs = output_specs(_present(top, "outputs"), defaults, feeds, report, theme=theme)
    check_archives(outputs, settings.link, line_of(top, ("outputs",)), report)
    host, port = _listen(settings.http or HttpForm(), top, report)
    retain, websub = settings.retain or RetainForm(), settings.websub or WebsubForm()
    root = _root(settings, path, top, report)
    _warn(settings, websub, top, report)
    return Config(
        path=path,
        title=settings.title or _USUAL.title,
        link=_link(settings, top, report),
        root=root,
        contact=_contact(settings, top, report),
        language=settings.language or _USUAL.language,
        feeds=tuple(feeds),
        outputs=tuple(outputs),
        newcomer_entries=settings.newcomer_entries if settings.newcomer_entries is not None else _USUAL.newcomer_entries,
        retain=Retain(text=retain.text or _USUAL.retain.text, versions=retain.versions or _USUAL.retain.versions),
        store=_store(settings, path, root, top, report),
        listen_host=host,
        listen_port=port,
        token=settings.http.token if settings.http else None,
        proxy=_web(settings.proxy, "proxy", line_of(top, ("proxy",)), report),
        client=settings.client or _USUAL.client,
        hub=_web(websub.hub, "hub", line_of(top, ("websub", "hub")), report),
        websub_subscribe=bool(websub.subscribe),
        noindex=settings.noindex is not False,
        compress=settings.compress is not False,
        theme=theme,
        warnings=report.warnings(),
    )


def _present(top: MapNode, key: str) -> Node | None:
    node = top.get(key)
    return None if isinstance(node, ScalarNode) and node.value() is None else node


def _without(top: MapNode, *keys: str) -> MapNode:
    known = {*keys_of(SettingsForm)} - {*keys}
    pairs = tuple((key, value) for key, value in top.pairs if key.text in known)
    return MapNode(pairs=pairs, line=top.line, start=top.start, end=top.end, flow=top.flow)


def _check_keys(top: MapNode, report: Report) -> None:
    for key, _ in top.pairs:
        if key.text not in keys_of(FileForm):
            report.problem(key.line, f"unknown key '{key.text}'{suggestion(key.text, keys_of(FileForm))}")


def _check_slots(top: MapNode, report: Report) -> None:
    """`${NAME}` anywhere but in a feed's address and headers would be taken literally: nobody means that."""
    for location, value in scalars(top):
        in_feed = len(location) >= 2 and location[0] == "feeds"
        if "${" in value.text and not (in_feed and (len(location) == 2 or location[2] in {"url", "headers"})):
            key = next((part for part in reversed(location) if isinstance(part, str)), "")
            report.problem(value.line, f"{key}: ${{NAME}} is replaced in a feed's url and headers only, not here")


def _root(settings: SettingsForm, path: Path, top: MapNode, report: Report) -> Path:
    root = Path(os.path.abspath(path.parent / (settings.root or "public")))  # noqa: PTH100
    if root == path.parent or root in path.parents:
        report.problem(
            line_of(top, ("root",)), f"root: '{settings.root}' holds this file, which would be published: name a folder of its own"
        )
    return root


def _store(settings: SettingsForm, path: Path, root: Path, top: MapNode, report: Report) -> str:
    text, line = settings.store or "aggregator.db", line_of(top, ("store",))
    if text.startswith(("postgresql:", "postgresql+", "postgres:")):
        report.problem(line, "store: PostgreSQL is not served by this version: name a SQLite file")
    elif "://" in text:
        report.problem(line, "store: a path is wanted, relative to this file, such as aggregator.db")
    store = Path(os.path.abspath(path.parent / text))  # noqa: PTH100
    if "://" in text:
        return text
    if store.is_dir():
        report.problem(line, f"store: '{text}' is a folder: name a file")
    if (store == root or root in store.parents) and root not in path.parents:  # a root too wide is reported already
        report.problem(line, f"store: '{text}' stands in the folder that is published: put it elsewhere")
    return str(store)


def _link(settings: SettingsForm, top: MapNode, report: Report) -> Url | None:
    """Outputs stand below it, so it ends with a slash."""
    line = line_of(top, ("link",))
    made = _web(settings.link, "link", line, report)
    if made is None:
        return None
    if "?" in made or "#" in made:
        report.problem(line, f"link: '{settings.link}' has a query or a fragment: files cannot stand below it")
    return resource(made if made.endswith("/") else made + "/")


def _web(text: str | None, key: str, line: int, report: Report) -> str | None:
    """An http(s) address, as written."""
    if text is None:
        return None
    if resource(text) is None or re.search(r"\s", text):
        report.problem(line, f"{key}: an address that begins with https:// or http:// is wanted")
        return None
    return text


def _contact(settings: SettingsForm, top: MapNode, report: Report) -> str | None:
    text = settings.contact
    if text is None:
        return None
    if not _CONTACT.fullmatch(text) or not (resource(text) or re.fullmatch(r"(mailto:)?[^@\s]+@[^@\s]+", text)):
        report.problem(line_of(top, ("contact",)), "contact: the address of a page (https://…) or of a mailbox is wanted")
    return text


def _listen(http: HttpForm, top: MapNode, report: Report) -> tuple[str, int]:
    text, line = http.listen or "127.0.0.1:8080", line_of(top, ("http", "listen"))
    found = _ADDRESS.fullmatch(text)
    if not found or int(found["port"]) > 65535:
        report.problem(line, f"listen: '{text}' is not an address and a port, such as 127.0.0.1:8080 or \"[::1]:8080\"")
        return "127.0.0.1", 8080
    host = found["six"] or found["host"] or "0.0.0.0"  # noqa: S104 (the next lines ask for a token then)
    if not is_loopback(host) and not http.token:
        report.problem(line, f"listen: '{text}' can be reached from other machines: it needs 'token:' beside it")
    elif not is_loopback(host) and len(http.token or "") < _SHORT_TOKEN:
        report.warning(line_of(top, ("http", "token")), f"token: shorter than {_SHORT_TOKEN} characters can be guessed")
    return host, int(found["port"])


def _warn(settings: SettingsForm, websub: WebsubForm, top: MapNode, report: Report) -> None:
    if settings.contact is None:
        report.warning(
            0, "no 'contact': no feed is polled more often than every 2 hours; name a page or a mailbox for those whose servers are asked"
        )
    if settings.link is None:
        report.warning(0, "no 'link': the outputs do not name their own address (rel=self)")
        if websub.hub:
            report.warning(line_of(top, ("websub", "hub")), "hub: it cannot be told of outputs whose address is not known: set 'link'")
        if websub.subscribe:
            report.warning(line_of(top, ("websub", "subscribe")), "subscribe: hubs cannot push to an address that is not known: set 'link'")
