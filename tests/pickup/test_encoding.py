"""Encodings: what people's editors write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.pickup.encoding import decode

SAID = "“Déjà vu” — it’s 3 € a cup, said the owner.\nНовости: ещё один день.\n"
WESTERN = "“Déjà vu” — it’s 3 € a cup.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_right(encoding: str) -> None:
    assert decode(SAID.encode(encoding)) == SAID


def test_windows_1252_is_the_fallback() -> None:
    assert decode(WESTERN.encode("cp1252")) == WESTERN


def test_declared_encoding_is_asked_before_the_fallback() -> None:
    assert decode("Мост".encode("cp1251"), "windows-1251") == "Мост"
    assert decode(SAID.encode(), "windows-1251") == SAID
    assert decode(WESTERN.encode("cp1252"), "no-such-thing") == WESTERN


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([None, "koi8-r", "base64", "x\0y", "utf-7"]))
def test_never_raises(data: bytes, declared: str | None) -> None:
    assert isinstance(decode(data, declared), str)


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=50))
def test_utf8_comes_back(text: str) -> None:
    assert decode(text.encode()) == text
