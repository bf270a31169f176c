"""Tokens of programs that use the API. Called by the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from syndicate.store.schema import api_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a program shows to be let in; only its hash is kept. ``scopes`` are words of ``desk.tokens.Scope``."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = None


def add(connection: Connection, token: Token, token_hash: str) -> None:
    """Keeps a new one; its ``id`` is given by the database."""
    row = {name: getattr(token, name) for name in ("name", "created_by", "created_at", "expires_at")}
    connection.execute(insert(api_tokens).values(row | {"scopes": list(token.scopes), "token_hash": token_hash}))


def by_hash(connection: Connection, token_hash: str) -> Token | None:
    """The one with that hash, however old."""
    row = connection.execute(_TOKENS.where(api_tokens.c.token_hash == token_hash)).mappings().first()
    return _token(row) if row else None


def named(connection: Connection, name: str) -> Token | None:
    """The one of that name."""
    row = connection.execute(_TOKENS.where(api_tokens.c.name == name)).mappings().first()
    return _token(row) if row else None


def everyone(connection: Connection) -> list[Token]:
    """All of them, by name."""
    return [_token(row) for row in connection.execute(_TOKENS.order_by(api_tokens.c.name)).mappings()]


def use(connection: Connection, token_id: int, *, now: datetime) -> None:
    """Keeps in mind that it is in use."""
    connection.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(used_at=now))


def remove(connection: Connection, token_id: int) -> None:
    """It opens nothing any more."""
    connection.execute(delete(api_tokens).where(api_tokens.c.id == token_id))


_TOKENS = select(
    *(api_tokens.c[name] for name in ("id", "name", "scopes", "created_by", "created_at", "expires_at", "used_at"))
)


def _token(row: RowMapping) -> Token:
    return Token(**{**row, "scopes": tuple(row["scopes"])})
