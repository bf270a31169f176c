"""``/unsubscribe/``: one button, and back with another; and the one click of mail programs.

The token in the address is all that it takes, so nothing happens on GET: mail scanners open every link.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from syndicate.app import App
from syndicate.audience import preferences
from syndicate.audience.subscribe import unsubscribe
from syndicate.errors import NotFoundError
from syndicate.model import Subscription, SubscriptionState
from syndicate.render.languages import translatable
from syndicate.store import subscribers
from syndicate.web.fields import SentFields
from syndicate.web.pages import Pages

TEST_COPY = 0
"""The subject of tokens in mails that were sent to try a newsletter out: there is no subscription behind it."""

TEST_COPY_SAID = (
    translatable("This was a test copy"),
    translatable(
        "The mail you came from was sent to try this newsletter out. No subscription belongs to it, so there is "
        "nothing to change or to end."
    ),
)
TOO_LATE = (
    translatable("That was too long ago"),
    translatable("You left more than a day ago. To come back, subscribe again: it takes a minute."),
)


class Unsubscribing:
    """What the link at the end of every mail allows; for ever."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/unsubscribe/{token}")(self.ask)
        router.post("/unsubscribe/{token}")(self.act)
        return router

    def ask(self, request: Request, token: str) -> Response:
        """One button."""
        held = self._find(token)
        return self._show(request, held) if held else self._pages.message(request, 200, *TEST_COPY_SAID)

    def act(self, request: Request, token: str, fields: SentFields) -> Response:
        """Ends the subscription, or takes that back; once more changes nothing.

        A mail program's POST, a form of either encoding, gets an answer for programs (RFC 8058 §3.2).
        """
        held, now = self._find(token), self._app.jobs.clock()
        if held and fields.one("action") == "undo":
            if not preferences.undo(self._app.store, held.id, now=now):
                return self._pages.message(request, 410, *TOO_LATE)
            return self._show(request, self._find(token) or held, is_back=True)
        if held:
            unsubscribe(self._app.store, held.id, now=now)
        if fields.one("List-Unsubscribe") == "One-Click":
            return PlainTextResponse("Unsubscribed.\n", headers={"Cache-Control": "no-store"})
        return self.ask(request, token)

    def _find(self, token: str) -> Subscription | None:
        """The subscription that the token is for, None for a test copy's. :raises TokenError: for another token."""
        subscription_id = self._pages.signer.verify("unsubscribe", token)
        if subscription_id == TEST_COPY:
            return None
        with self._app.store.read() as connection:
            found = subscribers.subscription(connection, subscription_id)
        if found is None:
            raise NotFoundError("subscription", subscription_id)
        return found

    def _show(self, request: Request, held: Subscription, *, is_back: bool = False) -> Response:
        newsletter = self._app.settings.newsletter(held.newsletter)
        return self._pages.show(
            request,
            "unsubscribe.html",
            private=True,
            reader=held.subscriber,
            newsletter=newsletter,
            title=newsletter.title if newsletter else held.newsletter,
            has_left=held.state is SubscriptionState.UNSUBSCRIBED,
            is_back=is_back,
        )
