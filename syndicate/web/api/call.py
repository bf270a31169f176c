"""One request to the API by a program that may make it: what every address of the API is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel

from syndicate.app import App
from syndicate.errors import StaleError
from syndicate.store import Store
from syndicate.store.audit import By
from syndicate.web.cached import etag_of, is_known
from syndicate.web.guard import ip_of

Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""A number in an address."""

HEADERS = {"Cache-Control": "private, no-cache"}
"""What was read may be kept, and must be asked about each time."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, of which service, and when."""

    app: App
    request: Request
    token: str
    now: datetime

    @property
    def store(self) -> Store:
        """The database."""
        return self.app.store

    @property
    def by(self) -> By:
        """Who acts, for the audit log."""
        return By(f"token {self.token}", ip_of(self.request) or "")

    def expects(self, found: BaseModel) -> None:
        """Goes on only where the request was made with this in view, if it says with what (RFC 9110 §13.1.1).

        :raises StaleError: when it shows another entity tag.
        """
        tags = _header(self.request, "if-match")
        if tags and not is_known(etag_of(found.model_dump_json().encode()), None, tags=tags):
            raise StaleError("it was changed since you read it; read it again, then decide")

    def shown(self, found: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """What was found, or 304 when the request shows that it is known."""
        body = found.model_dump_json().encode()
        tag = {"ETag": etag_of(body)}
        if status == 200 and is_known(tag["ETag"], None, tags=_header(self.request, "if-none-match")):
            return Response(status_code=304, headers=HEADERS | tag)
        return Response(body, status, {**HEADERS, **tag, **(headers or {})}, media_type="application/json")


def call_of(request: Request) -> Call:
    """What the entrance let in."""
    call: Call = request.state.call
    return call


Called = Annotated[Call, Depends(call_of)]


def done(found: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """What was done; no cache keeps it."""
    given = {"Cache-Control": "no-store", **(headers or {})}
    return Response(found.model_dump_json(), status, given, media_type="application/json")


def _header(request: Request, name: str) -> str:
    return ",".join(request.headers.getlist(name))
