"""Who may see how the daemon is, and who may act: the token, this machine's own names, and what a browser says of where a form was."""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from aggregator.web.host import is_loopback

# What a proxy adds that passes on what somebody else asked.
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`token` is what a request must carry, as `Authorization: Bearer TOKEN` or as the password of a browser's own question (Basic).

    Without one only a request from this machine to itself may see anything: `is_local` says that the server listens on loopback alone.
    `secret` is made anew at each start, and stands in every form.
    """

    token: str | None
    is_local: bool
    secret: str = field(default="", repr=False)

    def may_see(self, request: Request) -> bool:
        """Whether a request may be told more than everybody."""
        if self.token is not None:
            return hmac.compare_digest(_given(request.headers).encode(), self.token.encode())
        # A proxy on this machine passes on what the world asks.
        return self.is_local and is_loopback(request.url.hostname or "") and not any(name in request.headers for name in _PASSED_ON)

    def may_act(self, request: Request, secret: str) -> bool:
        """Whether a form was sent by somebody who may see the page, from that page: another site's page knows neither."""
        return self.may_see(request) and _is_from_here(request.headers) and hmac.compare_digest(secret.encode(), self.secret.encode())


def _given(fields: Mapping[str, str]) -> str:
    """The token that a request carries; empty if there is none."""
    scheme, _, value = fields.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _is_from_here(fields: Mapping[str, str]) -> bool:
    """Whether a browser says that the form stood on a page of this very server (Fetch standard, "Origin"; W3C "Fetch Metadata")."""
    if fields.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = urlsplit(fields.get("origin", ""))
    return origin.scheme in {"http", "https"} and origin.netloc.lower() == fields.get("host", "").lower()
