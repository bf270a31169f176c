"""Pages of lists: where the next one begins is told by a cursor that only this site can make or read.

A cursor names the last row that was given, so what is added or taken away meanwhile moves nothing. It is encrypted, for
it may hold an address, and is good for the same list, chosen in the same way, alone.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from syndicate.render.tokens import cursor_key

_NONCE = 12
_OWN = ("cursor", "limit")

Row = TypeVar("Row")
Shown = TypeVar("Shown", bound=BaseModel)


class Page(BaseModel, Generic[Shown]):
    """Some of a list."""

    data: list[Shown] = Field(description="In the order of the list.")
    next: str | None = Field(description="The `cursor` of the next page; null on the last one.", examples=[None])


class Paging:
    """Which page of a list a request asks for."""

    def __init__(self, key: bytes, about: bytes, limit: int, cursor: str | None) -> None:
        self._cipher, self._about, self.limit, self._cursor = AESGCM(key), about, limit, cursor

    @property
    def more(self) -> int:
        """How many rows to read: one more than are shown, which tells whether there is another page."""
        return self.limit + 1

    @property
    def after(self) -> list[Any] | None:
        """What ``place`` said of the last row before; None on the first page.

        :raises RequestValidationError: when the cursor is not one that was given for this list.
        """
        if not self._cursor:
            return None
        try:
            sealed = urlsafe_b64decode(self._cursor.encode("ascii"))
            found = json.loads(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._about))
        except (ValueError, InvalidTag):
            said = "not a cursor of this list; take `next` of the page before, with the same parameters"
            raise RequestValidationError([{"type": "cursor", "loc": ("query", "cursor"), "msg": said}]) from None
        return list(found)

    @property
    def after_id(self) -> int | None:
        """The same where rows are told apart by one number."""
        return int(self.after[0]) if self.after else None

    def page(
        self, found: Sequence[Row], shown: Callable[[Row], Shown], place: Callable[[Row], Sequence[Any]]
    ) -> Page[Shown]:
        """Up to ``limit`` of what was found; ``place`` is what tells a row from those behind it."""
        rows = found[: self.limit]
        cursor = self._sealed(place(rows[-1])) if len(found) > self.limit else None
        return Page(data=[shown(one) for one in rows], next=cursor)

    def _sealed(self, place: Sequence[Any]) -> str:
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher.encrypt(nonce, json.dumps(list(place)).encode(), self._about)
        return urlsafe_b64encode(nonce + sealed).decode()


def paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
    cursor: Annotated[str | None, Query(max_length=2000, description="`next` of the page before.")] = None,
) -> Paging:
    """What a request says of pages."""
    chosen = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _OWN)
    about = json.dumps([request.url.path, chosen]).encode()
    secret: str = request.app.state.app.settings.site.secret.get_secret_value()
    return Paging(cursor_key(secret), about, limit, cursor)


Paged = Annotated[Paging, Depends(paging)]
