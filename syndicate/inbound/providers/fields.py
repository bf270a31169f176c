"""Values of what providers send, whatever they really are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from syndicate.inbound.reports.parts import Headers

_LONGEST = 2000
_MOST = 1000


def text(value: object) -> str:
    """A value that is to be text; empty when it is something else."""
    return value[:_LONGEST] if isinstance(value, str) else ""


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list; none when it is something else."""
    return [one for one in value[:_MOST] if isinstance(one, Mapping)] if isinstance(value, list) else []


def mapping(value: object) -> Mapping[str, Any]:
    """An object; an empty one when it is something else."""
    return value if isinstance(value, Mapping) else {}


def headers_in(pairs: Iterable[Mapping[str, Any]]) -> Headers:
    """Headers that are told as ``name`` and ``value``."""
    return Headers(tuple((text(one.get("name")).lower(), text(one.get("value"))) for one in pairs))


def about(message_id: str) -> Headers:
    """The headers of a mail of which its Message-ID is told, with or without its angle brackets."""
    bare = message_id.strip().strip("<>")
    return Headers((("message-id", f"<{bare}>"),)) if bare else Headers()
