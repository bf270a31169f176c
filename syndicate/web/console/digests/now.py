"""``/console/digests/now``: a newsletter is sent by hand, to as many as its sender saw and typed."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.digest.by_hand import Offer, Order
from syndicate.errors import ConflictError
from syndicate.settings import MANUAL, Newsletter
from syndicate.store import digests
from syndicate.web.console.desk import Desk
from syndicate.web.console.digests.checking import Checked, checked
from syndicate.web.console.digests.given import number
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

LONGEST = timedelta(minutes=30)
"""What was shown longer ago than that has to be looked at again."""

_SHARES, _ARTICLES = 30, 12
_MARKS = str.maketrans("", "", " ,.'’\u00a0\u202f")
"""What people write between thousands."""


class SendNow:
    """Counts first, and sends only what was counted."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/digests/now", Right.SEND, self.ask, fresh=True)
        door.post("/console/digests/now", Right.SEND, self.send, fresh=True)

    def ask(self, visit: Visit) -> Response:
        """Which newsletter, which cadences; then whom that reaches."""
        settings = self._app.settings
        slug = visit.query.get("newsletter") or (settings.newsletters[0].slug if len(settings.newsletters) == 1 else "")
        offer = self._app.digests.offer(slug, visit.now, tuple(visit.query.getlist("cadence"))) if slug else None
        return self._desk.show(
            visit,
            "digests/now.html",
            section="digests",
            newsletters=settings.newsletters,
            offer=offer,
            shares=offer.recipients.shares[:_SHARES] if offer else (),
            articles=offer.articles[:_ARTICLES] if offer else (),
            hidden=_hidden(offer, visit.now) if offer else (),
            checked=self._checked(offer.newsletter, visit.now) if offer and offer.recipients.mails else None,
        )

    def _checked(self, newsletter: Newsletter, now: datetime) -> Checked:
        preflight = self._app.preflight
        return checked(preflight.at_once(preflight.of_newsletter(newsletter, now)))

    def send(self, visit: Visit) -> Response:
        """Sends it, unless anything is not as it was shown."""
        slug, cadences = visit.form.one("newsletter"), visit.form.all("cadence")
        order = _order(visit, cadences)
        mails = order.mails if order else 0
        if order is None or not timedelta(0) <= visit.now - order.seen_at <= LONGEST:
            return self._again(visit, slug, cadences, "That was shown too long ago; this is how it stands now.")
        if number(visit.form.one("typed").translate(_MARKS)) != mails:
            return self._again(visit, slug, cadences, f"That is not the number, which is {mails:,}.")
        try:
            digest_id = self._app.digests.compose_now(slug, visit.now, visit.by, order).id
        except ConflictError as error:
            if taken := self._taken(slug, order):
                return self._desk.go(visit, f"/console/digests/{taken}", "It was sent already; this is it.")
            return self._again(visit, slug, cadences, str(error))
        self._app.jobs.bell.ring()
        return self._desk.go(visit, f"/console/digests/{digest_id}", f"It is being sent to {mails:,}.")

    def _again(self, visit: Visit, slug: str, cadences: tuple[str, ...], why: str) -> Response:
        chosen = urlencode([("newsletter", slug), *(("cadence", one) for one in cadences)])
        return self._desk.go(visit, f"/console/digests/now?{chosen}", f"Nothing was sent. {why}")

    def _taken(self, slug: str, order: Order) -> int | None:
        with self._app.store.read() as connection:
            return digests.id_of_slot(connection, slug, MANUAL, order.slot.name)


def _hidden(offer: Offer, now: datetime) -> tuple[tuple[str, str | int], ...]:
    """What the form brings back."""
    chosen = tuple(("cadence", one) for one in offer.chosen)
    seen = (
        ("seen_at", now.isoformat()),
        ("upto", offer.upto),
        ("version", offer.version),
        ("mails", offer.recipients.mails),
    )
    return ("newsletter", offer.newsletter.slug), *chosen, *seen


def _order(visit: Visit, cadences: tuple[str, ...]) -> Order | None:
    upto, version, mails = (number(visit.form.one(name)) for name in ("upto", "version", "mails"))
    try:
        seen_at = datetime.fromisoformat(visit.form.one("seen_at"))
    except ValueError:
        return None
    if upto is None or version is None or mails is None or seen_at.tzinfo is None:
        return None
    return Order(cadences, seen_at, upto, version, mails)
