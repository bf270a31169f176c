"""Being signed in: begins with a key that only the browser has, ends after a while without use, and in any case."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from syndicate.errors import NotFoundError
from syndicate.model import Session, User
from syndicate.store import Store, audit, sessions
from syndicate.store.sessions import Seat

IDLE = timedelta(hours=2)
"""Without use for that long, it is over."""

LONGEST = timedelta(hours=12)
"""Over in any case: a working day."""

FRESH = timedelta(minutes=10)
"""How long a proof of who somebody is counts for what asks for one."""

SHOWN = 16
"""Characters of a key's hash by which a page names a session."""

_SEEN_EVERY = timedelta(minutes=1)


def begin(store: Store, user: User, *, ip: str, agent: str, now: datetime, instead_of: str | None = None) -> str:
    """Signs somebody in; returns the key for the browser's cookie. The key ``instead_of``, if any, opens no more."""
    key = secrets.token_urlsafe(32)
    with store.write() as connection:
        sessions.forget(connection, began_before=now - LONGEST, seen_before=now - IDLE)
        if instead_of:
            sessions.end(connection, hash_of(instead_of))
        sessions.add(connection, hash_of(key), user.id, ip=ip, agent=agent[:200], now=now)
        audit.note(connection, user.name, "signed in", ip=ip, now=now)
    return key


def resume(store: Store, key: str, *, now: datetime) -> Session | None:
    """The session of that key, None when there is none or it is over."""
    with store.read() as connection:
        found = sessions.by_hash(connection, hash_of(key))
    if found is None or now - found.seen_at > IDLE or now - found.began_at > LONGEST:
        return None
    if now - found.seen_at > _SEEN_EVERY:
        with store.write() as connection:
            sessions.see(connection, found.key_hash, now=now)
    return found


def prove(store: Store, session: Session, *, ip: str, now: datetime) -> str:
    """They proved again who they are; returns another key, for the old one opens no more."""
    key = secrets.token_urlsafe(32)
    with store.write() as connection:
        sessions.prove(connection, session.key_hash, hash_of(key), now=now)
        audit.note(connection, session.user.name, "proved who they are", ip=ip, now=now)
    return key


def of_user(store: Store, user: User, *, now: datetime) -> list[Seat]:
    """Where somebody is signed in, the one last used first."""
    with store.read() as connection:
        return sessions.of_user(connection, user.id, began_after=now - LONGEST, seen_after=now - IDLE)


def end_others(store: Store, session: Session, which: str | None, *, ip: str, now: datetime) -> None:
    """Ends another session of the same user, by the beginning of its key's hash; None ends all others.

    :raises NotFoundError: when there is no such session.
    """
    others = [one for one in of_user(store, session.user, now=now) if one.key_hash != session.key_hash]
    chosen = [one for one in others if which is None or one.key_hash[:SHOWN] == which]
    if which is not None and not chosen:
        raise NotFoundError("session", which)
    with store.write() as connection:
        for one in chosen:
            sessions.end(connection, one.key_hash)
        audit.note(connection, session.user.name, "signed out elsewhere", ip=ip, now=now)


def end(store: Store, session: Session, *, ip: str, now: datetime) -> None:
    """Signs out."""
    with store.write() as connection:
        sessions.end(connection, session.key_hash)
        audit.note(connection, session.user.name, "signed out", ip=ip, now=now)


def is_fresh(session: Session, now: datetime) -> bool:
    """Whether they proved lately who they are."""
    return now - session.proved_at <= FRESH


def hash_of(key: str) -> str:
    """What is kept of a key."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
