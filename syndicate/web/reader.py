"""Where the links in a mail lead: leaving a newsletter, and choosing how often it comes.

The token in the address is all that a reader needs, so nothing happens on GET: mail scanners open every link.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response

from syndicate.app import App
from syndicate.audience.preferences import choose
from syndicate.audience.subscribe import unsubscribe
from syndicate.errors import NotFoundError
from syndicate.model import Subscription, SubscriptionState
from syndicate.store import subscribers
from syndicate.web.guard import small_body
from syndicate.web.pages import Pages

TEST_COPY = 0
"""The subject of tokens in mails that were sent to try a newsletter out: there is no subscription behind it."""

_TEST_COPY_TEXT = (
    "The mail you came from was sent to try this newsletter out. No subscription belongs to it, so there is nothing "
    "to change or to end."
)
_Body = Annotated[bytes, Depends(small_body)]


class ReaderPages:
    """What a signed link allows; every page here is private."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/unsubscribe/{token}")(self.ask)
        router.post("/unsubscribe/{token}")(self.leave)
        router.get("/preferences/{token}")(self.choose)
        router.post("/preferences/{token}")(self.save)
        return router

    def ask(self, token: str) -> Response:
        """One button."""
        held = self._find("unsubscribe", token)
        return self._leaving(held) if held else self._test_copy()

    def leave(self, token: str, body: _Body) -> Response:
        """Ends the subscription; once more changes nothing. One-click posts get an answer for programs."""
        held = self._find("unsubscribe", token)
        if held:
            unsubscribe(self._app.store, held.id, now=self._app.jobs.clock())
        if _is_one_click(body):
            return PlainTextResponse("Unsubscribed.\n", headers={"Cache-Control": "no-store"})
        return self.ask(token)

    def choose(self, token: str) -> Response:
        """How often it comes, and how often it could."""
        held = self._find("preferences", token)
        return self._choosing(held) if held else self._test_copy()

    def save(self, token: str, body: _Body) -> Response:
        """Keeps the choice. :raises NotFoundError: when the newsletter has no such cadence."""
        held = self._find("preferences", token)
        if held is None or held.state is SubscriptionState.UNSUBSCRIBED:
            return self.choose(token)
        wanted = parse_qs(body.decode("utf-8", "replace")).get("cadence", [held.cadence])[0]
        now = self._app.jobs.clock()
        choose(self._app.store, self._app.settings.newsletters, held.id, cadence=wanted, now=now)
        return self._choosing(replace(held, cadence=wanted), is_saved=True)

    def _find(self, purpose: Literal["unsubscribe", "preferences"], token: str) -> Subscription | None:
        """The subscription that the token is for, None for a test copy's. :raises TokenError: for another token."""
        if purpose == "preferences":
            subscription_id = self._pages.signer.verify_until(purpose, token, self._app.jobs.clock())
        else:
            subscription_id = self._pages.signer.verify(purpose, token)
        if subscription_id == TEST_COPY:
            return None
        with self._app.store.read() as connection:
            found = subscribers.subscription(connection, subscription_id)
        if found is None:
            raise NotFoundError("subscription", subscription_id)
        return found

    def _leaving(self, held: Subscription) -> Response:
        newsletter = self._app.settings.newsletter(held.newsletter)
        return self._pages.show(
            "unsubscribe.html",
            private=True,
            title=newsletter.title if newsletter else held.newsletter,
            email=held.subscriber.email,
            has_left=held.state is SubscriptionState.UNSUBSCRIBED,
        )

    def _choosing(self, held: Subscription, *, is_saved: bool = False) -> Response:
        newsletter = self._app.settings.newsletter(held.newsletter)
        if held.state is SubscriptionState.UNSUBSCRIBED or newsletter is None:
            return self._leaving(held)
        return self._pages.show(
            "preferences.html",
            private=True,
            newsletter=newsletter,
            email=held.subscriber.email,
            cadence=held.cadence,
            is_saved=is_saved,
            unsubscribe_url=self._pages.links.unsubscribe(held.id),
        )

    def _test_copy(self) -> Response:
        return self._pages.message(200, "This was a test copy", _TEST_COPY_TEXT)


def _is_one_click(body: bytes) -> bool:
    """A mail program's POST, as a form of either encoding (RFC 8058 §3.2); no form of ours has that field."""
    return b"List-Unsubscribe" in body and b"One-Click" in body
