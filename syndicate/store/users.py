"""Who may sign in. Called by the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from syndicate.model import Role, User
from syndicate.store.schema import users


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody proves with who they are; ``password_hash`` is empty until they chose one."""

    user: User
    password_hash: str


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


def is_anybody(connection: Connection) -> bool:
    """Whether anybody can sign in."""
    return bool(connection.execute(select(exists().where(users.c.password_hash != ""))).scalar())


def credentials(connection: Connection, name: str) -> Credentials | None:
    """What the user of that name proves with who they are."""
    row = connection.execute(_USERS.add_columns(users.c.password_hash).where(users.c.name == name)).first()
    user = _user(row)
    return Credentials(user=user, password_hash=row.password_hash) if row and user else None


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


def renew_password(connection: Connection, user_id: int, password_hash: str, *, instead_of: str) -> None:
    """Another hash of the same password, unless they have another one meanwhile."""
    where = (users.c.id == user_id, users.c.password_hash == instead_of)
    connection.execute(update(users).where(*where).values(password_hash=password_hash))


_USERS = select(users.c.id, users.c.name, users.c.role)


def _user(row: Row[Any, Any, Any] | None) -> User | None:
    return User(id=row.id, name=row.name, role=Role(row.role)) if row else None
