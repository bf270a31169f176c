"""Encodings: what people's editors write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.pickup.encoding import decode, mended
from syndicate.pickup.feed import parse_feed

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


RUSSIAN = "Паром снова ходит по озеру: первые пассажиры переправились ещё до завтрака, сообщает капитан."
SERBIAN = "Трајект поново плови језером, а први путници прешли су још пре доручка."
LATIN = "Trajekt ponovo plovi jezerom; prvi putnici prešli su već pre doručka, kaže kapetan Đurić."
POLISH = "Prom znów pływa po jeziorze, a pierwsi pasażerowie przeprawili się jeszcze przed śniadaniem."
CZECH = "Přívoz opět jezdí přes jezero a první cestující se přeplavili ještě před snídaní."
FRENCH = "Le bac traverse à nouveau le lac ; les premiers passagers étaient déjà là, précise l’équipage, très ému."
GERMAN = "Die Fähre fährt wieder über den See: die ersten Gäste kamen schon vor dem Frühstück, heißt es."
DANISH = "Færgen sejler igen på søen, og de første passagerer kom over før morgenmaden."

GOLDEN = [
    *((RUSSIAN, name) for name in ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac_cyrillic")),
    (SERBIAN, "cp1251"),
    *((text, name) for text in (LATIN, POLISH, CZECH) for name in ("cp1250", "iso8859-2")),
    *((text, "cp1252") for text in (FRENCH, GERMAN, DANISH)),
    ("НОВОСТИ ОЗЕРА", "cp1251"),
    ("Новости", "koi8-r"),
]


@pytest.mark.parametrize(("text", "encoding"), GOLDEN)
def test_what_is_declared_wrongly_or_not_at_all_is_guessed(text: str, encoding: str) -> None:
    for declared in (None, "utf-8"):
        assert decode(text.encode(encoding), declared) == text
    page = f"<html><body><p>{text}</p></body></html>".encode(encoding)
    assert text in decode(page, "utf-8")


def test_damaged_utf8_stays_utf8() -> None:
    damaged = RUSSIAN.encode()[:-1] + b"\xff ok"
    assert decode(damaged).startswith(RUSSIAN[:-1])


@pytest.mark.parametrize("declared", ["", ' encoding="UTF-8"'])
@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_a_feed_that_says_utf8_and_is_not(encoding: str, declared: str) -> None:
    item = f"<channel><item><title>{RUSSIAN}</title></item></channel>"
    feed = f'<?xml version="1.0"{declared}?><rss version="2.0">{item}</rss>'
    said = parse_feed(feed.encode(encoding), "https://a.example/", "application/rss+xml; charset=utf-8")
    assert [one.title for one in said.contents] == [RUSSIAN]
    right = feed.replace("UTF-8", encoding).encode(encoding)
    if declared:
        assert mended(right, None) == (right, None)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([None, "koi8-r", "base64", "x\0y", "utf-7"]))
def test_never_raises(data: bytes, declared: str | None) -> None:
    assert isinstance(decode(data, declared), str)


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=50))
def test_utf8_comes_back(text: str) -> None:
    assert decode(text.encode()) == text
