"""Send a form to a hub through the door to the network: guarded like a fetch, redirects followed by hand, the form sent along."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from aggregator.collect.deadline import Deadline, Late
from aggregator.collect.dial import NoConnection, NoSuchName, Refused
from aggregator.collect.door import Answer, Door, Errand, NoAnswer
from aggregator.collect.freshness import retry_after
from aggregator.collect.place import NotAnAddress, Place
from aggregator.model import Posted

_MAX_REDIRECTS: Final = 5
# W3C WebSub 5.1 asks for 307 and 308; hubs that moved answer 301 or 302, and mean the same.
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
# What a hub says beside its status is read by nobody.
_MAX_BYTES: Final = 4096


class _NotFollowed(Exception):
    """A redirect that must not be followed. The argument says why."""


def post(door: Door, address: str, form: Mapping[str, str], *, user_agent: str, allow_private: bool, timeout_s: float) -> Posted:
    """Send a form to an address, within the limits of a fetch; what goes wrong is said in `Posted.words`, nothing is raised.

    `allow_private` is good for the very server that is named, never for where it redirects to.
    """
    fields = {"User-Agent": user_agent, "Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*"}
    body = urlencode(form).encode("ascii")
    with Deadline(timeout_s) as deadline:
        try:
            start = place = Place.of(address)
            for _ in range(_MAX_REDIRECTS + 1):
                is_named = place.origin == start.origin
                login = {"Authorization": start.login} if start.login and is_named else {}
                answer = door.run(_errand(place, fields | login, body, allow_private and is_named, deadline))
                if answer.status not in _REDIRECTS or not answer.fields.get("Location"):
                    return _told(answer)
                place = _followed(place, answer.fields["Location"])
            raise _NotFollowed(f"redirects more than {_MAX_REDIRECTS} times")
        except Refused as error:
            return _failed(f"is at {error}, which is not a public address")
        except NoSuchName:
            return _failed(f"the name {place.host} cannot be found")
        except NotAnAddress as error:
            return _failed(f"cannot be asked: {error}")
        except Late:
            return _failed(f"not done within {timeout_s:g} seconds")
        except (NoConnection, NoAnswer, _NotFollowed) as error:
            return _failed(str(error))


def _errand(place: Place, fields: Mapping[str, str], body: bytes, allow_private: bool, deadline: Deadline) -> Errand:
    return Errand(
        scheme=place.scheme,
        host=place.ascii_host,
        port=place.port,
        target=place.target,
        fields=fields,
        allow_private=allow_private,
        deadline=deadline,
        max_bytes=_MAX_BYTES,
        body=body,
    )


def _followed(here: Place, location: str) -> Place:
    """Where a redirect leads. Raises `NotAnAddress`, `_NotFollowed`."""
    place = here.leads_to(location)
    if here.scheme == "https" and place.scheme == "http":
        raise _NotFollowed("redirects from https to http")
    return place


def _told(answer: Answer) -> Posted:
    try:
        words = f"answered {answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        words = f"answered {answer.status}"
    return Posted(status=answer.status, words=words, retry_after=retry_after(answer.fields))


def _failed(words: str) -> Posted:
    return Posted(status=None, words=words)
