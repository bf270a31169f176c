"""Codes beside the password: once each, sealed at rest, and a way in without the phone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp

from syndicate.desk import codes, entry, people, sessions
from syndicate.desk.codes import Codes
from syndicate.model import Role, Session
from syndicate.store import Store, audit, users
from tests.feeds.newsroom import NOON

WORDS = "tramway oyster lint"


def signed_in(store: Store, now: datetime = NOON) -> Session:
    token = people.add(store, "ana", Role.EDITOR, by="", now=now)
    user = people.accept(store, token, WORDS, "", ip="", now=now)
    session = sessions.resume(store, sessions.begin(store, user, ip="", agent="", now=now), now=now)
    assert session
    return session


def test_a_code_is_of_its_half_minute_or_a_neighbour_and_later_than_the_last() -> None:
    secret, step = codes.new_secret(), int(NOON.timestamp()) // 30
    totp = pyotp.TOTP(secret)
    for away, is_right in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = codes.step_of(secret, totp.generate_otp(step + away), now=NOON, after=0)
        assert found == (step + away if is_right else None)
    assert codes.step_of(secret, totp.generate_otp(step), now=NOON, after=step) is None
    for wrong in ("", "12345", "１２３４５６", "abcdef", "1" * 7):
        assert codes.step_of(secret, wrong, now=NOON, after=0) is None


def test_a_secret_is_sealed_for_its_user_and_site() -> None:
    sealed = Codes("one secret").sealed("ABCD", 1)

    assert "ABCD" not in sealed
    assert Codes("one secret").opened(sealed, 1) == "ABCD"
    assert Codes("one secret").opened(sealed, 2) is None
    assert Codes("another").opened(sealed, 1) is None
    assert Codes("one secret").opened("é", 1) is Codes("one secret").opened("", 1) is None


def test_codes_are_set_up_used_once_and_removed(store: Store) -> None:
    box, session = Codes("one secret"), signed_in(store)
    other = sessions.begin(store, session.user, ip="", agent="", now=NOON)
    secret = codes.new_secret()
    sealed = box.sealed(secret, session.user.id)
    assert entry.set_up(store, box, session, sealed, "000000x", ip="", now=NOON) is None
    assert not entry.needs_code(store, "ana")
    made = entry.set_up(store, box, session, sealed, pyotp.TOTP(secret).at(NOON), ip="", now=NOON)
    assert made
    assert len({*made}) == 8
    assert sessions.resume(store, other, now=NOON) is None
    assert entry.needs_code(store, "ana")

    def let_in(code: str, now: datetime = NOON) -> bool:
        return entry.check_code(store, box, "ana", code, ip="", now=now) is not None

    later = NOON + timedelta(minutes=5)
    code = pyotp.TOTP(secret).at(later)
    assert not let_in(pyotp.TOTP(secret).at(NOON))
    assert let_in(f"{code[:3]} {code[3:]}", later)
    assert not let_in(code, later)
    assert not let_in("")
    assert let_in(made[0].upper().replace("-", " "))
    assert not let_in(made[0])
    renewed = entry.renew_recovery(store, session.user, ip="", now=NOON)
    assert not let_in(made[1])
    assert let_in(renewed[1])
    with store.read() as connection:
        found = users.credentials(connection, "ana")
        acts = [one.act for one in audit.newest(connection, limit=2)]
    assert found
    assert secret not in found.totp_secret
    assert acts == ["used a recovery code", "made recovery codes"]
    people.forget_codes(store, "ana", by="ben", now=NOON)
    assert not entry.needs_code(store, "ana")
    assert not let_in(renewed[2])


def test_another_password_ends_other_sessions(store: Store) -> None:
    session = signed_in(store)
    other = sessions.begin(store, session.user, ip="", agent="", now=NOON)
    entry.change_password(store, session, "oyster lint tramway", "", ip="", now=NOON)
    assert entry.check(store, "ana", WORDS) is None
    assert entry.check(store, "ana", "oyster lint tramway")
    assert sessions.resume(store, other, now=NOON) is None
    assert [one.key_hash for one in sessions.of_user(store, session.user, now=NOON)] == [session.key_hash]
