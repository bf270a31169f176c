"""Tokens of programs: shown once, good for what they allow, for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicate.desk import tokens
from syndicate.desk.tokens import Scope
from syndicate.errors import AccessError, ConflictError, NotFoundError, ScopeError
from syndicate.store import Store, audit
from syndicate.store import tokens as rows
from tests.feeds.newsroom import NOON


def test_a_token_is_good_for_what_it_allows_until_it_ends(store: Store) -> None:
    token, text = tokens.add(store, "CMS", [Scope.ARTICLES_WRITE], 30, by="ana", now=NOON)
    assert tokens.check(store, f"Bearer {text}", Scope.ARTICLES_WRITE, NOON).name == "cms"
    assert tokens.check(store, f"bearer  {text} ", Scope.ARTICLES_WRITE, NOON + timedelta(days=29)).name == "cms"
    with store.read() as connection:
        (kept,) = rows.everyone(connection)
    assert (kept.created_by, kept.used_at, kept.expires_at) == ("ana", NOON + timedelta(days=29), token.expires_at)
    for shown in (None, "", "Bearer", "Bearer ", f"Basic {text}", text, f"Bearer {text}x", "Bearer \udcff"):
        with pytest.raises(AccessError):
            tokens.check(store, shown, Scope.ARTICLES_WRITE, NOON)
    with pytest.raises(AccessError, match="too old"):
        tokens.check(store, f"Bearer {text}", Scope.ARTICLES_WRITE, NOON + timedelta(days=30))
    with pytest.raises(ScopeError, match="does not allow"):
        tokens.check(store, f"Bearer {text}", "another", NOON)  # type: ignore[arg-type]
    tokens.revoke(store, "cms", by="ben", now=NOON)
    with pytest.raises(AccessError, match="not known"):
        tokens.check(store, f"Bearer {text}", Scope.ARTICLES_WRITE, NOON)
    with pytest.raises(NotFoundError):
        tokens.revoke(store, "cms", by="ben", now=NOON)
    with store.read() as connection:
        acts = [(one.who, one.act, one.about, one.detail) for one in audit.newest(connection, limit=5)]
    assert acts == [("ben", "revoked", "token cms", ""), ("ana", "added", "token cms", "articles:write")]
    assert text not in str(acts)


def test_what_makes_no_token_is_refused(store: Store) -> None:
    tokens.add(store, "cms", [Scope.ARTICLES_WRITE], 1, by="ana", now=NOON)
    for name, scopes, days, why in (
        ("cms", [Scope.ARTICLES_WRITE], 1, "already"),
        ("a b", [Scope.ARTICLES_WRITE], 1, "a name has"),
        ("new", [], 1, "at least one scope"),
        ("new", [Scope.ARTICLES_WRITE], 0, "1 to 3650"),
        ("new", [Scope.ARTICLES_WRITE], 10**9, "1 to 3650"),
    ):
        with pytest.raises(ConflictError, match=why):
            tokens.add(store, name, scopes, days, by="ana", now=NOON)
