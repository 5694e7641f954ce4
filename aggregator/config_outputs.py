"""`outputs:` → OutputSpecs: files below root, their formats, and the feeds that they choose."""

import os
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from aggregator.config_address import FROM_HOME, is_from_home
from aggregator.config_feeds import attribution, check_attribution, match
from aggregator.config_hints import suggestion
from aggregator.config_model import DefaultsForm, OutputForm
from aggregator.config_report import Report
from aggregator.config_yaml import ListNode, MapNode, Node, line_of
from aggregator.model import STORY_FOLDER, THEMES, Attribution, FeedSpec, Format, OutputSpec
from aggregator.publish.archive import is_archive_page
from aggregator.publish.compress import SUFFIXES
from aggregator.publish.layout import archive_path, archives_path, folder_of, source_path, sources_path, tag_path
from aggregator.publish.stylesheet import STYLESHEETS
from aggregator.web.url import resource

USUAL = ("atom.xml", "rss.xml", "feed.json", "index.html", "opml.xml")
SMALLEST = 10 * 1024  # below that not even one entry's head fits for certain

# What the web server answers itself under these names, and what stands below them.
_SERVED = frozenset({"status", "metrics", "healthz", "readyz", "websub"})
_USUAL = OutputSpec(path="", format="atom")
_PATH = re.compile(r"[A-Za-z0-9._/-]{1,200}")
_BY_SUFFIX: dict[str, Format] = {".atom": "atom", ".rss": "rss", ".json": "json", ".html": "html", ".htm": "html", ".opml": "opml"}


def output_specs(
    node: Node | None, defaults: DefaultsForm, feeds: Sequence[FeedSpec] | None, report: Report, *, theme: str = _USUAL.theme
) -> list[OutputSpec]:
    """The outputs in the order of the file; the usual five where the key is absent. `theme` is that of pages that name none.

    `feeds` are those that outputs may choose; None where that is not known here.
    """
    if node is None:
        return [OutputSpec(path=path, format=known, theme=theme) for path in USUAL if (known := format_of(path))]
    if not isinstance(node, ListNode) or not node.items:
        report.problem(node.line, f"outputs: a list is wanted; take the key out for the usual ones ({', '.join(USUAL)})")
        return []
    specs: list[OutputSpec] = []
    for item in node.items:
        form = report.form(OutputForm, item, "outputs")
        spec = _spec(form, item, defaults, theme, report) if form else None
        if form and spec:
            _check_path(spec.path, specs, line_of(item, ("path",)), report)
            _check_folder(spec, specs, line_of(item, ("path",)), report)
            _check_beside(spec, specs, line_of(item, ("path",)), report)
            if feeds is not None:
                _check_choice(form, item, feeds, report)
            specs.append(spec)
    return specs


def format_of(path: str) -> Format | None:
    """The format that a file name stands for; a bare `.xml` is Atom unless the name says rss or opml.

    >>> format_of("news/rss.xml"), format_of("feed.json"), format_of("planet.xml")
    ('rss', 'json', 'atom')
    """
    name = path.rsplit("/", 1)[-1].lower()
    suffix = PurePosixPath(name).suffix
    if suffix != ".xml":
        return _BY_SUFFIX.get(suffix)
    return "opml" if "opml" in name else "rss" if "rss" in name else "atom"


def theme_of(text: str | None, line: int, folder: Path, report: Report) -> str:
    """A theme as outputs name it: one that comes with the program, or the absolute path of a folder."""
    if text is None or text in THEMES:
        return text or _USUAL.theme
    found = Path(os.path.abspath(folder / text))  # noqa: PTH100 (as in config.py)
    if found.is_dir():
        # Here, since few have a theme of their own, and it needs a library.
        from aggregator.publish.themes import mistakes

        for mistake in mistakes(str(found)):
            report.warning(line, f"theme: {mistake}")
        return str(found)
    if is_from_home(text):
        report.problem(line, f"theme: '{text}' {FROM_HOME}")
        return _USUAL.theme
    known = [*THEMES]
    report.problem(line, f"theme: '{text}' is neither a theme ({', '.join(known)}) nor a folder{suggestion(text, known)}")
    return _USUAL.theme


def _spec(form: OutputForm, node: Node, defaults: DefaultsForm, theme: str, report: Report) -> OutputSpec | None:
    made = form.format or format_of(form.path)
    if made is None:
        report.problem(
            line_of(node, ("path",)), f"path: the name '{form.path}' tells no format: add 'format:' (atom, rss, json, html, opml)"
        )
        return None
    if form.max_bytes is not None and form.max_bytes < SMALLEST:
        report.problem(line_of(node, ("max_bytes",)), "max_bytes: at least 10 KiB")
    _check_archive(form, made, node, report)
    image = resource(form.image)
    if form.image and image is None:
        report.problem(line_of(node, ("image",)), f"image: '{form.image}' is no http(s) address")
    if form.attribution and isinstance(node, MapNode):
        check_attribution(form.attribution, node.get("attribution") or node, report)
    inherited = attribution(defaults.attribution, Attribution())
    return OutputSpec(
        path=form.path,
        format=made,
        title=form.title,
        image=image,
        tags=tuple(dict.fromkeys(form.tags or ())),
        feeds=tuple(dict.fromkeys(form.feeds or ())),
        max_entries=form.max_entries or _USUAL.max_entries,
        max_bytes=form.max_bytes or _USUAL.max_bytes,
        archive=form.archive,
        max_age=form.max_age,
        per_feed=form.per_feed,
        language=form.language,
        keep=match(form.keep),
        drop=match(form.drop),
        attribution=attribution(form.attribution, inherited) if form.attribution else None,
        theme=theme_of(form.theme, line_of(node, ("theme",)), report.path.parent, report) if form.theme else theme,
    )


