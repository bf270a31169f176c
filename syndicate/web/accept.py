"""What a client says that it wants: languages, encodings, and whether a person or a program is asking. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fastapi import Request

_WEIGHTED = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|[*]|[^\s;,]+/[^\s;,]+)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*",
    re.ASCII,
)
_MOST = 20

ANYWHERE: Mapping[str, str] = MappingProxyType({"Access-Control-Allow-Origin": "*"})
"""Scripts of any site may read answers for programs: they are the same for everyone, and nothing knows a cookie."""


def languages_of(header: str) -> list[str]:
    """The tags of an Accept-Language header, best first (RFC 9110 §12.5.4); what can't be read is passed over."""
    return [tag for tag in _ordered(header) if tag != "*"]


def encodings_of(header: str, offered: Sequence[str]) -> list[str]:
    """Those of the ``offered`` content codings that an Accept-Encoding header takes, best first (RFC 9110 §12.5.3).

    Where it likes several alike, as ``offered`` has them. What it likes less than no coding at all is left out.
    """
    weights = {name.lower().removeprefix("x-"): weight for weight, name in _weighed(header)}
    plain = weights.get("identity", 0)
    taken = [(weights.get(name, weights.get("*", 0)), name) for name in offered]
    return [name for weight, name in sorted(taken, key=lambda one: -one[0]) if weight > 0 and weight >= plain]


def wants_json(header: str) -> bool:
    """Whether an Accept header likes JSON better than a page (RFC 9110 §12.5.1)."""
    kinds = [kind.lower() for kind in _ordered(header)]
    return "application/json" in kinds and "text/html" not in kinds[: kinds.index("application/json")]


def is_for_programs(request: Request) -> bool:
    """Whether the answer should be JSON: ``?format=json`` says so, or what the client accepts."""
    return request.query_params.get("format") == "json" or wants_json(request.headers.get("accept", ""))


def _ordered(header: str) -> list[str]:
    return [value for weight, value in sorted(_weighed(header), key=lambda one: -one[0]) if weight > 0]


def _weighed(header: str) -> list[tuple[float, str]]:
    found = [match for part in header.split(",")[:_MOST] if (match := _WEIGHTED.fullmatch(part))]
    return [(float(match[2] or 1), match[1]) for match in found]
