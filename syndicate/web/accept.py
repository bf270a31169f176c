"""What a client says that it wants: languages, and whether a person or a program is asking. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from fastapi import Request

_WEIGHTED = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|[*]|[^\s;,]+/[^\s;,]+)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*"
)
_MOST = 20

ANYWHERE: Mapping[str, str] = MappingProxyType({"Access-Control-Allow-Origin": "*"})
"""Scripts of any site may read answers for programs: they are the same for everyone, and nothing knows a cookie."""


def languages_of(header: str) -> list[str]:
    """The tags of an Accept-Language header, best first (RFC 9110 §12.5.4); what can't be read is passed over."""
    return [tag for tag in _ordered(header) if tag != "*"]


def wants_json(header: str) -> bool:
    """Whether an Accept header likes JSON better than a page (RFC 9110 §12.5.1)."""
    kinds = [kind.lower() for kind in _ordered(header)]
    return "application/json" in kinds and "text/html" not in kinds[: kinds.index("application/json")]


def is_for_programs(request: Request) -> bool:
    """Whether the answer should be JSON: ``?format=json`` says so, or what the client accepts."""
    return request.query_params.get("format") == "json" or wants_json(request.headers.get("accept", ""))


def _ordered(header: str) -> list[str]:
    found = [match for part in header.split(",")[:_MOST] if (match := _WEIGHTED.fullmatch(part))]
    weighed = [(float(match[2] or 1), match[1]) for match in found]
    return [value for weight, value in sorted(weighed, key=lambda one: -one[0]) if weight > 0]
