"""Who may sign in: added by name and role, invited by a link, with a password of their own."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from syndicate.desk import passwords
from syndicate.errors import ConflictError, NotFoundError, TokenError
from syndicate.model import Role, User
from syndicate.store import Connection, Store, audit, recovery, sessions, users

INVITED_FOR = timedelta(hours=24)
"""How long a link to set up an account can be used, once."""

FIRST = "operator"
"""The name of who is made when there is nobody."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")


def folded(name: str) -> str:
    """A name as it is kept: case and space around it mean nothing."""
    return name.strip().lower()


def add(store: Store, name: str, role: Role, *, by: str, ip: str = "", now: datetime) -> str:
    """Somebody new; returns the token with which they choose a password.

    :raises ConflictError: when the name is taken, or is none.
    """
    name = folded(name)
    if not _NAME.fullmatch(name):
        raise ConflictError(f"user {name[:60]!r}: a name has up to 40 letters a-z, digits, dots, hyphens, underscores")
    with store.write() as connection:
        if users.named(connection, name):
            raise ConflictError(f"there is a user {name} already")
        user = users.add(connection, name, role, now=now)
        audit.note(connection, by, "added", about=f"user {name}", detail=role, ip=ip, now=now)
        token, token_hash = _new_token()
        users.invite(connection, user.id, token_hash, until=now + INVITED_FOR)
    return token


def reset(store: Store, name: str, *, by: str, ip: str = "", now: datetime) -> str:
    """Returns the token with which somebody chooses another password; until then they can't sign in.

    :raises NotFoundError: when there is no such user.
    """
    with store.write() as connection:
        user = _known(connection, name)
        users.clear_password(connection, user.id)
        sessions.end_all(connection, user.id)
        token, token_hash = _new_token()
        users.invite(connection, user.id, token_hash, until=now + INVITED_FOR)
        audit.note(connection, by, "made a link to set a password", about=f"user {user.name}", ip=ip, now=now)
    return token


def forget_codes(store: Store, name: str, *, by: str, ip: str = "", now: datetime) -> None:
    """They need no code any more, and none of their recovery codes is good.

    :raises NotFoundError: when there is no such user.
    """
    with store.write() as connection:
        user = _known(connection, name)
        users.set_codes(connection, user.id, "", 0)
        recovery.replace(connection, user.id, ())
        audit.note(connection, by, "removed codes", about=f"user {user.name}", ip=ip, now=now)


def give_role(store: Store, name: str, role: Role, *, by: str, ip: str = "", now: datetime) -> None:
    """Another role; they are signed out everywhere.

    :raises NotFoundError: when there is no such user. :raises ConflictError: for the last operator.
    """
    with store.write() as connection:
        user = _known(connection, name)
        if user.role == role:
            return
        _spare_last_operator(connection, user)
        users.set_role(connection, user.id, role)
        sessions.end_all(connection, user.id)
        audit.note(connection, by, "changed role", about=f"user {user.name}", detail=role, ip=ip, now=now)


def sign_out(store: Store, name: str, *, by: str, ip: str = "", now: datetime) -> None:
    """They are signed out everywhere. :raises NotFoundError: when there is no such user."""
    with store.write() as connection:
        user = _known(connection, name)
        sessions.end_all(connection, user.id)
        audit.note(connection, by, "signed out", about=f"user {user.name}", ip=ip, now=now)


def remove(store: Store, name: str, *, by: str, ip: str = "", now: datetime) -> None:
    """They are gone; what they did stays in the audit log.

    :raises NotFoundError: when there is no such user. :raises ConflictError: for the last operator.
    """
    with store.write() as connection:
        user = _known(connection, name)
        _spare_last_operator(connection, user)
        users.remove(connection, user.id)
        audit.note(connection, by, "removed", about=f"user {user.name}", ip=ip, now=now)


def invite_first(store: Store, *, now: datetime) -> tuple[str, str] | None:
    """When nobody can sign in yet: the name of an operator, and the token with which they choose a password."""
    with store.write() as connection:
        if users.is_anybody(connection):
            return None
        found = users.first(connection, Role.OPERATOR)
        user = found or users.add(connection, FIRST, Role.OPERATOR, now=now)
        if not found:
            audit.note(connection, "syndicate", "added", about=f"user {user.name}", detail=user.role, now=now)
        token, token_hash = _new_token()
        users.invite(connection, user.id, token_hash, until=now + INVITED_FOR)
    return user.name, token


def invited(store: Store, token: str, *, now: datetime) -> User:
    """Whom that link is for. :raises TokenError: when it is not one, was used, or is too old."""
    with store.read() as connection:
        user = users.by_invitation(connection, _hash(token), now=now)
    if user is None:
        raise TokenError("this link was used, or is too old; an operator can make another")
    return user


def accept(store: Store, token: str, password: str, site: str, *, ip: str, now: datetime) -> User:
    """Keeps the password that they chose; the link can't be used again, and they are signed out everywhere.

    ``site`` is the site's name. :raises TokenError: as for ``invited``. :raises PasswordError: when it can be guessed.
    """
    user = invited(store, token, now=now)
    passwords.check_new(password, (user.name, site))
    kept = passwords.hash_of(password)
    with store.write() as connection:
        if users.by_invitation(connection, _hash(token), now=now) != user:
            raise TokenError("this link was used meanwhile")
        users.set_password(connection, user.id, kept)
        sessions.end_all(connection, user.id)
        audit.note(connection, user.name, "chose a password", about=f"user {user.name}", ip=ip, now=now)
    return user


def _known(connection: Connection, name: str) -> User:
    user = users.named(connection, folded(name))
    if user is None:
        raise NotFoundError("user", name, [one.user.name for one in users.everyone(connection)])
    return user


def _spare_last_operator(connection: Connection, user: User) -> None:
    """Taken out of a transaction that writes, so that two can't remove each other at once."""
    others = [one for one in users.everyone(connection) if one.user.role == Role.OPERATOR and one.user != user]
    if user.role == Role.OPERATOR and not any(one.has_password for one in others):
        raise ConflictError(f"user {user.name} is the last operator who can sign in; make another one first")


def _new_token() -> tuple[str, str]:
    token = secrets.token_urlsafe(32)
    return token, _hash(token)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
