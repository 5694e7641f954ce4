"""The pages that tell how the daemon is: the status page with its buttons, `/metrics`, `/healthz` and `/readyz`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import parse_qs, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from aggregator.errors import AggregatorError
from aggregator.model import JsonValue
from aggregator.model.status import Overview
from aggregator.run.access import Access
from aggregator.run.health import readiness

Action = Literal["confirm", "release"]
Act = Callable[[Action, str], str]
"""End what keeps a feed's entries back; tell what that did."""

_MAX_FORM_BYTES: Final = 4096
_ACTIONS: Final[tuple[Action, ...]] = ("confirm", "release")
_PLAIN: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
_DONE: Final[Mapping[str, str]] = {
    "confirm": "{feed} is taken for what it is now. It is asked again at once, and what came meanwhile is published, a few at first.",
    "release": "What was held back of {feed} is published in a moment.",
    "take": "What {feed} names is taken up within seconds; each new feed shows a few entries at first.",
    "nothing": "Nothing of {feed} was held any more.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What these pages ask of the daemon: how everything stands, its metrics, why it is not ready, and to end a hold."""

    overview: Callable[[], Overview]
    metrics: Callable[[], bytes]
    unready: Callable[[], Sequence[str]]
    act: Act


def routes(board: Board, access: Access) -> list[Route]:
    """The routes of the pages, in front of those of the outputs."""

    def status(request: Request) -> Response:
        if not access.may_see(request):
            return refused(access)
        # Here, because whoever only serves outputs needs no templates.
        from aggregator.publish.statuspage import Shown, policy, status_page

        shown = Shown(secret=access.secret, notice=_notice(request), all_feeds=request.query_params.get("feeds") == "all")
        body = status_page(board.overview(), shown)
        return Response(body, headers={**_PLAIN, "Content-Security-Policy": policy()}, media_type="text/html")

    def metrics(request: Request) -> Response:
        if not access.may_see(request):
            return refused(access)
        return Response(board.metrics(), headers={**_PLAIN, "Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def readyz(request: Request) -> Response:
        told = readiness(board.unready())
        return answer(told if access.may_see(request) else {"ready": told["ready"]}, is_good=told["ready"] is True)

    pages = [Route("/status", _plainly(status)), Route("/metrics", _plainly(metrics)), Route("/readyz", readyz)]
    return [*pages, *(Route(f"/status/{action}", _pressed(action, board, access), methods=["POST"]) for action in _ACTIONS)]


def answer(told: Mapping[str, JsonValue], *, is_good: bool) -> Response:
    """What a probe is answered: 200 where all is good, else 503."""
    body = json.dumps(dict(told), indent=1, ensure_ascii=False, default=str) + "\n"
    return Response(body, HTTPStatus.OK if is_good else HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, media_type="application/json")


def refused(access: Access) -> Response:
    """What who may not see is answered: a browser asks for the token then."""
    if access.token is None:
        words = "this is shown to this machine only; with `token:` under `http:` in feeds.yaml it can be asked for from elsewhere\n"
        return PlainTextResponse(words, HTTPStatus.FORBIDDEN, _PLAIN)
    words = "send the token of feeds.yaml as Authorization: Bearer TOKEN, or as the password in a browser\n"
    return PlainTextResponse(words, HTTPStatus.UNAUTHORIZED, {**_PLAIN, "WWW-Authenticate": 'Basic realm="aggregator", charset="UTF-8"'})


def _plainly(page: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """The page; where the store cannot be read or written, what is wrong with it."""

    def plain(request: Request) -> Response:
        try:
            return page(request)
        except AggregatorError as error:
            return _out_of_order(error)

    return plain


def _out_of_order(error: AggregatorError) -> Response:
    return PlainTextResponse(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN)


def _pressed(action: Action, board: Board, access: Access) -> Callable[[Request], object]:
    async def pressed(request: Request) -> Response:
        form = await _form(request)
        if not access.may_see(request):
            return refused(access)
        if not access.may_act(request, form.get("secret", "")):
            return PlainTextResponse("this form is not from the page as it is now; load the page anew\n", HTTPStatus.FORBIDDEN, _PLAIN)
        try:
            done = await run_in_threadpool(board.act, action, form.get("feed", ""))
        except AggregatorError as error:
            return _out_of_order(error)
        # Relative, so that it works behind any path. 303: loading the page anew repeats nothing.
        return RedirectResponse("../status?" + urlencode({"done": done, "feed": form.get("feed", "")}), HTTPStatus.SEE_OTHER, _PLAIN)

    return pressed


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; none of one that is larger than ours are."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_FORM_BYTES:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _notice(request: Request) -> str:
    words = _DONE.get(request.query_params.get("done", ""), "")
    return words.format(feed=request.query_params.get("feed", "")[:200]) if words else ""
