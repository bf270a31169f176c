"""Tokens with which programs use the API: what each may do, and until when. Called by the API, console and commands."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from syndicate.errors import AccessError, ConflictError, NotFoundError, ScopeError
from syndicate.store import Store, audit, tokens
from syndicate.store.tokens import Token

PREFIX = "syndicate_"
"""What every token begins with, so that programs that look for secrets in files find it."""

LONGEST_DAYS = 3650

_USED_EVERY = timedelta(minutes=1)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?")


class Scope(StrEnum):
    """What a token allows. None includes another one."""

    READ = "read"
    ARTICLES_WRITE = "articles:write"
    DIGESTS_SEND = "digests:send"
    READERS_READ = "readers:read"
    READERS_WRITE = "readers:write"
    READERS_ERASE = "readers:erase"
    WEBHOOKS = "webhooks"
    AUDIT_READ = "audit:read"

    @property
    def means(self) -> str:
        """The same for people."""
        return _MEANINGS[self]


_MEANINGS: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.READ: "look at everything but readers and who did what",
        Scope.ARTICLES_WRITE: "bring, change, release and withdraw articles",
        Scope.DIGESTS_SEND: "send test copies; send to all, approve, pause, resume, cancel and retry digests",
        Scope.READERS_READ: "look at subscribers, deliveries, bounces, complaints, consents and suppressions",
        Scope.READERS_WRITE: "add, import, change and suppress subscribers, and change what they get",
        Scope.READERS_ERASE: "erase subscribers for good",
        Scope.WEBHOOKS: "say which programs are told what happens",
        Scope.AUDIT_READ: "look at who did what",
    }
)


def add(
    store: Store, name: str, scopes: Iterable[Scope], days: int, *, by: str, ip: str = "", now: datetime
) -> tuple[Token, str]:
    """A new one that is good for so many days, and its text, which can't be had again.

    :raises ConflictError: when the name is taken or is none, or nothing is allowed, or the days are none.
    """
    name, chosen = name.strip().lower(), tuple(sorted({Scope(one) for one in scopes}))
    if not _NAME.fullmatch(name):
        raise ConflictError(f"token {name[:80]!r}: a name has up to 60 letters a-z, digits, dots, hyphens, underscores")
    if not chosen:
        raise ConflictError(f"token {name}: at least one scope of {', '.join(Scope)}")
    if not 1 <= days <= LONGEST_DAYS:
        raise ConflictError(f"token {name}: good for 1 to {LONGEST_DAYS} days")
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token(id=0, name=name, scopes=chosen, created_by=by, created_at=now, expires_at=now + timedelta(days=days))
    with store.write() as connection:
        if tokens.named(connection, name):
            raise ConflictError(f"there is a token {name} already; revoke it, or choose another name")
        tokens.add(connection, token, _hash(text))
        audit.note(connection, by, "added", about=f"token {name}", detail=", ".join(chosen), ip=ip, now=now)
    return token, text


def revoke(store: Store, name: str, *, by: str, ip: str = "", now: datetime) -> None:
    """It opens nothing from now on. :raises NotFoundError: when there is no such token."""
    with store.write() as connection:
        token = tokens.named(connection, name)
        if token is None:
            raise NotFoundError("token", name, [one.name for one in tokens.everyone(connection)])
        tokens.remove(connection, token.id)
        audit.note(connection, by, "revoked", about=f"token {token.name}", ip=ip, now=now)


def check(store: Store, authorization: str | None, scope: Scope, now: datetime) -> Token:
    """The token that the Authorization header of a request shows: ``Bearer syndicate_…`` (RFC 6750 §2.1).

    Its ``name`` says who does something; write it into the audit log as ``token NAME``. Answer an AccessError with 401
    and ``WWW-Authenticate: Bearer``, and a ScopeError, which is one as well, with 403.

    :raises AccessError: when there is none, it is unknown, revoked or too old.
    :raises ScopeError: when it does not allow that.
    """
    kind, _, text = (authorization or "").strip().partition(" ")
    if kind.lower() != "bearer" or not text:
        raise AccessError("a token is needed: send the header Authorization: Bearer TOKEN")
    with store.read() as connection:
        token = tokens.by_hash(connection, _hash(text.strip()))
    if token is None:
        raise AccessError("this token is not known here; it may have been revoked")
    if token.expires_at and now >= token.expires_at:
        raise AccessError(f"token {token.name} is too old; ask an operator for another")
    if scope not in token.scopes:
        raise ScopeError(f"token {token.name} does not allow {scope}")
    if token.used_at is None or now - token.used_at > _USED_EVERY:
        with store.write() as connection:
            tokens.use(connection, token.id, now=now)
    return token


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
