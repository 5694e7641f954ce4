"""Servers that no client should have to do with, each under a loopback address of its own, served by a process of their own.

    with MisbehavingSite({"mute": silent, **bombs()}) as site:
        site.url("mute")

The hosts are 127.11.0.1 and up. A behaviour is what a server does with a connection once a request has come in; whoever is asked for
`deaf` never takes the connection at all, which the system has already opened.
"""

import asyncio
import contextlib
import gzip
import multiprocessing
import socket
import zlib
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from multiprocessing.connection import Connection
from secrets import token_hex
from types import TracebackType
from typing import Final, Self

import brotli

from bench.loopback import bind

FEED: Final = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>Harmless</title><link>https://harmless.example/</link><description>d</description>'
    b"<item><title>One</title><link>https://harmless.example/1</link><guid>https://harmless.example/1</guid></item></channel></rss>"
)
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]

_FIRST_HOST: Final = (127 << 24) + (11 << 16) + 1
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
_SECOND: Final = 1.0
# What a bomb of so many zero bytes is packed from; a gigabyte packs to a megabyte.
_MEGABYTE: Final = bytes(1 << 20)
_BOMB_MEGABYTES: Final = 1024


# ── what they do ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read whatever comes and never answer."""
    while await reader.read(65_536):
        pass


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A mark: connections to it are never taken."""


async def slow_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _trickled(writer, _OK + b"X-Padding: " + b"x" * 10_000)


async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _flooded(writer, b"X-More: and more\r\n" * 500)


async def endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One header line without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    await _flooded(writer, b"x" * 8192)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte of the body a second: no single wait is long."""
    writer.write(_OK + b"Content-Length: %d\r\n\r\n" % len(FEED))
    await _trickled(writer, FEED)


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Half of the body, and then nothing."""
    writer.write(_OK + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED[: len(FEED) // 2])
    await silent(reader, writer)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_OK + b"\r\n" + FEED[:100])
    await _flooded(writer, b"<!-- on and on -->" * 500)


async def endless_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_OK + b"Transfer-Encoding: chunked\r\n\r\n")
    await _flooded(writer, b"1\r\nx\r\n" * 500)


async def endless_redirects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Each answer leads to another address, with a body that nobody needs."""
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /%s\r\n\r\n" % token_hex(4).encode())
    await _flooded(writer, b"x" * 8192)


async def promises_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A Content-Length beyond the body, which ends with the connection."""
    writer.write(_OK + b"Content-Length: %d\r\n\r\n" % (len(FEED) * 2) + FEED)


async def promises_less(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A Content-Length short of the body."""
    writer.write(_OK + b"Content-Length: %d\r\n\r\n" % (len(FEED) // 2) + FEED)


def answers(body: bytes, coding: str) -> Behaviour:
    """A whole answer in these codings."""
    return partial(_answered, body, coding)


async def _answered(body: bytes, coding: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding.encode(), len(body)) + body)
    await writer.drain()


async def _trickled(writer: asyncio.StreamWriter, text: bytes) -> None:
    for at in range(len(text)):
        writer.write(text[at : at + 1])
        await writer.drain()
        await asyncio.sleep(_SECOND)


async def _flooded(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await writer.drain()


# ── bombs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def bombs() -> dict[str, Behaviour]:
    """A gigabyte of nothing each, in every coding, and in layers."""
    bare, checksum, adler = _deflated()
    plain = b"\x1f\x8b\x08" + bytes(6) + b"\xff" + bare + checksum.to_bytes(4, "little") + (_BOMB_MEGABYTES << 20).to_bytes(4, "little")
    layers = [plain]
    while len(layers) < 20:
        layers.append(gzip.compress(layers[-1]))
    return {
        "gzip bomb": answers(plain, "gzip"),
        "gzip bomb, not announced": answers(plain, "identity"),
        "deflate bomb": answers(b"\x78\xda" + bare + adler.to_bytes(4, "big"), "deflate"),
        "bare deflate bomb": answers(bare, "deflate"),
        "brotli bomb": answers(_brotli(), "br"),
        "zstd bomb": answers(_zstd(), "zstd"),
        "gzip bomb in gzip": answers(layers[1], "gzip, gzip"),
        "gzip bomb in gzip in gzip": answers(layers[2], "gzip, gzip, gzip"),
        "gzip bomb in 20 layers": answers(layers[19], ", ".join(["gzip"] * 20)),
    }


def _deflated() -> tuple[bytes, int, int]:
    """In bare deflate, with the sums that gzip and zlib put behind it."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces, checksum, adler = [], 0, 1
    for _ in range(_BOMB_MEGABYTES):
        pieces.append(packer.compress(_MEGABYTE))
        checksum, adler = zlib.crc32(_MEGABYTE, checksum), zlib.adler32(_MEGABYTE, adler)
    return b"".join([*pieces, packer.flush()]), checksum, adler


def _brotli() -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join([*(packer.process(_MEGABYTE) for _ in range(_BOMB_MEGABYTES)), packer.finish()])


def _zstd() -> bytes:
    """By hand (RFC 8878): a frame of blocks that say "128 KiB of this byte"."""
    block = (1 << 17) << 3 | 1 << 1
    blocks = [block.to_bytes(3, "little") + b"\0"] * (_BOMB_MEGABYTES * 8 - 1)
    return b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(blocks) + (block | 1).to_bytes(3, "little") + b"\0"


HANGING: Final[dict[str, Behaviour]] = {
    "silent": silent,
    "deaf": deaf,
    "slow headers": slow_headers,
    "drip": drip,
    "stall": stall,
    "endless redirects": endless_redirects,
}
"""Those that hold a client for as long as it lets them."""

ODD: Final[dict[str, Behaviour]] = {
    "endless headers": endless_headers,
    "endless header": endless_header,
    "endless": endless,
    "endless chunks": endless_chunks,
    "promises more": promises_more,
    "promises less": promises_less,
}


# ── serving ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class MisbehavingSite:
    """Serves hosts that behave so between `__enter__` and `__exit__`."""

    def __init__(self, hosts: Mapping[str, Behaviour]) -> None:
        self._hosts = {
            socket.inet_ntoa((_FIRST_HOST + number).to_bytes(4, "big")): behaviour for number, behaviour in enumerate(hosts.values())
        }
        self._addresses = dict(zip(hosts, self._hosts, strict=True))
        self._port = 0

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._hosts), daemon=True)
        self._process.start()
        theirs.close()
        self._port = int(self._pipe.recv())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join(5)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def url(self, host: str) -> str:
        return f"http://{self._addresses[host]}:{self._port}/feed.xml"


def _serve(pipe: Connection, hosts: Mapping[str, Behaviour]) -> None:
    asyncio.run(_served(pipe, hosts))


async def _served(pipe: Connection, hosts: Mapping[str, Behaviour]) -> None:
    listeners = bind([*hosts])
    servers = [
        await asyncio.start_server(partial(_met, behaviour), sock=listener)
        for listener, behaviour in zip(listeners, hosts.values(), strict=True)
        if behaviour is not deaf
    ]
    pipe.send(listeners[0].getsockname()[1])
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _met(behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        await reader.readuntil(b"\r\n\r\n")
        await behaviour(reader, writer)
    with contextlib.suppress(OSError):
        writer.close()
        await writer.wait_closed()
