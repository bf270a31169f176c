"""Errors of the API as problem details (RFC 9457). Nothing that was sent, and nothing of the inside, is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from syndicate.errors import (
    AccessError,
    BusyError,
    ConflictError,
    ForgedError,
    NotFoundError,
    RelayError,
    ScopeError,
    StaleError,
    StoreError,
    SyndicateError,
)

MEDIA_TYPE = "application/problem+json"

_SAID = {
    404: "there is nothing under this address; /api/v1/openapi.json lists what there is",
    405: "this can't be done here; the Allow header says what can",
    500: "it is our fault, and it was noted",
}
_NO_JSON = "this is not JSON"
_BUSY = "another program is writing to the database; nothing was changed, try again in a moment"


class Wrong(BaseModel):
    """What is wrong with one value of a request."""

    field: str = Field(description="Where it stands: a name in the body, or in the address.", examples=["limit"])
    detail: str = Field(description="What is allowed there.", examples=["Input should be less than or equal to 200"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field("about:blank", description="Always `about:blank`: the status says what kind of problem it is.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The status of the answer.", examples=[404])
    detail: str = Field("", description="What is wrong here, and what to do.", examples=["no digest 12"])
    errors: list[Wrong] | None = Field(None, description="Every value that can't be used; with status 422 only.")


def problem(
    status: int, detail: str = "", *, errors: Sequence[Wrong] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that says what went wrong."""
    told = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors) if errors else None
    )
    given = {"Cache-Control": "no-store", **(headers or {})}
    return Response(told.model_dump_json(exclude_none=True), status, given, media_type=MEDIA_TYPE)


def refusal(error: SyndicateError) -> Response:
    """What an error of the service is to a program."""
    match error:
        case ScopeError() | ForgedError():
            return problem(403, str(error))
        case AccessError():
            return problem(401, str(error), headers={"WWW-Authenticate": "Bearer"})
        case NotFoundError():
            return problem(404, str(error))
        case StaleError():
            return problem(412, str(error))
        case ConflictError():
            return problem(409, str(error))
        case StoreError():
            busy = isinstance(error, BusyError)
            said = _BUSY if busy else "the database can't be used at this moment"
            return problem(503, said, headers={"Retry-After": "5" if busy else "60"})
        case RelayError():
            return problem(502, str(error))
        case _:
            return problem(422, str(error))


def explain(api: FastAPI, routes: Sequence[APIRoute]) -> None:
    """Has every error answered so. ``routes`` are all there are: what else can be done is asked of them."""

    @api.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        status = error.status_code
        if status == 400:  # what FastAPI says of a body that can't even be decoded
            return problem(422, _NO_JSON, errors=[Wrong(field="body", detail=_NO_JSON)])
        said = _SAID.get(status) or _own(error)
        headers = dict(error.headers or {})
        if status == 405:
            headers["Allow"] = ", ".join(sorted(_allowed(request, routes)))
        return problem(status, said, headers=headers)

    @api.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        wrong = [Wrong(field=_place(one["loc"]), detail=_words(one)) for one in error.errors()[:50]]
        said = "; ".join(f"{one.field}: {one.detail}" if one.field else one.detail for one in wrong[:3])
        return problem(422, said, errors=wrong)

    @api.exception_handler(SyndicateError)
    def refused(_: Request, error: SyndicateError) -> Response:
        return refusal(error)

    @api.exception_handler(Exception)
    def broken(_: Request, __: Exception) -> Response:
        return problem(500, _SAID[500])


def said_of(status: int) -> str:
    """What a status alone says to a program."""
    return _SAID.get(status, "")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These errors, as the document of the API has them."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {one: {"description": HTTPStatus(one).phrase, "content": content} for one in sorted(statuses)}


def _allowed(request: Request, routes: Sequence[APIRoute]) -> set[str]:
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    return {method for one in routes if one.path_regex.match(path) for method in one.methods or ()}


def _own(error: HTTPException) -> str:
    return "" if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)


def _place(loc: Sequence[int | str]) -> str:
    """Where something is wrong: a position in a text that is not JSON says nothing to a program."""
    return ".".join(str(one) for one in loc[1:]) if len(loc) > 1 and not isinstance(loc[1], int) else str(loc[0])


def _words(error: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return _NO_JSON
    return str(error["msg"]).removeprefix("Value error, ")