def _check_path(path: str, others: Sequence[OutputSpec], line: int, report: Report) -> None:
    if not _PATH.fullmatch(path):
        report.problem(line, f"path: '{path}' may hold letters, digits and . _ - / only")
    elif path.startswith("/"):
        report.problem(line, f"path: '{path}' counts from root: write {path.lstrip('/')}")
    elif any(part in {"", ".", ".."} or part.startswith(".") for part in path.split("/")):
        report.problem(line, f"path: '{path}' must be a plain path below root: no '..', no empty part, no part that begins with a dot")
    if path.lower().endswith(tuple(SUFFIXES.values())):
        report.problem(line, f"path: '{path}' is how the compressed copy of a file is named")
    if path.casefold().split("/", 1)[0] in _SERVED:
        report.problem(line, f"path: '{path}' is where the web server has a page of its own: give the file another name")
    if path.casefold() in STYLESHEETS:
        report.problem(line, f"path: '{path}' is where a stylesheet of the feeds stands")
    for other in others:
        mine, theirs = path.casefold(), other.path.casefold()  # some file systems do not tell a.xml from A.xml
        if mine == theirs:
            report.problem(line, f"path: '{path}' is the path of another output already")
        elif mine.startswith(theirs + "/") or theirs.startswith(mine + "/"):
            report.problem(line, f"path: '{path}' and '{other.path}': one is the other's folder")


def _check_beside(spec: OutputSpec, others: Sequence[OutputSpec], line: int, report: Report) -> None:
    """An output may not have the name of a page that an HTML output has beside it, nor of a folder of such pages."""
    for page, output in (*((spec, other) for other in others), *((other, spec) for other in others), (spec, spec)):
        if page.format == "html" and _is_beside(page.path, output.path.casefold()):
            report.problem(line, f"path: '{output.path}' is where pages beside '{page.path}' stand: give the file another name")


def _is_beside(page: str, path: str) -> bool:
    names = {name.casefold() for name in (sources_path(page), archives_path(page))}
    folders = {posixpath.dirname(name.casefold()) for name in (source_path(page, "x"), tag_path(page, "x"), archive_path(page, 1))}
    folders |= {STORY_FOLDER}
    return path in names | folders or (path.endswith(".html") and posixpath.dirname(path) in folders)


def _check_folder(spec: OutputSpec, others: Sequence[OutputSpec], line: int, report: Report) -> None:
    """The pages of sources, tags and the archive stand in a folder that follows from the name: no two outputs may mean the same one."""
    for other in others:
        if spec.format == other.format == "html" and folder_of(spec.path).casefold() == folder_of(other.path).casefold():
            where = f"'{folder_of(spec.path)}/'" if folder_of(spec.path) else "root"
            report.problem(line, f"path: the pages beside '{spec.path}' and '{other.path}' would stand in one folder, {where}: rename one")


def _check_archive(form: OutputForm, made: Format, node: Node, report: Report) -> None:
    if form.archive is None:
        return
    line, most = line_of(node, ("archive",)), form.max_entries or _USUAL.max_entries
    if made not in ("atom", "rss", "json"):
        report.problem(line, f"archive: only feeds have archive pages (atom, rss, json), '{form.path}' is {made}")
    elif form.archive > most:
        # What is on no closed page yet must stand in the output itself.
        report.problem(line, f"archive: at most max_entries, which is {most}")


def check_archives(outputs: Sequence[OutputSpec], link: str | None, line: int, report: Report) -> None:
    """Archive pages name one another by their public addresses, and stand where no output does."""
    for output in outputs:
        if output.archive and not link:
            report.problem(line, f"outputs: the archive of '{output.path}' needs 'link': its pages are found by their public addresses")
        for other in outputs:
            if output.archive and is_archive_page(other.path, output.path):
                report.problem(line, f"outputs: '{other.path}' is the path of a page of the archive of '{output.path}'")


def _check_choice(form: OutputForm, node: Node, feeds: Sequence[FeedSpec], report: Report) -> None:
    ids = [feed.id for feed in feeds]
    for number, name in enumerate(form.feeds or ()):
        if name not in ids:
            report.problem(line_of(node, ("feeds", number)), f"feeds: no feed has the id '{name}'{suggestion(name, ids)}")
    tags = sorted({tag for feed in feeds for tag in feed.tags})
    for number, tag in enumerate(form.tags or ()):
        if tag not in tags:
            report.warning(line_of(node, ("tags", number)), f"tags: no feed has the tag '{tag}'{suggestion(tag, tags)}")
