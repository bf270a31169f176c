"""What a reader wants, by address, subject and first line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.inbound.command import Command, Word, recognise

SLUGS = {"brief", "sport"}
TOKEN = "17-" + "0a" * 16
WORDS = st.sampled_from([Word.SUBSCRIBE, Word.UNSUBSCRIBE, Word.HELP])


@pytest.mark.parametrize(
    ("extension", "subject", "first_line", "expected"),
    [
        ("subscribe", "", "", Command(Word.SUBSCRIBE)),
        ("unsubscribe", "whatever", "whatever", Command(Word.UNSUBSCRIBE)),
        ("unsubscribe", "", f"unsubscribe {TOKEN}", Command(Word.UNSUBSCRIBE, TOKEN)),
        (f"unsubscribe-{TOKEN}", "subscribe", "", Command(Word.UNSUBSCRIBE, TOKEN)),
        ("help", "", "", Command(Word.HELP)),
        ("confirm-abc234", "unsubscribe", "Gladly!", Command(Word.CONFIRM, "abc234")),
        ("confirm-abc234", "Re: Confirm", "Unsubscribe", Command(Word.UNSUBSCRIBE)),
        ("", "subscribe", "", Command(Word.SUBSCRIBE, is_bare=True)),
        ("", "Unsubscribe", "hello", Command(Word.UNSUBSCRIBE, is_bare=True)),
        ("", f"unsubscribe {TOKEN}", "", Command(Word.UNSUBSCRIBE, TOKEN, is_bare=True)),
        ("", f"UNSUBSCRIBE {TOKEN.upper()}", "", Command(Word.UNSUBSCRIBE, TOKEN, is_bare=True)),
        ("", f"Re: unsubscribe {TOKEN}", "", Command(Word.UNSUBSCRIBE, TOKEN)),
        ("", "subscribe sport", "", Command(Word.SUBSCRIBE, newsletter="sport", is_bare=True)),
        ("subscribe", "subscribe sport", "", Command(Word.SUBSCRIBE, newsletter="sport")),
        ("", "Re: The Daily Brief", "Unsubscribe!", Command(Word.UNSUBSCRIBE)),
        ("", "AW: Re[2]: help", "", Command(Word.HELP)),
        ("", "", " „Subscribe“. ", Command(Word.SUBSCRIBE)),
    ],
)
def test_recognised(extension: str, subject: str, first_line: str, expected: Command) -> None:
    assert recognise(extension, subject, first_line, SLUGS) == expected


@pytest.mark.parametrize(
    ("extension", "subject", "first_line"),
    [
        ("", "", ""),
        ("", "How do I unsubscribe?", "I want to subscribe my aunt"),
        ("", "subscribe me", ""),
        ("", "subscribe other", ""),
        ("", "unsubscribe 17-abc", ""),
        ("", f"subscribe {TOKEN}", ""),
        ("", "confirm abc", ""),
        ("", "Unsubscribed", "resubscribe"),
        ("", "helpless", "> unsubscribe"),
        ("confirm", "", ""),
        ("bounce", "", ""),
    ],
)
def test_not_recognised(extension: str, subject: str, first_line: str) -> None:
    assert recognise(extension, subject, first_line, SLUGS) is None


@given(WORDS, st.sampled_from(["", " ", "\t", "  "]), st.sampled_from(["", ".", "!", '"']), st.data())
def test_case_and_surroundings_do_not_matter(word: Word, space: str, mark: str, data: st.DataObject) -> None:
    written = "".join(data.draw(st.sampled_from([char.lower(), char.upper()])) for char in word)
    subject = f"{space}{mark}{written}{mark}{space}"
    assert recognise("", subject, "", SLUGS) == Command(word, is_bare=True)
    assert recognise("", "Re: news", subject, SLUGS) == Command(word)


@given(st.text(), st.text(), st.text())
def test_any_text_has_an_answer(extension: str, subject: str, first_line: str) -> None:
    found = recognise(extension, subject, first_line, SLUGS)
    assert found is None or found.newsletter in {"", *SLUGS}


@given(st.integers(0, 10**19 - 1), st.binary(min_size=16, max_size=16), WORDS)
def test_a_token_survives_the_folding_of_case(number: int, mac: bytes, word: Word) -> None:
    token = f"{number}-{mac.hex()}"
    for written in (token, token.upper()):
        found = recognise("", f"unsubscribe {written}", "", SLUGS)
        assert found is not None
        assert found.token == token
