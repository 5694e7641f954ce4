"""The address of a feed as feeds.yaml writes it: secrets filled in, local files found, what may be shown, and the id made from it."""

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aggregator.config_slips import is_in_odd_quotes, slip
from aggregator.web.keys import keys_in
from aggregator.web.url import feed_address_key, resource

FROM_HOME = "is a path from the home folder: write it out, beginning with /"
_SLOT = re.compile(r"\$\{([^}]*)(\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:[/\\]{2,})([^/?#\\]*)@")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ODD = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]")
# Words that say "this is a feed" and nothing about which.
_GENERIC = re.compile(r"(rss|atom|feeds?|rdf|xml|json|opml|index|default|posts?|html?|php|aspx?|format|type|alt|www)\d*")
_MAX_ID = 64


class AddressError(ValueError):
    """An address that cannot be used; the message is for the editor and never holds a secret's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A feed's address. `url` may hold secrets; `shown` may be printed; `path` is set for a local file, absolute.

    `key` is the same for two spellings of one address. `has_secret`: something in it must not be shown. `secret_in_file`: a
    password, or a key, stands in feeds.yaml itself.
    """

    url: str = field(repr=False)
    shown: str
    path: Path | None = None
    key: str = field(repr=False)
    has_secret: bool = False
    secret_in_file: bool = False


def address(text: str, folder: Path, environ: Mapping[str, str]) -> Address:
    """Read the value of `url:`; a local path counts from `folder`, the folder of feeds.yaml.

    Raises: AddressError.
    """
    url = expand(text, environ)
    if is_local(url):
        path = local_path(url, folder)
        return Address(url=path.as_uri(), shown=text, path=path, key=str(path), has_secret="${" in text)
    _check_web(url, text)
    user = _USERINFO.match(url)
    return Address(
        url=url,
        shown=shown(text),
        key=f"{user[2] if user else ''} {feed_address_key(url)}",
        has_secret="${" in text or user is not None or bool(keys_in(url)),
        secret_in_file=bool(keys_in(text)) or ((written := _USERINFO.match(text)) is not None and "${" not in written[2]),
    )


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Put the environment's values in place of `${NAME}`.

    >>> expand("Bearer ${TOKEN}", {"TOKEN": "abc"})
    'Bearer abc'

    Raises: AddressError for a variable that is missing or empty, or a slot that is not well formed.
    """
    return _SLOT.sub(lambda slot: _value(slot[1], bool(slot[2]), environ), text)


def shown(text: str) -> str:
    """The address as it may be printed: `${NAME}` as written, no user name and no password.

    >>> shown("https://me:secret@news.example/${KEY}/feed")
    'https://news.example/${KEY}/feed'
    """
    return _USERINFO.sub(r"\1", text)


def is_local(url: str) -> bool:
    """Is this a file on this machine: ./x, ../x, an absolute path, or a file: address?"""
    return url.startswith(("./", "../", "/", "file:"))


def is_from_home(path: str) -> bool:
    """Would a shell take this for a path from somebody's home folder? Here it would be one below a folder that is called ~.

    >>> is_from_home("~/planet"), is_from_home("~ann/planet"), is_from_home("planet~/x")
    (True, True, False)
    """
    return re.match(r"~[\w.-]*/", path) is not None


def local_path(url: str, folder: Path) -> Path:
    """The absolute path of a local address; nothing is looked up, links are not followed.

    Raises: AddressError.
    """
    if not url.startswith("file:"):
        return Path(os.path.abspath(folder / url))  # noqa: PTH100 (resolve() would follow links that are swapped at each deployment)
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        raise AddressError(f"'{url}' names a file on another machine ({parts.netloc})")
    if not parts.path.startswith("/"):
        raise AddressError(f"'{url}' is not absolute: write ./{parts.path} instead")
    return Path(os.path.abspath(unquote(parts.path)))  # noqa: PTH100


def address_key(text: str) -> str:
    """The same for two spellings of one address, as written (scheme, user, trailing slash aside)."""
    return feed_address_key(text) if _is_web(text) else text


def derived_ids(given: Sequence[str | None], shown_urls: Sequence[str]) -> list[str]:
    """An id for each feed: the given one, else host and path in words; where two would be alike, the later one gets a short hash.

    Adding a feed at the end never changes the id of another.

    >>> derived_ids([None, "x", None], ["https://www.news.example/feed/", "https://a.example/", "./feeds/garden-notes.xml"])
    ['news-example', 'x', 'garden-notes']
    """
    taken = {name for name in given if name}
    ids: list[str] = []
    for name, url in zip(given, shown_urls, strict=True):
        ids.append(name or _free(_slug(url), url, taken))
        taken.add(ids[-1])
    return ids


def _value(name: str, closed: bool, environ: Mapping[str, str]) -> str:
    if not closed:
        raise AddressError(f"'${{{name}' is not closed: write ${{NAME}}")
    if not _NAME.fullmatch(name):
        raise AddressError(f"'${{{name}}}' is not a variable: a name has letters, digits and '_'")
    if not environ.get(name, "").strip():
        raise AddressError(f"the environment variable {name} is {'empty' if name in environ else 'not set'}")
    return environ[name]


def _check_web(url: str, text: str) -> None:
    said = shown(text)
    if _ODD.search(url):
        raise AddressError(f"'{said}' has a space or a control character in it{_hint(slip(text) or _below(text))}")
    if not _is_web(url):
        raise AddressError(f"'{said}' {_advice(said)}{_hint(slip(text))}")
    if resource(url) is None:
        raise AddressError(f"'{said}' is not an address that can be asked (host or port?)")


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _below(text: str) -> str:
    """A value that goes on in the next line, for YAML, though that is meant as the next item."""
    return "is the '- ' in the line below indented deeper?" if " - " in text else ""


def _hint(said: str) -> str:
    return f" ({said})" if said else ""


def _advice(text: str) -> str:
    if is_in_odd_quotes(text):
        return "stands in quotes that YAML takes for letters: write ' or none"
    scheme = _SCHEME.match(text)
    if text.startswith("feed:"):
        return "begins with feed: — write https:// instead"
    if text.startswith("~"):
        return FROM_HOME
    if scheme and "." not in scheme[1]:
        return f"begins with {scheme[1]}: — only http, https and local files are read"
    if re.search(r"\.(xml|rss|atom|json|rdf)$", text) and not re.match(r"(www\.|[^/]+\.[a-z]{2,}/)", text):
        return f"is no address: write ./{text} for a local file"
    return f"has no scheme: write https://{text} (or ./{text} for a local file)"


def _slug(url: str) -> str:
    if is_local(url):
        return _joined(_words(url.rsplit("/", 1)[-1].rsplit(".", 1)[0])) or "file"
    rest = re.sub(r"^[a-z]+://(www\.)?", "", url.lower())
    host, _, path = re.sub(r"#.*", "", rest).partition("/")
    words = [word for word in _words(unquote(path)) if not _GENERIC.fullmatch(word)]
    return _joined([*_words(re.sub(r":\d+$", "", host)), *words]) or "feed"


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return [word for word in re.split(r"[^a-z0-9]+", plain) if word]


def _joined(words: list[str]) -> str:
    return "-".join(words)[:_MAX_ID].strip("-")


def _free(slug: str, url: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    digest = blake2b(url.encode("utf-8", "replace"), digest_size=3).hexdigest()
    stem = f"{slug[: _MAX_ID - 10]}-{digest}"
    tries = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(name for name in tries if name not in taken)
