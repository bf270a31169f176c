"""What a form, a script or a mail program sent → named texts, whichever way they were encoded. For every POST."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from syndicate.web.guard import small_body

MOST = 200
"""Fields in one form; with fewer topics and newsletters than that there is room for everything."""


class Fields:
    """The texts that were sent under each name, in order."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self.values = values

    def one(self, name: str) -> str:
        """The first text of that name that says something, else an empty one."""
        return next((text for text in self.values.get(name, ()) if text.strip()), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every text of that name that says something."""
        return tuple(text for text in self.values.get(name, ()) if text.strip())

    def __contains__(self, name: str) -> bool:
        return name in self.values


async def read_fields(request: Request) -> Fields:
    """Reads the body.

    :raises HTTPException: 413 for a large body, 400 for one that is not what it says, 415 for another kind.
    """
    body = await small_body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return from_json(body)
    if kind == "multipart/form-data":
        return await from_multipart(request.headers, body)
    if kind in ("", "application/x-www-form-urlencoded") or not body:
        return from_urlencoded(body)
    raise HTTPException(415)


SentFields = Annotated[Fields, Depends(read_fields)]


def from_urlencoded(body: bytes, most: int = MOST) -> Fields:
    """A form as browsers send it. :raises HTTPException: 400 when it has more than ``most`` fields."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        raise HTTPException(400) from None
    return _gathered(pairs)


async def from_multipart(headers: Headers, body: bytes) -> Fields:
    """The other encoding of forms (RFC 7578), without files. :raises HTTPException: 400 when it is broken."""

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(headers, whole(), max_files=0, max_fields=MOST).parse()
    except (MultiPartException, ValueError, LookupError):
        raise HTTPException(400) from None
    return _gathered([(name, text) for name, text in form.multi_items() if isinstance(text, str)])


def from_json(body: bytes) -> Fields:
    """An object whose values are texts, or lists of them. :raises HTTPException: 400 when it is not."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not isinstance(found, dict) or len(found) > MOST:
        raise HTTPException(400)
    values = {
        name: [] if value is None else value if isinstance(value, list) else [value] for name, value in found.items()
    }
    if not all(isinstance(text, str) for texts in values.values() for text in texts):
        raise HTTPException(400)
    return Fields(values)


def _gathered(pairs: Sequence[tuple[str, str]]) -> Fields:
    values: dict[str, list[str]] = {}
    for name, text in pairs:
        values.setdefault(name, []).append(text)
    return Fields(values)
