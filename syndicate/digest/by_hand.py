"""A digest that somebody sends by hand: what they are shown before, and what they then order. Called by ``digests``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syndicate.digest import drafting
from syndicate.digest.cadence import Slot, manual_slot
from syndicate.digest.press import Press, subject_for_all
from syndicate.digest.recipients import Recipients, count
from syndicate.errors import ConflictError
from syndicate.model import Article
from syndicate.settings import MANUAL, Newsletter
from syndicate.store import Connection, articles, digests, mailable, standing
from syndicate.store.digests import Group


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody saw at ``seen_at``, and wants sent as it was: articles up to number ``upto``, to so many ``mails``.

    ``cadences`` are those whose readers get it; none means all. ``version`` is of the draft.
    """

    cadences: tuple[str, ...]
    seen_at: datetime
    upto: int
    version: int
    mails: int

    @property
    def slot(self) -> Slot:
        """One for each look, so that sending twice what was seen once is sending once."""
        return manual_slot(self.seen_at)


@dataclass(frozen=True, slots=True)
class Offer:
    """Whom a newsletter would reach if it were sent now, and with what: ``articles`` are those that most readers get.

    ``cadences`` are all there are to choose from, ``chosen`` those that are counted; none means all.
    """

    newsletter: Newsletter
    cadences: tuple[str, ...]
    chosen: tuple[str, ...]
    recipients: Recipients
    subject: str
    articles: tuple[Article, ...]
    upto: int
    version: int

    def order(self, now: datetime) -> Order:
        """For who agrees to it."""
        return Order(self.chosen, now, self.upto, self.version, self.recipients.mails)


def offer(press: Press, newsletter: Newsletter, chosen: tuple[str, ...], now: datetime) -> Offer:
    """Counts, and keeps nothing. Cadences that nobody has and the settings don't name are left out of ``chosen``."""
    with press.store.read() as connection:
        upto = articles.newest_sequence(connection)
        draft = drafting.upcoming(connection, newsletter, MANUAL, now)
        everyone = digests.groups(connection, newsletter.slug, None)
        aside = mailable.aside(connection, newsletter.slug)
    cadences = tuple(dict.fromkeys([*newsletter.cadences, *(group.cadence for group in everyone)]))
    chosen = tuple(one for one in cadences if one in chosen)
    found = press.composition(newsletter, draft, upto, groups=readers(everyone, chosen))
    with press.store.read() as connection:
        shown = tuple(articles.by_ids(connection, found.widest))
    subject = ""
    if shown:
        subject = subject_for_all(press.render(newsletter, draft, shown, 0, now.astimezone(newsletter.zone)))
    return Offer(newsletter, cadences, chosen, count(found, aside), subject, shown, upto, draft.version)


def readers(groups: Iterable[Group], cadences: tuple[str, ...]) -> list[Group]:
    """Those of these cadences; all when there are none."""
    return [one for one in groups if not cadences or one.cadence in cadences]


def agree(connection: Connection, digest_id: int, order: Order) -> None:
    """:raises ConflictError: when a digest that was just planned does not go to as many as were seen."""
    planned = standing.by_digest(connection, [digest_id])[digest_id]
    mails = planned.planned - planned.suppressed
    if mails != order.mails:
        raise ConflictError(f"It would go to {mails:,} readers now, not to {order.mails:,}.")
