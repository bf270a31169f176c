"""What operators do to one subscriber and what they get. Each act is noted in the transaction that does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience import channel, choices, preferences, requests
from syndicate.audience.subscribe import Evidence, leave
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError, NotFoundError, SyndicateError
from syndicate.model import Subscription, Via
from syndicate.store import Connection, Store, audit, seek, subscribers, suppressions
from syndicate.store.seek import Found
from syndicate.store.subscribers import topics_key, topics_of
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.subscribers.pages import HOME, about
from syndicate.web.console.visit import Visit

BY_OPERATOR = "by an operator"


@dataclass(frozen=True, slots=True)
class Doing:
    """One transaction about one subscriber. What ``store`` does is a part of it."""

    connection: Connection
    store: Store
    one: Found

    @property
    def any(self) -> Subscription:
        """Any subscription of theirs. :raises ConflictError: when they have none."""
        if not self.one.subscriptions:
            raise ConflictError("they have no subscription, so nothing of them can be changed; erase them, or add one")
        return self.one.subscriptions[0]

    def held(self, subscription_id: int) -> Subscription:
        """A subscription of theirs. :raises NotFoundError: when it is not."""
        for one in self.one.subscriptions:
            if one.id == subscription_id:
                return one
        raise NotFoundError("subscription of theirs", subscription_id)


@contextmanager
def doing(app: App, visit: Visit, subscriber_id: int, act: str, detail: str = "") -> Iterator[Doing]:
    """A transaction that notes, when all went well, who did what. :raises NotFoundError: when there is nobody."""
    with app.store.write() as connection:
        one = seek.person(connection, subscriber_id)
        if one is None:
            raise NotFoundError("subscriber", subscriber_id)
        yield Doing(connection, app.store.within(connection), one)
        audit.note(
            connection, visit.user.name, act, about=about(subscriber_id), detail=detail, ip=visit.ip, now=visit.now
        )


class SubscriberActs:
    """Changes who they are, what they get, and whether they are mailed at all."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        for path, act in (
            ("describe", self.describe),
            ("tag", self.tag),
            ("suppress", self.suppress),
            ("lift", self.lift),
            ("link", self.send_link),
            ("move", self.move),
            ("subscriptions/{held:int}/choose", self.choose),
            ("subscriptions/{held:int}/pause", self.pause),
            ("subscriptions/{held:int}/resume", self.resume),
            ("subscriptions/{held:int}/mail", self.to_mail),
            ("subscriptions/{held:int}/end", self.end),
        ):
            door.post(f"{HOME}/{{id:int}}/{path}", Right.READERS, act)

    def describe(self, visit: Visit, id: int) -> Response:  # noqa: A002 - the addresses name it so, here and below
        """Name, language, time zone."""
        given = {name: visit.form.one(name) for name in ("name", "language", "timezone")}
        with doing(self._app, visit, id, "described") as it:
            preferences.describe(it.store, it.any.id, **given, now=visit.now)
        return self._back(visit, id, "Saved.")

    def tag(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """The tags that they have from now on."""
        tags = topics_of(topics_key(choices.topics_of([visit.form.one("tags")])))
        with doing(self._app, visit, id, "tagged", "; ".join(tags)) as it:
            subscribers.describe(it.connection, [replace(it.one.subscriber, tags=tags)])
        return self._back(visit, id, "Saved.")

    def suppress(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """Bans the address from mail, from this moment on."""
        reason = choices.said_reason_of(visit.form.one("reason"))
        with doing(self._app, visit, id, "suppressed", reason) as it:
            if not suppressions.add(it.connection, it.one.subscriber.email, f"{BY_OPERATOR}: {reason}", now=visit.now):
                raise ConflictError("this address is banned from mail already")
        return self._back(visit, id, "Nothing is sent to this address any more.")

    def lift(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """Ends the ban."""
        reason = choices.said_reason_of(visit.form.one("reason"))
        with doing(self._app, visit, id, "lifted the suppression", reason) as it:
            if not suppressions.lift(it.connection, it.one.subscriber.email):
                raise ConflictError("this address is not banned from mail")
        return self._back(visit, id, "Mail goes to this address again, from the next digest on.")

    def send_link(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """Mails them a link to their preferences."""
        with doing(self._app, visit, id, "sent a link to the preferences") as it:
            preferences.send_link(it.store, it.any.id, now=visit.now)
        return self._back(visit, id, "They get a link to their preferences, once an hour at most.")

    def move(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """Asks another address whether their subscriptions may move to it."""
        with doing(self._app, visit, id, "asked for another address") as it:
            email = visit.form.one("email")
            requests.move(it.store, self._app.settings, it.any.id, email, via=Via.CLI, now=visit.now)
        return self._back(visit, id, "The new address is asked to confirm; until then all stays as it is.")

    def choose(self, visit: Visit, id: int, held: int) -> Response:  # noqa: A002
        """How often, and about what."""
        with doing(self._app, visit, id, "changed a subscription") as it:
            preferences.choose(
                it.store,
                self._app.settings.newsletters,
                it.held(held).id,
                cadence=visit.form.one("cadence") or None,
                topics=visit.form.one("topics").replace(",", ";").split(";"),
                now=visit.now,
            )
        return self._back(visit, id, "Saved. Nothing is missed, and nothing comes twice.")

    def pause(self, visit: Visit, id: int, held: int) -> Response:  # noqa: A002
        """Sends nothing for some weeks."""
        weeks = visit.form.one("weeks").strip()
        if not (weeks.isascii() and weeks.isdecimal() and len(weeks) < 4):
            raise SyndicateError("say for how many weeks, as a number")
        with doing(self._app, visit, id, "paused a subscription", f"{weeks} weeks") as it:
            preferences.pause(it.store, it.held(held).id, visit.now + timedelta(weeks=int(weeks)), now=visit.now)
        return self._back(visit, id, "Paused. What they miss comes with the first digest afterwards.")

    def resume(self, visit: Visit, id: int, held: int) -> Response:  # noqa: A002
        """Ends a pause."""
        with doing(self._app, visit, id, "resumed a subscription") as it:
            if not preferences.resume(it.store, it.held(held).id, now=visit.now):
                raise ConflictError("that subscription is not paused")
        return self._back(visit, id, "It goes on.")

    def to_mail(self, visit: Visit, id: int, held: int) -> Response:  # noqa: A002
        """By mail again, in place of a private feed."""
        with doing(self._app, visit, id, "changed a private feed to mail") as it:
            channel.to_mail(it.store, it.held(held).id, now=visit.now)
        return self._back(visit, id, "It comes by mail, from the next digest on.")

    def end(self, visit: Visit, id: int, held: int) -> Response:  # noqa: A002
        """Ends a subscription."""
        evidence = Evidence(via=Via.CLI, source="ended by an operator", asked_at=visit.now)
        with doing(self._app, visit, id, "ended a subscription") as it:
            one = it.held(held)
            if not leave(it.connection, one, evidence, now=visit.now):
                raise ConflictError(f"the subscription to {one.newsletter} has ended already")
        return self._back(visit, id, f"{one.newsletter} is not sent to them any more.")

    def _back(self, visit: Visit, subscriber_id: int, said: str) -> Response:
        return self._desk.go(visit, f"{HOME}/{subscriber_id}", said)
