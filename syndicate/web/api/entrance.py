"""The API's only door: what is registered here is reached with a token that allows it, and by nothing else.

Each address names the scope that it takes, and it stands in the document, too. Scopes are checked nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.types import Message

from syndicate.desk.tokens import Scope, check
from syndicate.web.api.call import Call
from syndicate.web.api.once import HEADER, once
from syndicate.web.api.problem import documented
from syndicate.web.guard import small_body

SCHEME = "token"
"""What the document calls the way to show a token."""

LARGEST_BODY = 64 * 1024
"""Octets of what is sent, unless a route says something else."""

_ALWAYS = (401, 403, 422, 429, 503)
_JSON = "application/json"
_LARGEST = "x-max-bytes"


class Entrance(APIRoute):
    """An address of the API: lets in who may come in, with parameters and a body that it knows."""

    @property
    def scope_needed(self) -> Scope:
        """What a token must allow."""
        [needed] = self._extra["security"]
        return Scope(needed[SCHEME][0])

    @property
    def _extra(self) -> dict[str, Any]:
        return self.openapi_extra or {}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Checks first; only then is a body read."""
        handler, scope = super().get_route_handler(), self.scope_needed
        known = _names(self.dependant)
        kinds = tuple(self._extra.get("requestBody", {}).get("content", {_JSON: None}))
        largest = self._extra.get(_LARGEST, LARGEST_BODY)

        async def answer(request: Request) -> Response:
            call = await run_in_threadpool(_enter, request, scope)
            request.state.call = call
            _check_names(request, known)
            if request.method == "GET":
                return await handler(request)
            body = await _body(request, largest, kinds)
            read = Request(request.scope, _giving(body))
            key = request.headers.get(HEADER, "").strip()
            if key and request.method == "POST":
                return await once(call, key, body, lambda: handler(read))
            return await handler(read)

        return answer


def room(noun: str) -> APIRouter:
    """For the addresses of a noun."""
    return APIRouter(route_class=Entrance, tags=[noun])


def needs(
    scope: Scope,
    *also: int,
    body: Mapping[str, Any] | None = None,
    largest: int = 0,
    shows: Mapping[int, type[BaseModel]] | None = None,
) -> dict[str, Any]:
    """For a route: the scope that it takes, and which errors it may answer beside those of every route.

    ``body`` has the schema of each media type, where that is not JSON alone; ``largest`` is in octets.
    ``shows`` is what it answers with another status than its own.
    """
    extra: dict[str, Any] = {"security": [{SCHEME: [scope]}]}
    if body:
        content = {kind: {"schema": schema} for kind, schema in body.items()}
        extra["requestBody"] = {"required": True, "content": content}
    if largest:
        extra[_LARGEST] = largest
    others: dict[int | str, dict[str, Any]] = {status: {"model": model} for status, model in (shows or {}).items()}
    return {"openapi_extra": extra, "responses": documented(*_ALWAYS, *also) | others}


def _enter(request: Request, scope: Scope) -> Call:
    app = request.app.state.app
    now = app.jobs.clock()
    token = check(app.store, request.headers.get("authorization"), scope, now)
    if not request.app.state.turnstile.admit(None, token.name):
        wait = {"Retry-After": str(min(app.settings.limits.per_token.seconds, 60))}
        raise HTTPException(429, f"token {token.name} has asked too often; wait, or see limits.per_token", wait)
    return Call(app, request, token.name, now)


def _names(dependant: Dependant) -> set[str]:
    """The parameters behind the ``?`` that a route knows."""
    return {one.alias for one in dependant.query_params}.union(*map(_names, dependant.dependencies))


def _check_names(request: Request, known: set[str]) -> None:
    """A filter that is misspelt would leave nothing out."""
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        there = f"; there is: {', '.join(sorted(known))}" if known else ""
        said = f"no parameter of this name{there}"
        raise RequestValidationError([{"type": "extra", "loc": ("query", one), "msg": said} for one in unknown])


async def _body(request: Request, largest: int, kinds: Sequence[str]) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        body = await small_body(request, largest)
    except HTTPException as error:
        raise HTTPException(413, f"at most {largest:,} bytes") from error
    if body and kind not in kinds:
        raise HTTPException(415, f"Content-Type: one of {', '.join(kinds)}")
    return body


def _giving(body: bytes) -> Callable[[], Coroutine[Any, Any, Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
