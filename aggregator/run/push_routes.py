"""Where hubs ask and deliver, on the web server: `callbacks` over HTTP."""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.run.callbacks import MAX_BYTES, Callbacks, Reply
from aggregator.subscribing import FOLDER

# So many pushes are held in memory at once, each up to `MAX_BYTES`; the others wait with their bodies unread.
_AT_ONCE: Final = 8
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def push_routes(callbacks: Callbacks) -> list[Route]:
    """Where hubs ask and deliver. A body is read only as far as it may be long, and a few at a time."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    def verify(request: Request) -> Response:
        if request.method != "GET":
            return _plain(Reply(HTTPStatus.NOT_FOUND))
        return _plain(callbacks.verify(request.path_params["path"], request.query_params))

    async def deliver(request: Request) -> Response:
        path = request.path_params["path"]
        # Who cannot name a path takes nobody's turn.
        if not await run_in_threadpool(callbacks.knows, path):
            return _plain(Reply(HTTPStatus.NOT_FOUND))
        async with at_once:
            body = await _body(request)
            if body is None:
                return _plain(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
            return _plain(await run_in_threadpool(callbacks.deliver, path, request.headers, body))

    path = f"/{FOLDER}/{{path:str}}"
    return [Route(path, verify, methods=["GET"]), Route(path, deliver, methods=["POST"])]


async def _body(request: Request) -> bytes | None:
    """The whole body; None if it is longer than it may be."""
    pieces, size = [], 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            return None
    return b"".join(pieces)


def _plain(reply: Reply) -> Response:
    """Plain text that no browser takes for anything else: what is echoed was chosen by whoever asked."""
    return PlainTextResponse(reply.text, reply.status, _HEADERS)
