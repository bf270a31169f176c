"""What editors want of a digest before it is sent, and when that counts. Called by ``digests`` and by the console.

A draft is for the next digest of a newsletter's cadence, which consumes it. Where a cadence is due in each reader's own
zone (``send_in``), it is for an *occasion*, a local time, and every zone's digest of that time is composed from it. A
digest that has nothing for anybody leaves the draft to the next one.

What is left out is not carried again, for readers count as served; what is postponed is added to the next digest.
When a digest that waits is superseded or cancelled, what was said of its articles goes on to the next one; its words
do not.

Pages about articles call ``pin``, ``add``, ``leave_out``, ``put_off`` and ``undo`` in a transaction with an audit note:

    with app.store.write() as connection:
        drafting.pin(connection, newsletter, "daily", article_id, by=visit.user.name, now=visit.now)
        audit.note(connection, visit.user.name, "pinned", about=f"article {article_id}", now=visit.now)
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syndicate.digest.cadence import next_slot, zone_of
from syndicate.digest.compose import eligible
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import Choice, Chosen, Digest, Draft
from syndicate.settings import INSTANT, MANUAL, Newsletter
from syndicate.store import Connection, articles, digests, drafts

_OCCASION = "%Y-%m-%dT%H:%M"
_LAST_ZONE = timedelta(days=3)


class ToCompose(NamedTuple):
    """A draft as it was ``read``, and what is to be composed: the same, with what superseded digests leave to it."""

    read: Draft
    draft: Draft


def upcoming(
    connection: Connection, newsletter: Newsletter, cadence: str, now: datetime, *, lock: bool = False
) -> Draft:
    """The draft of the next digest; with ``lock`` nobody else changes it until the transaction ends.

    :raises NotFoundError: when the newsletter has no such cadence; ``manual`` is what is sent by hand.
    """
    if cadence != MANUAL and cadence not in newsletter.cadences:
        raise NotFoundError("cadence", cadence, [*newsletter.cadences, MANUAL])
    occasion = _next_occasion(newsletter, cadence, now, newsletter.zone)
    return drafts.upcoming(connection, newsletter.slug, cadence, occasion, lock=lock)


def moment(connection: Connection, newsletter: Newsletter, cadence: str, now: datetime) -> str:
    """Another text when the next digest is another one; what is typed for the one is not for the other."""
    if occasion := _next_occasion(newsletter, cadence, now, newsletter.zone):
        return occasion
    found = digests.latest(connection, newsletter=newsletter.slug, cadence=cadence, limit=1)
    return str(found[0].id) if found else "0"


def pin(
    connection: Connection, newsletter: Newsletter, cadence: str, article_id: int, *, by: str, now: datetime
) -> Draft:
    """Puts an article at the top of the next digest, also one that would not be in it."""
    draft = upcoming(connection, newsletter, cadence, now, lock=True)
    top = min((one.place for one in draft.chosen if one.place is not None), default=1) - 1
    chosen = Chosen(article_id, _coming(connection, newsletter, cadence, article_id), top)
    return drafts.keep(connection, draft.with_choice(chosen), by=by, now=now)


def add(
    connection: Connection, newsletter: Newsletter, cadence: str, article_id: int, *, by: str, now: datetime
) -> Draft:
    """Has the next digest carry an article that it would not: an older one, or one of another source.

    Readers who chose topics get it when it has one of them.
    """
    draft = upcoming(connection, newsletter, cadence, now, lock=True)
    chosen = Chosen(article_id, _coming(connection, newsletter, cadence, article_id))
    return drafts.keep(connection, draft.with_choice(chosen), by=by, now=now)


def leave_out(
    connection: Connection, newsletter: Newsletter, cadence: str, article_id: int, *, by: str, now: datetime
) -> Draft:
    """Keeps an article out of the next digest, and so out of all of this cadence."""
    draft = upcoming(connection, newsletter, cadence, now, lock=True)
    return drafts.keep(connection, draft.with_choice(Chosen(article_id, Choice.LEFT_OUT)), by=by, now=now)


def put_off(
    connection: Connection, newsletter: Newsletter, cadence: str, article_id: int, *, by: str, now: datetime
) -> Draft:
    """Keeps an article out of the next digest; the one after that carries it."""
    draft = upcoming(connection, newsletter, cadence, now, lock=True)
    return drafts.keep(connection, draft.with_choice(Chosen(article_id, Choice.POSTPONED)), by=by, now=now)


def undo(
    connection: Connection, newsletter: Newsletter, cadence: str, article_id: int, *, by: str, now: datetime
) -> Draft:
    """Takes back whatever was said of an article."""
    draft = upcoming(connection, newsletter, cadence, now, lock=True)
    chosen = tuple(one for one in draft.chosen if one.article_id != article_id)
    if chosen == draft.chosen:
        return draft
    return drafts.keep(connection, replace(draft, chosen=chosen), by=by, now=now)


def is_coming(connection: Connection, newsletter: Newsletter, cadence: str, article_id: int) -> bool:
    """Whether the next digest carries an article by itself: it is published, new to the cadence, and what it is for."""
    fit = eligible(articles.current(connection, [article_id]), newsletter)
    return bool(fit) and fit[0].sequence > digests.last_upto(connection, newsletter.slug, cadence)


def to_compose(
    connection: Connection, newsletter: Newsletter, cadence: str, due_at: datetime, timezones: tuple[str, ...]
) -> ToCompose:
    """What a slot is composed from; ``due_at`` is in the zone of its readers."""
    occasion = due_at.strftime(_OCCASION) if _is_zoned(newsletter, cadence) else ""
    read = drafts.upcoming(connection, newsletter.slug, cadence, occasion)
    chosen = read.chosen
    for digest_id in reversed(digests.supersedes(connection, newsletter.slug, cadence, timezones)):
        if before := drafts.of_digest(connection, digest_id):
            chosen = drafts.merged(before.chosen, chosen)
    return ToCompose(read, replace(read, occasion=occasion, chosen=chosen))


def use(connection: Connection, newsletter: Newsletter, read: ToCompose, digest: Digest) -> bool:
    """Notes that a digest was composed from it; false when it was changed since it was read."""
    occasion = read.draft.occasion
    if not drafts.use(connection, read.read, read.draft, digest.id, again=bool(occasion)):
        return False
    if occasion:
        over = datetime.strptime(occasion, _OCCASION) - _LAST_ZONE  # noqa: DTZ007 - local to each reader
        drafts.forget(connection, newsletter.slug, digest.cadence, before=over.strftime(_OCCASION))
    return True


def approved(
    connection: Connection, newsletter: Newsletter, digest: Digest, version: int | None, *, now: datetime
) -> None:
    """Hands on what was put off, for the digest goes out now. ``version`` is of the draft that was looked at.

    :raises ConflictError: when the digest was edited since.
    """
    draft = drafts.of_digest(connection, digest.id)
    if version is not None and version != (draft.version if draft else 0):
        raise ConflictError(f"digest {digest.id} was edited meanwhile; look at it again before you approve it")
    postpone(connection, newsletter, digest, now=now)


def postpone(connection: Connection, newsletter: Newsletter, digest: Digest, *, now: datetime) -> None:
    """Adds what a digest's draft put off to the next one."""
    if draft := drafts.of_digest(connection, digest.id):
        later = [Chosen(one, Choice.ADDED) for one in sorted(draft.of(Choice.POSTPONED))]
        drafts.hand_on(connection, _following(connection, newsletter, digest), later, now=now)


