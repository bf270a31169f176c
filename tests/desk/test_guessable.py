"""Which passwords are easy to guess."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.desk import passwords
from syndicate.desk.guessable import is_guessable
from syndicate.errors import PasswordError


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2024!",
        "qwertyuiop12",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "987654321098",
        "abcabcabcabcabc",
        "iloveyou2you",
        "Lakeside-Courier-1",
        "ana-ana-ana-ana",
        "margarethe1990",
        "letmeinletmein!",
        "winterWinter2026",
        "q1w2e3r4t5y6",
        "contortionist",
        "jamesbond007",
        "892312436588",
        "            ",
    ],
)
def test_what_everyone_chooses_is_guessable(password: str) -> None:
    assert is_guessable(password, ["Lakeside Courier", "margarethe"])


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "tr4mway-oyster-lint", "xK9!vb2Qw#7m", "sun cat blue", "Straße Fluß Haus"],
)
def test_what_is_their_own_is_not(password: str) -> None:
    assert not is_guessable(password, ["Lakeside Courier", "ana"])


def test_what_a_program_made_is_not() -> None:
    assert not any(is_guessable(secrets.token_urlsafe(15)) for _ in range(50))


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_text_is_judged(password: str) -> None:
    assert is_guessable(password) or len(password) > 7


@pytest.mark.parametrize(
    ("password", "why"), [("short-one", "at least 12"), ("x1" * 200, "at most"), ("password1234", "words of your own")]
)
def test_a_new_password_is_refused_with_what_would_do(password: str, why: str) -> None:
    with pytest.raises(PasswordError, match=why) as raised:
        passwords.check_new(password)
    assert password not in str(raised.value)
