"""The web application, put together. ``serve`` runs it with uvicorn."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from syndicate.app import App
from syndicate.errors import NotFoundError, StoreError, TokenError
from syndicate.render.languages import translatable
from syndicate.web.accept import ANYWHERE, is_for_programs
from syndicate.web.api.api import PATH, create_api
from syndicate.web.api.problem import problem, said_of
from syndicate.web.archive import Archive
from syndicate.web.articles import ArticlePages
from syndicate.web.confirming import Confirming
from syndicate.web.console.console import open_door
from syndicate.web.counted import Counted
from syndicate.web.engagement import Engagement
from syndicate.web.feeds import PublishedFeeds
from syndicate.web.guard import Guard, security_of
from syndicate.web.hub import Hub
from syndicate.web.joining import Joining
from syndicate.web.listing import Listing
from syndicate.web.pages import Pages
from syndicate.web.pictures import Pictures
from syndicate.web.preferences import Preferences
from syndicate.web.private import PrivateFeeds
from syndicate.web.public import PublicPages
from syndicate.web.pushed import Pushed
from syndicate.web.search import Search
from syndicate.web.sitemap import Sitemap
from syndicate.web.traced import Traced
from syndicate.web.unsubscribing import Unsubscribing
from syndicate.web.watching import Watching
from syndicate.web.webhooks import ProviderWebhooks

_SAID = {
    400: (
        translatable("That could not be read"),
        translatable("What was sent is not what this page expects. Please go back and try again."),
    ),
    404: (
        translatable("There is no such page"),
        translatable("The address may be incomplete, or what it led to may be gone."),
    ),
    405: (
        translatable("This can't be done here"),
        translatable("The page is there, but not for what was asked of it."),
    ),
    413: (
        translatable("That was too much"),
        translatable("What was sent is larger than anything this page needs."),
    ),
    415: (
        translatable("That could not be read"),
        translatable("What was sent is not what this page expects. Please go back and try again."),
    ),
    500: (
        translatable("Something went wrong"),
        translatable("It is our fault, and it was noted. Please try again in a while."),
    ),
    503: (
        translatable("Back in a moment"),
        translatable("This site can't reach its data right now. Please try again in a while."),
    ),
}
_BAD_LINK = (
    translatable("This link does not work"),
    translatable(
        "It is incomplete, or was not made here. Mail programs sometimes break long links: go back to the mail, copy "
        "the whole link, and paste it into your browser's address line."
    ),
    translatable("If that does not help, answer the mail and say what you wanted; a person will do it for you."),
)


def create_web(app: App) -> ASGIApp:
    """All that the service answers. Raises TemplateError when the stylesheet, or a catalogue, can't be used."""
    return PublishedFeeds(Traced(create_pages(app)), app)


def create_pages(app: App) -> FastAPI:
    """Every page of the service, all but what is published as files."""
    pages = Pages(app)
    web = FastAPI(title="Syndicate", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    web.add_middleware(Counted)
    web.add_middleware(Guard, security=security_of(app.settings.site.url))
    web.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(app.settings.web.proxies))
    web.include_router(open_door(app, pages.base).router)
    for_everyone = (PublicPages, ArticlePages, Listing, Archive, Search, Pictures, Sitemap)
    for_readers = (Engagement, PrivateFeeds, Confirming, Unsubscribing, Preferences, Joining)
    for kind in (*for_everyone, Hub, Pushed, ProviderWebhooks, Watching, *for_readers):
        web.include_router(kind(app, pages).routes())
    web.mount(PATH, create_api(app))
    _explain_errors(web, pages)
    return web


def _explain_errors(web: FastAPI, pages: Pages) -> None:
    """What went wrong, as a page that gives nothing away, or as JSON; the server's log has the rest."""

    def say(request: Request, status: int) -> Response:
        if request.scope["path"].startswith(f"{PATH}/"):  # an address that can't even be one of the API's
            return problem(status, said_of(status))
        said = _SAID.get(status, (HTTPStatus(status).phrase,))
        if is_for_programs(request):
            headers = {**ANYWHERE, "Cache-Control": "no-store"}
            return JSONResponse({"status": said[0]}, status_code=status, headers=headers)
        return pages.message(request, status, *said)

    @web.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        response = say(request, error.status_code)
        response.headers.update(error.headers or {})
        return response

    @web.exception_handler(RequestValidationError)
    @web.exception_handler(NotFoundError)
    def not_found(request: Request, __: Exception) -> Response:
        return say(request, 404)

    @web.exception_handler(TokenError)
    def bad_link(request: Request, __: TokenError) -> Response:
        return pages.message(request, 404, *_BAD_LINK)

    @web.exception_handler(StoreError)
    def no_store(request: Request, __: StoreError) -> Response:
        response = say(request, 503)
        response.headers["Retry-After"] = "60"
        return response

    @web.exception_handler(Exception)
    def broken(request: Request, __: Exception) -> Response:
        return say(request, 500)