def hand_back(connection: Connection, newsletter: Newsletter, digest: Digest, *, now: datetime) -> None:
    """Leaves what was said of a digest's articles to the next one, for this one comes to nothing."""
    if draft := drafts.of_digest(connection, digest.id):
        drafts.hand_on(connection, _following(connection, newsletter, digest), draft.chosen, now=now)


def _following(connection: Connection, newsletter: Newsletter, digest: Digest) -> Draft:
    zone = next(iter(digests.zones_of(connection, digest.id)), "")
    occasion = _next_occasion(newsletter, digest.cadence, digest.due_at, zone_of(zone, newsletter.zone))
    return drafts.upcoming(connection, newsletter.slug, digest.cadence, occasion, lock=True)


def _next_occasion(newsletter: Newsletter, cadence: str, now: datetime, zone: ZoneInfo) -> str:
    """The next local time at which it is due in that zone."""
    if not _is_zoned(newsletter, cadence):
        return ""
    return next_slot(newsletter.cadences[cadence], zone, now).due_at.astimezone(zone).strftime(_OCCASION)


def _is_zoned(newsletter: Newsletter, cadence: str) -> bool:
    return newsletter.send_in == "subscriber" and newsletter.cadences.get(cadence, INSTANT) != INSTANT


def _coming(connection: Connection, newsletter: Newsletter, cadence: str, article_id: int) -> Choice:
    if not articles.current(connection, [article_id]):
        raise ConflictError(f"article {article_id} is not published, so no digest can carry it")
    return Choice.KEPT if is_coming(connection, newsletter, cadence, article_id) else Choice.ADDED
