from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import TokenError
from syndicate.model import Article
from syndicate.render.links import Links, Signer

SIGNER = Signer("a secret of this test, 32 characters or more")
LINKS = Links("https://news.lakeside.example/", SIGNER)
IDS = st.integers(min_value=0, max_value=2**63 - 1)


@settings(deadline=None)
@given(IDS)
def test_a_token_names_its_subject_and_fits_into_an_address(subject: int) -> None:
    token = SIGNER.sign("unsubscribe", subject)
    assert SIGNER.verify("unsubscribe", token) == subject
    assert re.fullmatch(r"[0-9]+-[0-9a-f]{32}", token)


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


def test_ids_are_not_negative() -> None:
    with pytest.raises(ValueError, match="-1"):
        SIGNER.sign("unsubscribe", -1)


def test_addresses_of_readers_carry_their_token() -> None:
    assert LINKS.unsubscribe(12) == f"https://news.lakeside.example/unsubscribe/{SIGNER.sign('unsubscribe', 12)}"
    assert LINKS.preferences(12) == f"https://news.lakeside.example/preferences/{SIGNER.sign('preferences', 12)}"


def test_addresses_of_the_site(make_article: Callable[..., Article]) -> None:
    assert LINKS.view("daily", 7) == "https://news.lakeside.example/archive/daily/7"
    assert LINKS.feed("daily", "rss.xml") == "https://news.lakeside.example/feeds/daily/rss.xml"
    assert LINKS.article(make_article(3, url="https://wire.example/3")) == "https://wire.example/3"
    assert LINKS.article(make_article(3, slug="last ferry")) == "https://news.lakeside.example/articles/last%20ferry"
    assert LINKS.article(make_article(3)) == "https://news.lakeside.example/articles/3"
