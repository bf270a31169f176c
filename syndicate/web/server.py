"""The web application, put together. ``serve`` runs it with uvicorn."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from syndicate.app import App
from syndicate.errors import NotFoundError, StoreError, TokenError
from syndicate.web.feeds import PublishedFeeds
from syndicate.web.guard import Guard
from syndicate.web.pages import Pages
from syndicate.web.public import PublicPages
from syndicate.web.reader import ReaderPages

_SAID = {
    404: ("There is no such page", "The address may be incomplete, or what it led to may be gone."),
    405: ("This can't be done here", "The page is there, but not for what was asked of it."),
    413: ("That was too much", "What was sent is larger than anything this page needs."),
    500: ("Something went wrong", "It is our fault, and it was noted. Please try again in a while."),
    503: ("Back in a moment", "This site can't reach its data right now. Please try again in a while."),
}
_BAD_LINK = "This link does not work"
_BAD_LINK_WHY = (
    "It is incomplete, or was not made here. Mail programs sometimes break long links: go back to the mail, copy the "
    "whole link, and paste it into your browser's address line."
)
_BAD_LINK_ELSE = "If that does not help, answer the mail and say what you wanted; a person will do it for you."


def create_web(app: App) -> FastAPI:
    """Every page of the service. Raises TemplateError when the stylesheet can't be rendered."""
    pages = Pages(app)
    web = FastAPI(title="Syndicate", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    web.add_middleware(Guard)
    for kind in (PublicPages, PublishedFeeds, ReaderPages):
        web.include_router(kind(app, pages).routes())
    _explain_errors(web, pages)
    return web


def _explain_errors(web: FastAPI, pages: Pages) -> None:
    """What went wrong, as a page that gives nothing away; the server's log has the rest."""

    def say(status: int) -> Response:
        return pages.message(status, *_SAID.get(status, (HTTPStatus(status).phrase,)))

    @web.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> Response:
        response = say(error.status_code)
        response.headers.update(error.headers or {})
        return response

    @web.exception_handler(RequestValidationError)
    @web.exception_handler(NotFoundError)
    def not_found(_: Request, __: Exception) -> Response:
        return say(404)

    @web.exception_handler(TokenError)
    def bad_link(_: Request, __: TokenError) -> Response:
        return pages.message(404, _BAD_LINK, _BAD_LINK_WHY, _BAD_LINK_ELSE)

    @web.exception_handler(StoreError)
    def no_store(_: Request, __: StoreError) -> Response:
        response = say(503)
        response.headers["Retry-After"] = "60"
        return response

    @web.exception_handler(Exception)
    def broken(_: Request, __: Exception) -> Response:
        return say(500)
