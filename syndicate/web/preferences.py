"""``/preferences/``: how often, about what, who one is, a pause, a feed, another address, leaving, and one's data.

A link in each mail leads here, for some months; then a fresh one can be had by mail.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience import channel, personal, preferences, requests
from syndicate.audience.subscribe import unsubscribe
from syndicate.errors import ConflictError, ExpiredError
from syndicate.feeds.formats import FORMATS
from syndicate.model import Channel, Subscription, SubscriptionState
from syndicate.render.languages import Language, translatable
from syndicate.web.chosen import every_zone, form_of
from syndicate.web.fields import Fields, SentFields
from syndicate.web.guard import ip_of
from syndicate.web.joining import LATER, TOO_MANY
from syndicate.web.pages import Pages
from syndicate.web.private import address_of
from syndicate.web.typed import Choices, Reading
from syndicate.web.unsubscribing import TEST_COPY, TEST_COPY_SAID, TOO_LATE

_LINK_SENT = (
    translatable("Check your mail"),
    translatable("A fresh link is on its way to the address that your newsletters go to."),
)
_TO_FEED = translatable("From now on it comes in a feed of your own, and no more by mail. Its address is below.")
_TO_MAIL = translatable("From now on it comes by mail again. What your feed has stays there for a month.")
_RENEWED = translatable("Your feed has another address. The old one is of no use any more.")
_CLOSED = translatable("Your feed is closed.")
_OVER = SubscriptionState.UNSUBSCRIBED


class Preferences:
    """What a reader can change with the link from a mail. What each button does is one method."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages
        self._actions: dict[str, Callable[[Request, int, Fields], Response]] = {
            "": self._save,
            "save": self._save,
            "pause": self._pause,
            "resume": self._resume,
            "feed": self._to_feed,
            "mail": self._to_mail,
            "renew-feed": self._renew_feed,
            "close-feed": self._close_feed,
            "move": self._move,
            "leave": self._leave,
            "leave-all": self._leave_all,
            "undo": self._undo,
            "download": self._download,
            "erase": self._erase,
        }

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/preferences/{token}")(self.look)
        router.post("/preferences/{token}")(self.act)
        return router

    def look(self, request: Request, token: str) -> Response:
        """How everything stands; changes nothing."""
        try:
            subscription_id = self._pages.signer.verify_until("preferences", token, self._now())
        except ExpiredError:
            return self._pages.show(request, "expired.html", status=410, private=True)
        if subscription_id == TEST_COPY:
            return self._pages.message(request, 200, *TEST_COPY_SAID)
        return self._show(request, subscription_id)

    def act(self, request: Request, token: str, fields: SentFields) -> Response:
        """Does what the button says. A link that is too old can still have a fresh one sent to where it came from."""
        try:
            subscription_id = self._pages.signer.verify_until("preferences", token, self._now())
        except ExpiredError as error:
            if fields.one("action") != "link" or not error.subject:
                return self.look(request, token)
            preferences.send_link(self._app.store, error.subject, now=self._now())
            return self._pages.message(request, 202, *_LINK_SENT)
        act = self._actions.get(fields.one("action"))
        if subscription_id == TEST_COPY or act is None:
            return self.look(request, token)
        try:
            return act(request, subscription_id, fields)
        except ConflictError:  # the page was old: it has ended since, or was paused
            return self._show(request, subscription_id, status=409)

    def _save(self, request: Request, subscription_id: int, fields: Fields) -> Response:
        held = self._held(subscription_id)
        newsletter = self._app.settings.newsletter(held.newsletter)
        reading = Reading(fields)
        chosen = reading.choices([newsletter] if newsletter else [])
        if reading.errors:
            return self._show(request, subscription_id, status=422, errors=reading.errors, typed=fields)
        self._keep(held, chosen)
        language = self._language(request, subscription_id)
        often = language.often(self._held(subscription_id).cadence)
        said = language.gettext("Saved. It comes %(often)s.") % {"often": often}
        return self._show(request, subscription_id, said=said if newsletter else language.gettext("Saved."))

    def _keep(self, held: Subscription, chosen: Choices) -> None:
        store, now = self._app.store, self._now()
        if held.state is not _OVER and (chosen.cadence is not None or chosen.topics is not None):
            newsletters = self._app.settings.newsletters
            preferences.choose(store, newsletters, held.id, cadence=chosen.cadence, topics=chosen.topics, now=now)
        preferences.describe(
            store, held.id, name=chosen.name, language=chosen.language, timezone=chosen.timezone, now=now
        )

    def _pause(self, request: Request, subscription_id: int, fields: Fields) -> Response:
        reading = Reading(fields)
        weeks = reading.weeks()
        if weeks is None:
            return self._show(request, subscription_id, status=422, errors=reading.errors)
        now = self._now()
        preferences.pause(self._app.store, subscription_id, now + weeks, now=now)
        return self._show(request, subscription_id)

    def _resume(self, request: Request, subscription_id: int, _: Fields) -> Response:
        preferences.resume(self._app.store, subscription_id, now=self._now())
        said = self._language(request, subscription_id).gettext(
            "Welcome back. What you missed comes with the next digest."
        )
        return self._show(request, subscription_id, said=said)

    def _to_feed(self, request: Request, subscription_id: int, _: Fields) -> Response:
        channel.to_feed(self._app.store, subscription_id)
        return self._say(request, subscription_id, _TO_FEED)

    def _to_mail(self, request: Request, subscription_id: int, _: Fields) -> Response:
        channel.to_mail(self._app.store, subscription_id, now=self._now())
        return self._say(request, subscription_id, _TO_MAIL)

    def _renew_feed(self, request: Request, subscription_id: int, _: Fields) -> Response:
        channel.renew(self._app.store, subscription_id)
        return self._say(request, subscription_id, _RENEWED)

    def _close_feed(self, request: Request, subscription_id: int, _: Fields) -> Response:
        channel.close(self._app.store, subscription_id, now=self._now())
        return self._say(request, subscription_id, _CLOSED)

    def _say(self, request: Request, subscription_id: int, text: str) -> Response:
        return self._show(request, subscription_id, said=self._language(request, subscription_id).gettext(text))

    def _move(self, request: Request, subscription_id: int, fields: Fields) -> Response:
        reading = Reading(fields)
        email = reading.email()
        if reading.errors:
            return self._show(request, subscription_id, status=422, errors=reading.errors, typed=fields)
        if self._app.gate.admit(ip_of(request), email):
            response = self._pages.message(request, 429, *TOO_MANY)
            response.headers["Retry-After"] = str(LATER)
            return response
        requests.move(self._app.store, self._app.settings, subscription_id, email, ip=ip_of(request), now=self._now())
        language = self._language(request, subscription_id)
        said = language.gettext("We sent a link to %(email)s. Nothing changes until it is confirmed there.")
        return self._show(request, subscription_id, said=said % {"email": email})

    def _leave(self, request: Request, subscription_id: int, _: Fields) -> Response:
        unsubscribe(self._app.store, subscription_id, now=self._now())
        return self._show(request, subscription_id)

    def _leave_all(self, request: Request, subscription_id: int, _: Fields) -> Response:
        preferences.leave_all(self._app.store, subscription_id, now=self._now())
        said = self._language(request, subscription_id).gettext("You left all newsletters.")
        return self._show(request, subscription_id, said=said)

    def _undo(self, request: Request, subscription_id: int, _: Fields) -> Response:
        if not preferences.undo(self._app.store, subscription_id, now=self._now()):
            return self._pages.message(request, 410, *TOO_LATE)
        said = self._language(request, subscription_id).gettext("You are subscribed again, and nothing was missed.")
        return self._show(request, subscription_id, said=said)

    def _download(self, _: Request, subscription_id: int, __: Fields) -> Response:
        content = personal.written(personal.data_of_reader(self._app.store, subscription_id))
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
        return Response(content, media_type="application/json", headers=headers)

    def _erase(self, request: Request, subscription_id: int, fields: Fields) -> Response:
        held = self._held(subscription_id)
        sure = fields.one("sure") == "yes"
        if sure:
            personal.erase(self._app.store, self._app.traces, subscription_id, now=self._now())
        newsletter = self._app.settings.newsletter(held.newsletter)
        return self._pages.show(
            request,
            "erase.html",
            private=True,
            reader=held.subscriber,
            newsletter=newsletter,
            is_done=sure,
            back_url=self._pages.links.preferences(held.id, self._now()),
        )

    def _show(
        self,
        request: Request,
        subscription_id: int,
        *,
        status: int = 200,
        said: str = "",
        errors: dict[str, str] | None = None,
        typed: Fields | None = None,
    ) -> Response:
        """The page as everything stands now, with what was typed where that can't be used."""
        held, *others = preferences.of_reader(self._app.store, subscription_id)
        newsletter = self._app.settings.newsletter(held.newsletter)
        with self._app.store.read() as connection:
            feed = address_of(self._app, connection, held, self._now())
        return self._pages.show(
            request,
            "preferences.html",
            status=status,
            private=True,
            reader=held.subscriber,
            newsletter=newsletter,
            title=newsletter.title if newsletter else held.newsletter,
            form=form_of(self._app, held, errors or {}, typed),
            has_left=held.state is _OVER,
            is_paused=held.state is SubscriptionState.PAUSED,
            resume_at=held.resume_at,
            others=[self._other(one) for one in others if one.state is not _OVER],
            zones=every_zone(),
            feed=[(one.title, feed + one.file, one.media_type) for one in FORMATS] if feed else [],
            is_fed=held.channel is Channel.FEED,
            said=said,
        )

    def _other(self, held: Subscription) -> tuple[str, str | None, str]:
        """Title, language and the preferences' address of another newsletter that the reader gets."""
        newsletter = self._app.settings.newsletter(held.newsletter)
        url = self._pages.links.preferences(held.id, self._now())
        return (newsletter.title, newsletter.language, url) if newsletter else (held.newsletter, None, url)

    def _held(self, subscription_id: int) -> Subscription:
        return preferences.of_reader(self._app.store, subscription_id)[0]

    def _language(self, request: Request, subscription_id: int) -> Language:
        held = self._held(subscription_id)
        return self._pages.language(request, held.subscriber, self._app.settings.newsletter(held.newsletter))

    def _now(self) -> datetime:
        return self._app.jobs.clock()
