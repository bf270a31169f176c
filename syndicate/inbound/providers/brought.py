"""What one request of a provider brings, and why it is refused. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syndicate.errors import ForgedError, UnknownEventError
from syndicate.inbound.reports.report import Report

OLDEST = timedelta(days=1)
"""A signed request is taken for so long: providers try again for hours."""

_AHEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``id`` is the provider's own. Without a ``report`` it is known, and nothing for us: mail was read."""

    id: str
    report: Report | None


@dataclass(frozen=True, slots=True)
class Brought:
    """The events of a request. ``confirm`` is an address to ask once, so that the provider begins to tell."""

    events: tuple[Event, ...] = ()
    confirm: str = ""


def json_in(body: bytes) -> Any:
    """The body's JSON. :raises UnknownEventError: when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise UnknownEventError("the body is not JSON") from None


def object_in(body: bytes) -> dict[str, Any]:
    """The same, when it is an object. :raises UnknownEventError: when it is none."""
    found = json_in(body)
    if not isinstance(found, dict):
        raise UnknownEventError("the body is not a JSON object")
    return found


def check_age(signed_at: datetime, now: datetime) -> None:
    """A request that somebody kept is soon worth nothing. :raises ForgedError: when it was signed at another time."""
    if not -_AHEAD <= now - signed_at <= OLDEST:
        raise ForgedError("it was signed at another time")
