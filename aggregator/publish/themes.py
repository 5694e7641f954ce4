"""Themes: what pages look like. A folder of Jinja2 templates and one style sheet (docs/themes.md).

A theme's own files go before those of `journal`, so that it holds only what it does otherwise. Templates in a folder run in a sandbox: a
theme that somebody found on the web can write a strange page, and nothing else. Our own need none, which would take a third of the time.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from aggregator.errors import PublishError
from aggregator.model import THEMES
from aggregator.web.text import clean, fingerprint

STYLE: Final = "style.css"
_SUFFIXES: Final = (".jinja", ".css")
_MAX_FILE_BYTES: Final = 1024 * 1024
# What a template can do wrong beside not being one: it is somebody's program.
_MISTAKES: Final = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme, ready to write pages. `digest` is another one where any of its files is; `policy` lets a page load images over https and
    nothing else, and apply this style sheet and no other.
    """

    name: str
    environment: Environment
    style: Markup
    policy: Markup
    digest: str

    def write(self, template: str, path: str, context: Mapping[str, object]) -> bytes:
        """Write one page.

        Raises: PublishError when a template goes wrong, or leaves out the policy.
        """
        try:
            text = clean(self.environment.get_template(template).render(context, style=self.style, policy=self.policy))
        except _MISTAKES as error:
            raise PublishError(path, f"theme {self.name}: {_said(error, template)}; the last good file stays") from error
        if f'content="{self.policy}"' not in text[:2000]:
            raise PublishError(path, f"theme {self.name}: {template} leaves out the policy (docs/themes.md); the last good file stays")
        return (text.rstrip("\n") + "\n").encode("utf-8")


def theme(name: str) -> Theme:
    """Give a theme by its name, or by the absolute path of its folder: as its files are now.

    Raises: PublishError when the folder cannot be read.
    """
    if name in THEMES:
        return _built_in(name)
    folder = Path(name)
    try:
        marks = tuple((str(file), file.stat().st_mtime_ns) for file in sorted(folder.iterdir()) if file.suffix in _SUFFIXES)
        return _from_folder(folder, marks)
    except (OSError, UnicodeDecodeError) as error:
        raise PublishError(folder.name, f"the theme cannot be read: {error}; the last good files stay") from error


def mistakes(name: str) -> list[str]:
    """What is wrong with the templates of a theme before any page is written: where each goes wrong, in words."""
    try:
        environment = theme(name).environment
    except PublishError as error:
        return [error.message]
    found = []
    for template in environment.list_templates(extensions=["jinja"]):
        try:
            environment.get_template(template)
        except TemplateSyntaxError as error:
            found.append(_said(error, template))
    return found


@cache
def _built_in(name: str) -> Theme:
    return _made(name, _files("journal") | _files(name), Environment)


def _files(name: str) -> dict[str, str]:
    folder = resources.files("aggregator.publish") / "themes" / name
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(_SUFFIXES)}


@lru_cache(maxsize=8)
def _from_folder(folder: Path, marks: tuple[tuple[str, int], ...]) -> Theme:
    """A theme in a folder; made anew when a file has another time."""
    files = [Path(file) for file, _ in marks]
    for file in files:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise PublishError(file.name, f"theme {folder.name}: {file.name} is larger than 1 MiB; the last good files stay")
    own = {file.name: file.read_text("utf-8") for file in files}
    return _made(folder.name, _files("journal") | own, ImmutableSandboxedEnvironment)


def _made(name: str, files: Mapping[str, str], kind: type[Environment]) -> Theme:
    css = re.sub(r"\s*\n\s*", "\n", files[STYLE].strip())
    if "</style" in css.lower():
        raise PublishError(STYLE, f"theme {name}: its style sheet holds </style; the last good files stay")
    environment = kind(loader=DictLoader(files), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return Theme(
        name=name,
        environment=environment,
        style=Markup(f"<style>{css}</style>"),  # noqa: S704  (a theme's own file, and it cannot end early)
        policy=Markup(f"default-src 'none'; img-src https:; style-src '{_digest(css)}'; base-uri 'none'; form-action 'none'"),  # noqa: S704
        digest=fingerprint("\n".join(f"{file}\n{text}" for file, text in sorted(files.items())).encode()),
    )


def _digest(css: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")


def _said(error: Exception, template: str) -> str:
    """Which line of which template went wrong, and how."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or template}, line {error.lineno}: {error.message}"
    found, trace = "", error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith(".jinja") or trace.tb_frame.f_code.co_filename == "<template>":
            found = f"line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{template}, {found}: {error}" if found else f"{template}: {error}"
