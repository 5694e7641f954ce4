"""Bytes to text: finds the encoding of a document, whatever its declaration and its server say."""

import codecs
import re
from dataclasses import dataclass

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:+-]{1,40})["']""")
_SERVED = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:+-]{1,40})""", re.IGNORECASE)
_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_BOMS = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
# The first characters of a document without a byte order mark (XML 1.0, appendix F).
_MARKS = ((b"\0\0\0<", "utf-32-be"), (b"<\0\0\0", "utf-32-le"), (b"\0<\0", "utf-16-be"), (b"<\0", "utf-16-le"), (b"Lo\xa7\x94", "cp037"))
# Senders name the smaller set and send the larger one.
_LARGER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "",
}
# Names that browsers know (WHATWG Encoding, section 4.2) and senders write, but Python does not.
_OTHER_NAMES = {
    "dos-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "x-sjis": "cp932",
    "x-x-big5": "big5hkscs",
} | {f"{prefix}{number}": f"cp{number}" for prefix in ("x-cp", "cp-", "win-", "windows") for number in range(1250, 1259)}
# Names that Python knows, but that are no encodings of documents, or can be made slow (punycode) or evaluate escapes.
_REFUSED = frozenset(
    {
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "unicode-escape",
        "raw-unicode-escape",
        "undefined",
        "utf-7",
        "mbcs",
        "oem",
    }
)
_BEYOND_ASCII = bytes(range(0x80, 0x100))
# With fewer characters than this, bytes in another encoding may look like UTF-8 by chance.
_SURE = 4


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a document, without its byte order mark, and what was odd about its bytes."""

    text: str
    oddities: tuple[str, ...] = ()


def decoded(body: bytes, content_type: str | None) -> Decoded:
    """Decode a document. Never raises: bytes that fit nowhere are read as windows-1252, as browsers do.

    A byte order mark decides; then what reads as UTF-8 is UTF-8, whatever is declared or served; then the declaration of the
    document, then the charset of its server.

    >>> decoded("<a>café</a>".encode(), "text/xml; charset=iso-8859-1").text
    '<a>café</a>'
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(encoding, "replace" if encoding != "utf-8" else _FALLBACK))
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return Decoded(body.decode(encoding, "replace"))
    return _by_declaration(body, content_type)


def _by_declaration(body: bytes, content_type: str | None) -> Decoded:
    match = _DECLARED.match(body[:1024])
    declared, oddities = _known(match[1].decode("ascii") if match else "")
    served, _ = _known(served_charset(content_type))
    text = _utf8(body, declared)
    if text is not None:
        if declared not in ("", "utf-8", "ascii") and not body.isascii():
            oddities = (*oddities, f"it declares the encoding {declared}, but is UTF-8")
        return Decoded(text, oddities)
    for encoding in (declared, served):
        for name in (encoding, _LARGER.get(encoding, "")):
            if name and name not in ("utf-8", "ascii") and (text := _strictly(body, name)) is not None:
                return Decoded(text, oddities)
    if not _is_rather_utf8(body):
        return Decoded(body.decode("cp1252", "replace"), (*oddities, "it is not UTF-8 as it should be; read as windows-1252"))
    return Decoded(body.decode("utf-8", _FALLBACK), (*oddities, "some bytes are not UTF-8; those were read as windows-1252"))


def served_charset(content_type: str | None) -> str:
    """Take the charset out of a Content-Type header; empty where there is none.

    >>> served_charset('text/xml; charset="utf-8"')
    'utf-8'
    """
    match = _SERVED.search((content_type or "")[:500])
    return match[1] if match else ""


def is_charset(name: str) -> bool:
    """Does it name an encoding of documents?

    >>> is_charset("utf-8"), is_charset("gzip")
    (True, False)
    """
    return _known(name)[0] != ""


def _known(name: str) -> tuple[str, tuple[str, ...]]:
    if not name:
        return "", ()
    try:
        found = codecs.lookup(_OTHER_NAMES.get(name.lower(), name))
    except (LookupError, ValueError):
        found = None
    if found is None or found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return "", (f"it declares the encoding {name}, which nobody knows; read as UTF-8",)
    return found.name, ()


def _utf8(body: bytes, declared: str) -> str | None:
    if b"\x1b" in body and declared.startswith(("iso2022", "hz")):
        return None  # these encodings write everything in ASCII bytes
    text = _strictly(body, "utf-8")
    if text is None or declared in ("", "utf-8", "ascii") or body.isascii():
        return text
    return text if _has_utf8(body) or _strictly(body, declared) is None else None


def _has_utf8(body: bytes) -> bool:
    return sum(1 for _, _ in zip(_SEQUENCE.finditer(body), range(_SURE), strict=False)) == _SURE


def _strictly(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_FALLBACK = "aggregator.windows-1252"
codecs.register_error(_FALLBACK, _windows_1252)


def _is_rather_utf8(body: bytes) -> bool:
    """Of bytes that are not UTF-8 throughout: is most of what is not ASCII?"""
    valid = sum(len(found[0]) for found in _SEQUENCE.finditer(body))
    return _has_utf8(body) or 2 * valid > len(body) - len(body.translate(None, _BEYOND_ASCII))
