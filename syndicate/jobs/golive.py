"""A copy that was restored becomes the live one, and what may have been sent twice is decided about.

Called by the command line and the console, with a person who knows that no other copy sends.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from syndicate.digest.digests import Digests, Resolution
from syndicate.errors import ConflictError, HeldError
from syndicate.model import DeliveryState, DigestState
from syndicate.store import (
    Connection,
    articles,
    audit,
    copies,
    deliveries,
    digests,
    leases,
    notices,
    remedies,
    standing,
    subscriptions,
)
from syndicate.store.audit import By
from syndicate.store.copies import Copy, Standing


class Revived(NamedTuple):
    """What became of the copy: the ``digests`` that were under way in it, how many mails of theirs were still
    outstanding, how many notices were dropped, and which digests wait for a person now."""

    standing: Standing
    digests: tuple[int, ...]
    mails: int
    notices: int
    waiting: tuple[int, ...]


def go_live(of: Digests, choice: Resolution, now: datetime, by: By) -> Revived:
    """Lets this copy send. What the backup still owed, and what came since, may have been sent by another copy:

    ``hold`` leaves that to a person, digest by digest, until it is decided by calling this again; ``resend`` sends it,
    and ``mark-sent`` counts it as sent, with every article that is known now. All in one transaction.

    :raises HeldError: when the database moved elsewhere.
    :raises ConflictError: when there is nothing to decide.
    """
    with of.store.write() as connection:
        copy = copies.read(connection)
        _check(copy, choice)
        within = replace(of, store=of.store.within(connection))
        _bury(within, connection, choice, now)
        mine = _under_way(connection, copy)
        outstanding = sum(standing.equation(connection, one).outstanding for one in mine)
        dropped = 0 if choice is Resolution.RESEND else notices.drop(connection, before=copy.at or now, now=now)
        if choice is Resolution.MARK_SENT:
            _mark_sent(within, connection, mine, now, by)
        elif choice is Resolution.RESEND:
            for one in mine:
                if digests.get(connection, one).state is DigestState.PAUSED:
                    remedies.resume(connection, one, now=now)
        else:
            for one in mine:
                only = "only one that is sending can be paused"
                remedies.move(connection, one, DigestState.PAUSED, (DigestState.SENDING,), only=only)
        became = Standing.UNDECIDED if choice is Resolution.HOLD else Standing.LIVE
        detail = " ".join(map(str, mine)) if choice is Resolution.HOLD else ""
        copies.mark(connection, became, detail, now=copy.at or now)
        audit.note(connection, by.name, "made live", about="this copy", detail=choice, ip=by.ip, now=now)
        waiting = [one.id for one in digests.latest(connection, states=digests.WAITING, limit=100)]
    return Revived(became, tuple(mine), outstanding, dropped, tuple(waiting))


def _check(copy: Copy, choice: Resolution) -> None:
    if copy.standing is Standing.MOVED:
        raise HeldError(copy.why)
    if copy.standing is Standing.LIVE:
        raise ConflictError("this copy is the live one already; nothing waits to be decided")
    if copy.standing is Standing.UNDECIDED and choice is Resolution.HOLD:
        raise ConflictError("this copy is the live one already; say `--since-backup resend` or `mark-sent` to decide")


def _bury(of: Digests, connection: Connection, choice: Resolution, now: datetime) -> None:
    """Whoever was sending when the backup was made is not here."""
    gone = leases.inherit(connection, lambda _: True)
    for orphan in leases.orphans(connection, gone):
        newsletter = of.settings.newsletter(orphan.newsletter)
        resend = choice is Resolution.RESEND and (newsletter is None or newsletter.uncertain == "resend")
        state = DeliveryState.QUEUED if resend else DeliveryState.UNCERTAIN
        deliveries.abandon(connection, [orphan.id], state, now=now)
    leases.bury(connection, gone)


def _under_way(connection: Connection, copy: Copy) -> list[int]:
    if copy.standing is Standing.HELD:
        return leases.sending(connection)
    open_ = {one.id for one in digests.latest(connection, states=(DigestState.PAUSED,), limit=1000)}
    return [one for one in map(int, copy.detail.split()) if one in open_]


def _mark_sent(of: Digests, connection: Connection, mine: list[int], now: datetime, by: By) -> None:
    for one in mine:
        if digests.get(connection, one).state is DigestState.PAUSED:
            remedies.resume(connection, one, now=now)
        deliveries.cancel(connection, one, now=now, reply="counted as sent by the copy that was live before")
        remedies.mark_sent(connection, one, now=now)
        remedies.finish(connection, one, now=now)
    for waiting in digests.latest(connection, states=digests.WAITING, limit=1000):
        of.cancel(waiting.id, now, by)
    subscriptions.catch_up(connection, articles.newest_sequence(connection))
