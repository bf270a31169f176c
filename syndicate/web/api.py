"""``/api/v1``: programs bring articles and take them back, with a token; Ghost does by its webhooks, with a signature.

Errors are problem details (RFC 9457).
"""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.tokens import Scope, check
from syndicate.errors import AccessError, ConflictError, ForgedError, NotFoundError, PickupError, ScopeError
from syndicate.model import Content
from syndicate.pickup.bounded.children import parse
from syndicate.pickup.bounded.wire import Task
from syndicate.pickup.bring import Became, Brought, bring, withdraw
from syndicate.pickup.ghost import prove, told_of
from syndicate.render.tokens import webhook_key
from syndicate.settings import ApiSource
from syndicate.store import repeats
from syndicate.store.repeats import Answered
from syndicate.web.guard import small_body
from syndicate.web.pages import Pages

LARGEST_BODY = 2_000_000
"""Bytes of one article; pictures stay where they are."""
_LONGEST_KEY = 200


class Api:
    """There once the settings have a source of kind ``api``."""

    def __init__(self, app: App, _pages: Pages) -> None:
        self._app = app
        self._sources = [one.name for one in app.settings.sources if isinstance(one, ApiSource)]

    def routes(self) -> APIRouter:
        """The addresses and what answers them."""
        router = APIRouter()
        if self._sources:
            router.post("/api/v1/articles")(self.post)
            router.delete("/api/v1/articles")(self.delete)
            router.post("/api/v1/ghost/{source}")(self.ghost)
        return router

    async def post(self, request: Request, source: str | None = None) -> Response:
        """Brings an article, or changes it. A repeated Idempotency-Key gets the first answer again."""
        try:
            by = await asyncio.to_thread(self._token, request)
            name = self._source(source)
            body = await small_body(request, LARGEST_BODY)
            key = request.headers.get("idempotency-key", "").strip()
            if len(key) > _LONGEST_KEY:
                raise ConflictError(f"Idempotency-Key: at most {_LONGEST_KEY} characters")
            task = Task("posted", body, f"the article for {name}", request.headers.get("content-type"))
            (content,) = (await parse(task)).contents
            return await asyncio.to_thread(self._bring, name, content, by, key, _print_of(name, task))
        except _REFUSALS as error:
            return _refusal(error)
        except HTTPException as error:
            return _problem(error.status_code, f"at most {LARGEST_BODY:,} bytes")

    async def delete(self, request: Request, guid: str = "", source: str | None = None) -> Response:
        """Withdraws the article of that ``guid``."""
        try:
            by = await asyncio.to_thread(self._token, request)
            name = self._source(source)
            found = await asyncio.to_thread(self._withdraw, name, guid, by)
        except _REFUSALS as error:
            return _refusal(error)
        if found.became is Became.UNKNOWN:
            return _problem(404, f"source {name} has no article with that guid")
        return _told(200, self._answer(found))

    async def ghost(self, request: Request, source: str) -> Response:
        """Takes Ghost's webhooks about posts, whichever of them: what is public is brought, anything else withdrawn."""
        try:
            name = self._source(source)
            body = await small_body(request, LARGEST_BODY)
            key = webhook_key(self._app.settings.site.secret.get_secret_value(), name)
            prove(body, request.headers.get("x-ghost-signature", ""), key, self._app.jobs.clock())
            told = told_of(body, "the webhook")
            by = f"ghost {name}"
            if not told.is_public:
                return _told(200, self._answer(await asyncio.to_thread(self._withdraw, name, told.guid, by)))
            read = await parse(Task("ghost", body, "the webhook"))
            if not read.contents:
                return _problem(422, "the post has neither a title nor a text")
            return await asyncio.to_thread(self._bring, name, read.contents[0], by, "", "")
        except _REFUSALS as error:
            return _refusal(error)
        except HTTPException as error:
            return _problem(error.status_code, f"at most {LARGEST_BODY:,} bytes")

    def _token(self, request: Request) -> str:
        authorization = request.headers.get("authorization")
        return f"token {check(self._app.store, authorization, Scope.ARTICLES_WRITE, self._app.jobs.clock()).name}"

    def _source(self, wanted: str | None) -> str:
        if wanted is None and len(self._sources) == 1:
            return self._sources[0]
        if wanted is None:
            raise ConflictError(f"say which source: ?source= and one of {', '.join(self._sources)}")
        if wanted not in self._sources:
            raise NotFoundError("source of kind api", wanted, self._sources)
        return wanted

    def _bring(self, source: str, content: Content, by: str, key: str, body_hash: str) -> Response:
        now = self._app.jobs.clock()
        with self._app.store.write() as connection:
            before = repeats.answered(connection, by, key) if key else None
            if before and before.body_hash != body_hash:
                raise ConflictError("this Idempotency-Key came with something else before; take another one")
            if before:
                return _told(before.status, before.answer, is_repeat=True)
            found = bring(connection, source, content, by=by, now=now)
            status = 201 if found.became is Became.NEW else 200
            answer = self._answer(found)
            if key:
                repeats.keep(connection, by, key, Answered(body_hash, status, answer), now=now)
        self._app.jobs.fresh.ring()
        return _told(status, answer)

    def _withdraw(self, source: str, guid: str, by: str) -> Brought:
        with self._app.store.write() as connection:
            found = withdraw(connection, source, guid, by=by, now=self._app.jobs.clock())
        self._app.jobs.fresh.ring()
        return found

    def _answer(self, found: Brought) -> str:
        return json.dumps({"guid": found.guid, "id": found.id, "became": found.became})


_REFUSALS = (AccessError, NotFoundError, ConflictError, ForgedError, PickupError)


def _print_of(source: str, task: Task) -> str:
    return sha256(f"{source}\0{task.content_type}\0".encode() + task.body).hexdigest()


def _refusal(error: Exception) -> Response:
    match error:
        case ScopeError():
            return _problem(403, str(error))
        case AccessError():
            return _problem(401, str(error), {"WWW-Authenticate": "Bearer"})
        case ForgedError():
            return _problem(403, str(error))
        case NotFoundError():
            return _problem(404, str(error))
        case ConflictError():
            return _problem(409, str(error))
        case _:
            return _problem(422, str(error))


def _problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    about = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(
        json.dumps(about),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def _told(status: int, answer: str, *, is_repeat: bool = False) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Idempotency-Replayed": "true"} if is_repeat else {})
    return Response(answer, status, headers, media_type="application/json")
