"""``/console/subscribers``: who there is, found by address, newsletter, state and topic; one person, with history."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.errors import NotFoundError
from syndicate.model import SubscriptionState
from syndicate.store import Connection, audit, consents, engaged, history, requests, seek, subscribers, suppressions
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.subscribers.asked import STATES, read
from syndicate.web.console.visit import Visit

HOME = "/console/subscribers"
PER_PAGE = 50
MOST_COUNTED = 10_000

NEWEST = 15

_COLUMNS = ("active", "paused", "pending", "unsubscribed")
_ALWAYS = ("active", "unsubscribed")


class SubscriberPages:
    """The list, and one person's page."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get(HOME, Right.READERS, self.everyone)
        door.get(HOME + "/{id:int}", Right.READERS, self.person)

    def everyone(self, visit: Visit) -> Response:
        """Who fits, the newest first, with how many there are of whom."""
        asked = read(visit.query)
        titles = {one.slug: one.title for one in self._app.settings.newsletters}
        with self._app.store.read() as connection:
            found = seek.find(connection, asked.sought, limit=PER_PAGE + 1, before_id=asked.before)
            count = len(found)
            if asked.before or count > PER_PAGE:
                count = seek.count(connection, asked.sought, upto=MOST_COUNTED + 1) if asked.fields else 0
            counts = {} if visit.is_part else _counts(connection)
        titles |= {slug: slug for slug, _ in sorted(counts) if slug not in titles}
        given: dict[str, Any] = {
            "asked": asked,
            "found": found[:PER_PAGE],
            "more": len(found) > PER_PAGE,
            "count": count,
        }
        given |= {"titles": titles, "most": MOST_COUNTED}
        if visit.is_part:
            return self._desk.part(visit, "subscribers/found.html", **given)
        return self._desk.show(
            visit,
            "subscribers/everyone.html",
            section="subscribers",
            states=STATES,
            columns=[one for one in _COLUMNS if one in _ALWAYS or any(state == one for _, state in counts)],
            counts=counts,
            **given,
        )

    def person(self, visit: Visit, id: int) -> Response:  # noqa: A002 - the address names it so
        """All that is known of one person; what may be long is shown from its newest on."""
        before = read(visit.query).before
        with self._app.store.read() as connection:
            one = seek.person(connection, id)
            if one is None:
                raise NotFoundError("subscriber", id)
            email = one.subscriber.email
            sent = history.sent(connection, id, limit=NEWEST + 1, before_digest=before)
            facts: dict[str, Any] = {
                "one": one,
                "suppression": suppressions.of_address(connection, email),
                "consents": list(reversed(consents.of_subscriber(connection, id)))[: 2 * NEWEST],
                "sent": sent[:NEWEST],
                "acted": _acted(connection, id),
                "more": len(sent) > NEWEST,
                "came_back": history.came_back(connection, id, limit=NEWEST),
                "fed": history.fed(connection, id, limit=NEWEST),
                "told": history.told(connection, email, limit=NEWEST),
                "requests": requests.of_person(connection, email, id)[-NEWEST:],
                "acts": audit.newest(connection, limit=NEWEST, about=about(id)),
            }
        newsletters = {one.slug: one for one in self._app.settings.newsletters}
        if visit.is_part:
            return self._desk.part(visit, "subscribers/sent.html", **facts)
        return self._desk.show(
            visit,
            "subscribers/person.html",
            section="subscribers",
            newsletters=newsletters,
            before=before,
            **facts,
        )


def about(subscriber_id: int) -> str:
    """What the audit log calls them."""
    return f"subscriber {subscriber_id}"


def _acted(connection: Connection, subscriber_id: int) -> dict[int, list[engaged.Kept]]:
    """Digest → what they did with it."""
    found: dict[int, list[engaged.Kept]] = {}
    for one in engaged.of_subscriber(connection, subscriber_id):
        found.setdefault(one.digest_id, []).append(one)
    return found


def _counts(connection: Connection) -> dict[tuple[str, SubscriptionState], int]:
    found: Counter[tuple[str, SubscriptionState]] = Counter()
    for (slug, _, state), count in subscribers.counts(connection).items():
        found[slug, state] += count
    return found
