"""Tokens of requests: what they look like, and that no other text is one."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from syndicate.render.tokens import FeedTokens, Tokens, hash_of, new_nonce

TOKENS = Tokens("a secret of this test, 32 characters or more")
NONCES = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(NONCES, st.sampled_from(["subscribe", "move"]))
def test_a_token_fits_into_a_local_part_and_is_the_same_each_time(nonce: str, purpose: str) -> None:
    token = TOKENS.token(purpose, nonce)
    assert re.fullmatch(r"[a-z2-7]{26}", token)
    assert TOKENS.token(purpose, nonce) == token
    assert len(f"{'n' * 29}+confirm-{token}") <= 64
    assert hash_of(token) == hash_of(token.upper()) == hash_of(token.capitalize())


@given(NONCES, NONCES)
def test_another_purpose_nonce_or_secret_makes_another_token(nonce: str, other: str) -> None:
    token = TOKENS.token("subscribe", nonce)
    assert token != TOKENS.token("move", nonce)
    assert token != Tokens("another secret").token("subscribe", nonce)
    assert (token == TOKENS.token("subscribe", other)) is (nonce == other)


@given(st.text(max_size=40))
def test_text_that_can_be_no_token_has_no_hash(text: str) -> None:
    assert (hash_of(text) is None) is (re.fullmatch(r"[a-z2-7]{26}", text.lower()) is None)


def test_nonces_are_128_bits_and_new_each_time() -> None:
    assert len({new_nonce() for _ in range(100)}) == 100
    assert all(len(bytes.fromhex(new_nonce())) == 16 for _ in range(3))


FEEDS = FeedTokens("a secret of this test, 32 characters or more")


@given(st.integers(1, 10**17), NONCES, NONCES)
def test_the_token_of_a_feed_is_of_one_subscription_one_nonce_and_one_secret(who: int, nonce: str, other: str) -> None:
    token = FEEDS.token(who, nonce)
    assert re.fullmatch(r"[0-9]+-[a-z2-7]{26}", token)
    assert FEEDS.subscription_of(token) == who
    assert (token == FEEDS.token(who, other)) is (nonce == other)
    others = (FEEDS.token(who + 1, nonce), FeedTokens("another secret").token(who, nonce))
    assert token.partition("-")[2] not in {one.partition("-")[2] for one in others}


@given(st.text(max_size=50) | st.from_regex(r"[0-9]{1,20}-[a-z0-9]{20,30}", fullmatch=True))
def test_other_text_is_no_token_of_a_feed(text: str) -> None:
    found = FEEDS.subscription_of(text)
    assert (found is None) is (re.fullmatch(r"[1-9][0-9]{0,17}-[a-z2-7]{26}", text, re.ASCII) is None)
