"""Programs that are told what happens: added, changed, tried, told again. Called by the API and by commands."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import ASKED_FOR, Event
from syndicate.reach.addresses import target_of, without_userinfo
from syndicate.store import Connection, Store, audit, listeners, outbox
from syndicate.store.audit import By
from syndicate.store.listeners import Listener
from syndicate.store.outbox import Happened

MOST = 50
"""There may be so many of them: each costs a row for whatever happens."""


def add(store: Store, address: str, events: Iterable[Event], *, by: By, now: datetime) -> Listener:
    """A new one, which is told of these events.

    :raises ConflictError: when the events, or what the address holds, can't be used.
    :raises ReachError: when that is no address of the web.
    """
    chosen = _checked(address, events)
    with store.write() as connection:
        if len(listeners.every(connection)) >= MOST:
            raise ConflictError(f"there are {MOST} webhooks already; remove one")
        one = listeners.add(connection, address, chosen, secrets.token_hex(16), by=by.name, now=now)
        _note(connection, by, "added", one, now)
    return one


def get(connection: Connection, listener_id: int) -> Listener:
    """:raises NotFoundError: when there is none of that number."""
    known = {one.id: one for one in listeners.every(connection)}
    if listener_id not in known:
        raise NotFoundError("webhook", listener_id, map(str, known))
    return known[listener_id]


def change(
    connection: Connection,
    one: Listener,
    *,
    address: str | None = None,
    events: Iterable[Event] | None = None,
    by: By,
    now: datetime,
) -> Listener:
    """Another address or other events; it is asked again at once. :raises ConflictError: as ``add`` does."""
    wanted = one.address if address is None else address
    chosen = _checked(wanted, one.events if events is None else events)
    listeners.change(connection, one.id, wanted, chosen, now=now)
    _note(connection, by, "changed", one, now)
    return get(connection, one.id)


def remove(connection: Connection, one: Listener, *, by: By, now: datetime) -> None:
    """It is told nothing any more."""
    listeners.remove(connection, one.id)
    _note(connection, by, "removed", one, now)


def test(store: Store, listener_id: int, *, by: By, now: datetime) -> int:
    """Has it told that somebody tries it; returns the message's number."""
    with store.write() as connection:
        one = get(connection, listener_id)
        if one.ended_at:
            listeners.change(connection, one.id, one.address, one.events, now=now)
        _note(connection, by, "tested", one, now)
        happened = Happened(Event.TEST, f"webhook {one.id}", {"webhook_id": one.id})
        return outbox.add(connection, one.id, happened, now=now)


def replay(store: Store, listener_id: int, since: datetime, *, by: By, now: datetime) -> int:
    """Tells it again all that happened since, also when it had been given up; returns how much that is."""
    with store.write() as connection:
        one = get(connection, listener_id)
        listeners.change(connection, one.id, one.address, one.events, now=now)
        _note(connection, by, "replayed", one, now)
        return outbox.replay(connection, one.id, since=since, now=now)


def _checked(address: str, events: Iterable[Event]) -> Sequence[Event]:
    target_of(address)
    if without_userinfo(address) != address:
        raise ConflictError("a webhook's address holds no user name and no password; messages are signed instead")
    chosen = sorted(set(events))
    if not chosen or Event.TEST in chosen:
        raise ConflictError(f"a webhook is told of one at least of {', '.join(ASKED_FOR)}")
    return chosen


def _note(connection: Connection, by: By, act: str, one: Listener, now: datetime) -> None:
    about, detail = f"webhook {one.id}", without_userinfo(one.address).partition("?")[0]
    audit.note(connection, by.name, act, about=about, detail=detail, ip=by.ip, now=now)
