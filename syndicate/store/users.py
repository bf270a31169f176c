"""Who may sign in. Called by the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from syndicate.model import Role, User
from syndicate.store.schema import sessions, users


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody proves with who they are; ``password_hash`` is empty until they chose one.

    ``totp_secret`` is sealed by the desk, and empty for who needs no code; ``totp_step`` is the last that was used.
    """

    user: User
    password_hash: str
    totp_secret: str
    totp_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A user as others see them. ``seen_at`` is when a session of theirs that is not over was last in use."""

    user: User
    has_password: bool
    has_codes: bool
    invited_until: datetime | None
    created_at: datetime
    seen_at: datetime | None


def add(connection: Connection, name: str, role: Role, *, now: datetime) -> User:
    """Somebody new, who can't sign in until they have a password."""
    row = {"name": name, "role": role, "password_hash": "", "totp_secret": "", "totp_step": 0, "created_at": now}
    key = connection.execute(insert(users).values(row)).inserted_primary_key
    assert key is not None
    return User(id=key[0], name=name, role=role)


def named(connection: Connection, name: str) -> User | None:
    """The user of that name."""
    return _user(connection.execute(_USERS.where(users.c.name == name)).first())


def first(connection: Connection, role: Role) -> User | None:
    """Who has had that role for longest."""
    return _user(connection.execute(_USERS.where(users.c.role == role).order_by(users.c.id)).first())


def by_id(connection: Connection, user_id: int) -> User | None:
    """The user with that id."""
    return _user(connection.execute(_USERS.where(users.c.id == user_id)).first())


def everyone(connection: Connection) -> list[Standing]:
    """All users, by name."""
    seen = select(func.max(sessions.c.seen_at)).where(sessions.c.user_id == users.c.id).scalar_subquery()
    columns = (users.c.password_hash, users.c.totp_secret, users.c.invitation_until, users.c.created_at)
    query = _USERS.add_columns(*columns, seen.label("seen_at")).order_by(users.c.name)
    return [
        Standing(
            user=User(id=row.id, name=row.name, role=Role(row.role)),
            has_password=bool(row.password_hash),
            has_codes=bool(row.totp_secret),
            invited_until=row.invitation_until,
            created_at=row.created_at,
            seen_at=row.seen_at,
        )
        for row in connection.execute(query)
    ]


def is_anybody(connection: Connection) -> bool:
    """Whether anybody can sign in."""
    return bool(connection.execute(select(exists().where(users.c.password_hash != ""))).scalar())


def credentials(connection: Connection, name: str) -> Credentials | None:
    """What the user of that name proves with who they are."""
    columns = (users.c.password_hash, users.c.totp_secret, users.c.totp_step)
    row = connection.execute(_USERS.add_columns(*columns).where(users.c.name == name)).first()
    if row is None:
        return None
    user = User(id=row.id, name=row.name, role=Role(row.role))
    return Credentials(user=user, password_hash=row.password_hash, totp_secret=row.totp_secret, totp_step=row.totp_step)


def invite(connection: Connection, user_id: int, token_hash: str, *, until: datetime) -> None:
    """They may choose a password with that token; with an earlier one no more."""
    values = {"invitation_hash": token_hash, "invitation_until": until}
    connection.execute(update(users).where(users.c.id == user_id).values(values))


def by_invitation(connection: Connection, token_hash: str, *, now: datetime) -> User | None:
    """Whom that token is for, while it can be used."""
    query = _USERS.where(users.c.invitation_hash == token_hash, users.c.invitation_until > now)
    return _user(connection.execute(query).first())


def set_password(connection: Connection, user_id: int, password_hash: str) -> None:
    """What they sign in with from now on; no token can change it any more."""
    values = {"password_hash": password_hash, "invitation_hash": None, "invitation_until": None}
    connection.execute(update(users).where(users.c.id == user_id).values(values))


def clear_password(connection: Connection, user_id: int) -> None:
    """They can't sign in until they chose one."""
    connection.execute(update(users).where(users.c.id == user_id).values(password_hash=""))


def renew_password(connection: Connection, user_id: int, password_hash: str, *, instead_of: str) -> None:
    """Another hash of the same password, unless they have another one meanwhile."""
    where = (users.c.id == user_id, users.c.password_hash == instead_of)
    connection.execute(update(users).where(*where).values(password_hash=password_hash))


def set_role(connection: Connection, user_id: int, role: Role) -> None:
    """What they may do from now on."""
    connection.execute(update(users).where(users.c.id == user_id).values(role=role))


def set_codes(connection: Connection, user_id: int, totp_secret: str, step: int) -> None:
    """They need codes from now on, later than that of ``step``; with an empty secret they need none."""
    connection.execute(update(users).where(users.c.id == user_id).values(totp_secret=totp_secret, totp_step=step))


def use_step(connection: Connection, user_id: int, step: int) -> bool:
    """Uses up the code of that step; false when it, or a later one, was used."""
    where = (users.c.id == user_id, users.c.totp_step < step)
    return connection.execute(update(users).where(*where).values(totp_step=step)).rowcount == 1


def remove(connection: Connection, user_id: int) -> None:
    """They are gone, with their sessions and codes; what they did stays in the audit log."""
    connection.execute(delete(users).where(users.c.id == user_id))


_USERS = select(users.c.id, users.c.name, users.c.role)


def _user(row: Row[Any, Any, Any] | None) -> User | None:
    return User(id=row.id, name=row.name, role=Role(row.role)) if row else None
