"""Who may sign in. Called by the desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from syndicate.model import Role, User
from syndicate.store.schema import users


def add(connection: Connection, name: str, role: Role, *, now: datetime) -> User:
    """Somebody new, who can't sign in until they have a password."""
    row = {"name": name, "role": role, "password_hash": "", "totp_secret": "", "totp_step": 0, "created_at": now}
    key = connection.execute(insert(users).values(row)).inserted_primary_key
    assert key is not None
    return User(id=key[0], name=name, role=role)


def named(connection: Connection, name: str) -> User | None:
    """The user of that name."""
    row = connection.execute(select(users.c.id, users.c.name, users.c.role).where(users.c.name == name)).first()
    return User(id=row.id, name=row.name, role=Role(row.role)) if row else None
