"""Who may sign in: invited once, with a password that nobody else knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from syndicate.desk import entry, passwords, people, sessions
from syndicate.errors import ConflictError, NotFoundError, PasswordError, TokenError
from syndicate.model import Role
from syndicate.store import Store, audit, users
from tests.feeds.newsroom import NOON

WORDS = "tramway oyster lint"
SITE = "Lakeside Courier"


def test_a_link_is_for_one_password_and_a_day(store: Store) -> None:
    token = people.add(store, " Ana ", Role.EDITOR, by="ben", now=NOON)
    assert entry.check(store, "ana", "") is None
    assert people.invited(store, token, now=NOON).name == "ana"
    for wrong, now in ((token + "x", NOON), (token, NOON + people.INVITED_FOR), ("", NOON)):
        with pytest.raises(TokenError):
            people.accept(store, wrong, WORDS, SITE, ip="", now=now)
    for guessable in ("lakesidecourier1", "password1234"):
        with pytest.raises(PasswordError):
            people.accept(store, token, guessable, SITE, ip="", now=NOON)
    user = people.accept(store, token, WORDS, SITE, ip="", now=NOON)
    with pytest.raises(TokenError):
        people.accept(store, token, "another tramway oyster", SITE, ip="", now=NOON)
    assert entry.check(store, "ANA", WORDS) == user
    assert entry.check(store, "ana", WORDS + " ") is None
    assert entry.check(store, "nobody", WORDS) is None
    with store.read() as connection:
        acts = [(one.who, one.act, one.about, one.detail) for one in audit.newest(connection, limit=5)]
    assert acts == [("ana", "chose a password", "user ana", ""), ("ben", "added", "user ana", "editor")]


def test_a_name_is_plain(store: Store) -> None:
    for name in ("", "-ana", "ana@lake.example", "a" * 41, "ana b", "аna", "ana\n1"):
        with pytest.raises(ConflictError, match="a name has"):
            people.add(store, name, Role.EDITOR, by="ben", now=NOON)


def test_the_first_operator_is_invited_until_somebody_can_sign_in(store: Store) -> None:
    first = people.invite_first(store, now=NOON)
    again = people.invite_first(store, now=NOON)
    assert first
    assert again
    assert first[0] == again[0] == "operator"
    with pytest.raises(TokenError):
        people.invited(store, first[1], now=NOON)
    with pytest.raises(ConflictError, match="already"):
        people.add(store, "operator", Role.VIEWER, by="ben", now=NOON)
    people.accept(store, again[1], WORDS, SITE, ip="", now=NOON)
    assert people.invite_first(store, now=NOON) is None


def test_a_hash_of_earlier_parameters_is_replaced(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    token = people.add(store, "ana", Role.EDITOR, by="ben", now=NOON)
    with monkeypatch.context() as patched:
        patched.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
        people.accept(store, token, WORDS, SITE, ip="", now=NOON)
    assert entry.check(store, "ana", WORDS)
    with store.read() as connection:
        found = users.credentials(connection, "ana")
    assert found
    assert "m=64" in found.password_hash


def test_a_session_ends_by_itself_and_a_proof_is_for_a_while(store: Store) -> None:
    user = people.accept(store, people.add(store, "ana", Role.EDITOR, by="", now=NOON), WORDS, SITE, ip="", now=NOON)
    key = sessions.begin(store, user, ip="", agent="", now=NOON)
    assert sessions.resume(store, key, now=NOON + sessions.IDLE)
    assert sessions.resume(store, key, now=NOON + 3 * sessions.IDLE) is None
    for hours in range(1, 13):
        assert sessions.resume(store, key, now=NOON + timedelta(hours=hours))
    assert sessions.resume(store, key, now=NOON + timedelta(hours=12, seconds=1)) is None
    later = NOON + timedelta(hours=12)
    session = sessions.resume(store, key, now=later)
    assert session
    assert not sessions.is_fresh(session, later)
    new = sessions.prove(store, session, ip="", now=later)
    proved = sessions.resume(store, new, now=later)
    assert proved
    assert sessions.is_fresh(proved, later)
    assert (proved.began_at, sessions.resume(store, key, now=later)) == (session.began_at, None)
    other = sessions.begin(store, user, ip="", agent="", now=later, instead_of=new)
    assert sessions.resume(store, new, now=later) is None
    assert sessions.resume(store, other, now=later)


def test_the_last_operator_stays_and_a_changed_user_signs_in_again(store: Store) -> None:
    keys = {}
    for name, role in (("ana", Role.OPERATOR), ("ben", Role.EDITOR)):
        user = people.accept(store, people.add(store, name, role, by="", now=NOON), WORDS, SITE, ip="", now=NOON)
        keys[name] = sessions.begin(store, user, ip="", agent="", now=NOON)
    people.add(store, "cleo", Role.OPERATOR, by="ana", now=NOON)
    with pytest.raises(ConflictError, match="the last operator"):
        people.remove(store, "ana", by="ana", now=NOON)
    with pytest.raises(ConflictError, match="the last operator"):
        people.give_role(store, "ana", Role.VIEWER, by="ana", now=NOON)
    people.give_role(store, "ana", Role.OPERATOR, by="ana", now=NOON)
    assert sessions.resume(store, keys["ana"], now=NOON)
    people.give_role(store, "ben", Role.OPERATOR, by="ana", now=NOON)
    assert sessions.resume(store, keys["ben"], now=NOON) is None
    people.remove(store, "ana", by="ben", now=NOON)
    assert sessions.resume(store, keys["ana"], now=NOON) is None
    with pytest.raises(NotFoundError):
        people.remove(store, "ana", by="ben", now=NOON)
    with store.read() as connection:
        assert [(one.user.name, one.has_password) for one in users.everyone(connection)] == [
            ("ben", True),
            ("cleo", False),
        ]


def test_a_reset_ends_the_password_and_the_sessions(store: Store) -> None:
    user = people.accept(store, people.add(store, "ana", Role.EDITOR, by="", now=NOON), WORDS, SITE, ip="", now=NOON)
    key = sessions.begin(store, user, ip="", agent="", now=NOON)
    token = people.reset(store, "ana", by="ben", now=NOON)
    assert sessions.resume(store, key, now=NOON) is None
    assert entry.check(store, "ana", WORDS) is None
    people.accept(store, token, WORDS, SITE, ip="", now=NOON)
    assert entry.check(store, "ana", WORDS)


def test_somebody_ends_their_other_sessions_and_nobody_elses(store: Store) -> None:
    def sign_in(name: str) -> str:
        with store.write() as connection:
            user = users.named(connection, name) or users.add(connection, name, Role.EDITOR, now=NOON)
        return sessions.begin(store, user, ip="", agent="", now=NOON)

    def is_open(key: str) -> bool:
        return sessions.resume(store, key, now=NOON) is not None

    mine, second, third, hers = sign_in("ana"), sign_in("ana"), sign_in("ana"), sign_in("ben")
    session = sessions.resume(store, mine, now=NOON)
    assert session
    for which in (session.key_hash[: sessions.SHOWN], sessions.hash_of(hers)[: sessions.SHOWN], "nobody"):
        with pytest.raises(NotFoundError):
            sessions.end_others(store, session, which, ip="", now=NOON)
    sessions.end_others(store, session, sessions.hash_of(second)[: sessions.SHOWN], ip="", now=NOON)
    assert [is_open(one) for one in (mine, second, third, hers)] == [True, False, True, True]
    sessions.end_others(store, session, None, ip="", now=NOON)
    assert [is_open(one) for one in (mine, second, third, hers)] == [True, False, False, True]
