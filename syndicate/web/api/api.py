"""``/api/v1``, put together: an application of its own, so that every answer in it, errors too, is for programs."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from syndicate.app import App
from syndicate.audience.limits import Turnstile
from syndicate.pickup.posted import PostedArticle
from syndicate.web.api import (
    articles,
    bringing,
    composing,
    deliveries,
    digests,
    events,
    feeds,
    health,
    imports,
    mending,
    newsletters,
    people,
    sources,
    subscribers,
    subscriptions,
    suppressions,
    told,
    webhooks,
)
from syndicate.web.api.bringing import GHOST
from syndicate.web.api.entrance import SCHEME
from syndicate.web.api.once import HEADER, LONGEST
from syndicate.web.api.problem import Problem, documented, explain

PATH = "/api/v1"

_ABOUT = """\
Read what the service knows, and do what the console does, with a token that `syndicate tokens add` makes.
`docs/api.md` tells of pages, errors, repeated requests and changes at the same time.
"""
_WITH_BODIES = (409, 413, 415)
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Whoever sends a request again with its key gets the first answer, and nothing is done twice.",
    "schema": {"type": "string", "maxLength": LONGEST},
}
_NOUNS = {
    "newsletters": "What readers can subscribe to.",
    "sources": "Where articles come from.",
    "articles": "What was picked up, or is brought by programs.",
    "digests": "One sending of a newsletter for one due slot.",
    "deliveries": "One mail owed to one reader, with every attempt.",
    "subscribers": "Who reads, and what they get.",
    "subscriptions": "What one subscriber gets of one newsletter.",
    "imports": "Files of subscribers.",
    "suppressions": "Addresses to which nothing is sent.",
    "events": "What happened: bounces, complaints, consents, who did what.",
    "webhooks": "Programs that are told what happens.",
    "feeds": "What is published.",
    "health": "How the service does.",
}
_ROOMS = (
    newsletters,
    sources,
    articles,
    bringing,
    composing,
    digests,
    mending,
    deliveries,
    people,
    subscribers,
    subscriptions,
    imports,
    suppressions,
    events,
    webhooks,
    feeds,
    health,
)


def create_api(app: App) -> FastAPI:
    """The API of a service."""
    api = assembled()
    api.state.app = app
    api.state.turnstile = Turnstile(app.settings.limits.per_token)
    api.openapi = cache(partial(document, api, app.settings.site.url))  # type: ignore[method-assign]
    return api


def assembled() -> FastAPI:
    """Every address, of no service yet."""
    api = FastAPI(
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    routers = [*(one.router for one in _ROOMS), bringing.webhooks]
    for router in routers:
        api.include_router(router)
    explain(api, [one for router in routers for one in router.routes if isinstance(one, APIRoute)])
    return api


def document(api: FastAPI, site_url: str) -> dict[str, Any]:
    """What the API is, as OpenAPI 3.1."""
    found = get_openapi(
        title="Syndicate",
        version="1",
        summary="A self-hosted newsletter and feed service.",
        description=_ABOUT,
        routes=api.routes,
        servers=[{"url": f"{site_url}{PATH}"}],
        tags=[{"name": name, "description": about} for name, about in _NOUNS.items()],
    )
    found["webhooks"] = told.described()
    parts = found["components"]
    parts["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "description": "`syndicate_…`"},
        GHOST: {"type": "apiKey", "in": "header", "name": "X-Ghost-Signature", "description": "As Ghost makes it."},
    }
    for model in (Problem, PostedArticle):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        parts["schemas"] |= schema.pop("$defs", {}) | {model.__name__: schema}
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    for operations in found["paths"].values():
        for method, operation in operations.items():
            if method != "get":
                operation["responses"] |= {str(one): how for one, how in documented(*_WITH_BODIES).items()}
            if method == "post" and SCHEME in operation["security"][0]:
                operation.setdefault("parameters", []).append(_KEY)
    return found
