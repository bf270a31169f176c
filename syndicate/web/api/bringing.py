"""Articles that programs bring and take back, with a token; Ghost does by its webhooks, with a signature."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.app import App
from syndicate.desk.tokens import Scope
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import Content
from syndicate.pickup.bounded.children import parse
from syndicate.pickup.bounded.wire import Task
from syndicate.pickup.bring import Became, Brought, bring, withdraw
from syndicate.pickup.ghost import prove, told_of
from syndicate.render.tokens import webhook_key
from syndicate.settings import ApiSource
from syndicate.web.api.call import Called, done
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Guid, Word
from syndicate.web.api.problem import documented
from syndicate.web.guard import small_body

LARGEST_BODY = 2_000_000
"""Bytes of one article; pictures stay where they are."""

GHOST = "ghost"
"""What the document calls the way in which Ghost proves that it is who tells."""

_BODIES = {
    "application/json": {"$ref": "#/components/schemas/PostedArticle"},
    "text/markdown": {"type": "string", "description": "With front matter that has an `id`."},
    "text/x-markdown": {"type": "string"},
    "text/plain": {"type": "string"},
}

router = room("articles")
webhooks = APIRouter(tags=["articles"])


class Kept(BaseModel):
    """What an article that was brought turned out to be."""

    model_config = ConfigDict(from_attributes=True)

    guid: str = Field(examples=["4711"])
    id: int | None = Field(description="Null when there is none.", examples=[7])
    became: Became


@router.post(
    "/articles",
    response_model=Kept,
    status_code=201,
    **needs(Scope.ARTICLES_WRITE, 404, body=_BODIES, largest=LARGEST_BODY, shows={200: Kept}),
)
async def post_article(call: Called, request: Request, source: Word | None = None) -> Response:
    """Bring an article, or change it: 201 when it is new, 200 when it is known."""
    name = _source(call.app, source)
    task = Task("posted", await request.body(), f"the article for {name}", request.headers.get("content-type"))
    (content,) = (await parse(task)).contents
    found = await asyncio.to_thread(_bring, call.app, name, content, call.by.name)
    return _done(found)


@router.delete("/articles", response_model=Kept, **needs(Scope.ARTICLES_WRITE, 404))
def delete_article(
    call: Called, guid: Annotated[Guid, Query(description="As it was brought.")], source: Word | None = None
) -> Response:
    """Withdraw the article of that `guid`: it leaves feeds, and digests to come."""
    name = _source(call.app, source)
    found = _withdraw(call.app, name, guid, call.by.name)
    if found.became is Became.UNKNOWN:
        raise NotFoundError(f"article of source {name} with the guid", guid)
    return _done(found)


@webhooks.post(
    "/ghost/{source}",
    response_model=Kept,
    openapi_extra={
        "security": [{GHOST: []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
    },
    responses=documented(403, 404, 422, 503),
)
async def post_ghost(request: Request, source: str) -> Response:
    """Take Ghost's webhooks about posts: what is public is brought, anything else withdrawn."""
    app: App = request.app.state.app
    name = _source(app, source)
    try:
        body = await small_body(request, LARGEST_BODY)
    except HTTPException as error:
        raise HTTPException(413, f"at most {LARGEST_BODY:,} bytes") from error
    prove(body, request.headers.get("x-ghost-signature", ""), _key(app, name), app.jobs.clock())
    told, by = told_of(body, "the webhook"), f"ghost {name}"
    if not told.is_public:
        return _done(await asyncio.to_thread(_withdraw, app, name, told.guid, by))
    read = await parse(Task("ghost", body, "the webhook"))
    if not read.contents:
        raise HTTPException(422, "the post has neither a title nor a text")
    return _done(await asyncio.to_thread(_bring, app, name, read.contents[0], by))


def _key(app: App, source: str) -> str:
    return webhook_key(app.settings.site.secret.get_secret_value(), source)


def _done(found: Brought) -> Response:
    return done(Kept.model_validate(found), 201 if found.became is Became.NEW else 200)


def _source(app: App, wanted: str | None) -> str:
    names = [one.name for one in app.settings.sources if isinstance(one, ApiSource)]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None and names:
        raise ConflictError(f"say which source: ?source= and one of {', '.join(names)}")
    if wanted not in names:
        raise NotFoundError("source of kind api", wanted or "", names)
    return wanted


def _bring(app: App, source: str, content: Content, by: str) -> Brought:
    with app.store.write() as connection:
        found = bring(connection, source, content, by=by, now=app.jobs.clock())
    app.jobs.fresh.ring()
    return found


def _withdraw(app: App, source: str, guid: str, by: str) -> Brought:
    with app.store.write() as connection:
        found = withdraw(connection, source, guid, by=by, now=app.jobs.clock())
    app.jobs.fresh.ring()
    return found
