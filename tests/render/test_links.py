from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ExpiredError, TokenError
from syndicate.model import Article
from syndicate.render.links import PREFERENCES_LAST, Links, Signer, extended

SIGNER = Signer("a secret of this test, 32 characters or more")
LINKS = Links("https://news.lakeside.example/", SIGNER)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
IDS = st.integers(min_value=0, max_value=2**63 - 1)


@settings(deadline=None)
@given(IDS)
def test_a_token_names_its_subject_and_fits_into_an_address(subject: int) -> None:
    token = SIGNER.sign("unsubscribe", subject)
    assert SIGNER.verify("unsubscribe", token) == subject
    assert re.fullmatch(r"[0-9]+-[0-9a-f]{32}", token)


@settings(deadline=None)
@given(IDS)
def test_a_short_token_is_like_one_in_ten_digits(subject: int) -> None:
    short, long = SIGNER.sign_short("return", subject), SIGNER.sign("return", subject)
    assert SIGNER.verify_short("return", short) == SIGNER.verify_short("return", long) == subject
    assert len(short) <= len(long)
    for other in (SIGNER.sign_short("notice", subject), f"{short}0", f"1{short}", "-" + short):
        with pytest.raises(TokenError):
            SIGNER.verify_short("return", other)


@settings(deadline=None)
@given(IDS, st.text(min_size=1, max_size=3), st.integers(0, 60), st.booleans())
def test_a_changed_token_is_refused(subject: int, other: str, at: int, insert: bool) -> None:
    token = SIGNER.sign("unsubscribe", subject)
    changed = token[:at] + other + token[at + (0 if insert else len(other)) :]
    if changed != token:
        with pytest.raises(TokenError):
            SIGNER.verify("unsubscribe", changed)


@settings(deadline=None)
@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        SIGNER.verify("unsubscribe", text)


def test_a_token_serves_one_purpose_of_one_site() -> None:
    token = SIGNER.sign("preferences", 12)
    with pytest.raises(TokenError):
        SIGNER.verify("unsubscribe", token)
    with pytest.raises(TokenError):
        Signer("another secret").verify("preferences", token)


@settings(deadline=None)
@given(IDS, st.integers(0, 20_000), st.integers(0, 20_000))
def test_a_token_that_expires_is_good_until_its_day_is_over(subject: int, day: int, later: int) -> None:
    until, now = EPOCH + timedelta(days=day, hours=9), EPOCH + timedelta(days=later, hours=23)
    token = SIGNER.sign_until("preferences", subject, until)
    if later <= day:
        assert SIGNER.verify_until("preferences", token, now) == subject
    else:
        with pytest.raises(ExpiredError) as caught:
            SIGNER.verify_until("preferences", token, now)
        assert caught.value.subject == subject


@settings(deadline=None)
@given(IDS, st.integers(0, 20_000), st.integers(1, 20_000))
def test_nobody_makes_a_token_last_longer(subject: int, day: int, more: int) -> None:
    number, expires, mac = SIGNER.sign_until("preferences", subject, EPOCH + timedelta(days=day)).split("-")
    forged = [f"{number}-{int(expires) + more}-{mac}", f"{number}-{mac}", SIGNER.sign("preferences", subject)]
    for token in forged:
        with pytest.raises(TokenError):
            SIGNER.verify_until("preferences", token, EPOCH)
    with pytest.raises(TokenError):
        SIGNER.verify("preferences", f"{number}-{expires}-{mac}")
    with pytest.raises(TokenError):
        SIGNER.verify_until("unsubscribe", f"{number}-{expires}-{mac}", EPOCH)


@settings(deadline=None)
@given(st.text())
def test_any_other_text_is_refused_as_one_that_expires(text: str) -> None:
    with pytest.raises(TokenError):
        SIGNER.verify_until("preferences", text, EPOCH)


def test_ids_are_not_negative() -> None:
    with pytest.raises(ValueError, match="-1"):
        SIGNER.sign("unsubscribe", -1)


def test_addresses_of_readers_carry_their_token() -> None:
    assert LINKS.unsubscribe(12) == f"https://news.lakeside.example/unsubscribe/{SIGNER.sign('unsubscribe', 12)}"
    until = SIGNER.sign_until("preferences", 12, NOW + PREFERENCES_LAST)
    assert LINKS.preferences(12, NOW) == f"https://news.lakeside.example/preferences/{until}"
    assert LINKS.confirm("abc") == "https://news.lakeside.example/confirm/abc"


def test_addresses_of_the_site(make_article: Callable[..., Article]) -> None:
    assert LINKS.view("daily", 7) == "https://news.lakeside.example/archive/daily/7"
    assert LINKS.feed("daily", "rss.xml") == "https://news.lakeside.example/feeds/daily/rss.xml"
    assert LINKS.article(make_article(3, url="https://wire.example/3")) == "https://wire.example/3"
    assert LINKS.article(make_article(3, slug="last ferry")) == "https://news.lakeside.example/articles/last%20ferry"
    assert LINKS.article(make_article(3)) == "https://news.lakeside.example/articles/3"


def test_a_local_part_is_never_too_long() -> None:
    assert extended("news@lake.example", "confirm-abc") == "news+confirm-abc@lake.example"
    local = (extended("a@b", "x" * 62) or "").partition("@")[0]
    assert len(local) == 64
    assert extended("a@b", "x" * 63) is None
    assert extended("ä@b", "x" * 62) is None
