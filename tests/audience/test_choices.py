from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.audience import choices
from syndicate.errors import NotFoundError, SyndicateError
from syndicate.settings import Newsletter


def _newsletter(slug: str) -> Newsletter:
    return Newsletter(
        slug=slug, title=slug, sender="n@example.org", cadences={"daily": "0 7 * * *", "weekly": "0 7 * * mon"}
    )


BRIEF, SPORT = _newsletter("brief"), _newsletter("sport")


def test_newsletters_are_named_once_each_in_any_case() -> None:
    assert choices.newsletters_of([BRIEF, SPORT], [" Sport ", "brief", "sport", ""]) == (SPORT, BRIEF)


def test_the_only_newsletter_need_not_be_named() -> None:
    assert choices.newsletters_of([BRIEF], [""]) == (BRIEF,)


def test_a_choice_of_newsletters_must_be_made() -> None:
    with pytest.raises(SyndicateError, match="name a newsletter: brief, sport"):
        choices.newsletters_of([BRIEF, SPORT], [])
    with pytest.raises(SyndicateError, match="there is no newsletter yet"):
        choices.newsletters_of([], [])


def test_an_unknown_newsletter_is_told_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="no newsletter 'brie'; there is: brief, sport"):
        choices.newsletters_of([BRIEF, SPORT], ["brie"])


def test_cadences_are_the_newsletters_own() -> None:
    assert choices.cadence_of(BRIEF, " Weekly ") == "weekly"
    with pytest.raises(NotFoundError, match="no brief cadence 'hourly'; there is: daily, weekly"):
        choices.cadence_of(BRIEF, "hourly")


def test_names_are_one_line() -> None:
    assert choices.name_of("  Jo\u0301\n van\u2028der \t Berg ") == "Jó van der Berg"
    assert choices.name_of("می‌خواهم") == "می‌خواهم"


@pytest.mark.parametrize("name", ["a\0b", "a\x07", "a\u202eb", "\ud800", "x" * 201])
def test_names_that_would_deceive_are_refused(name: str) -> None:
    with pytest.raises(SyndicateError, match="the name"):
        choices.name_of(name)


def test_topics() -> None:
    assert choices.topics_of(["lake; Boats ;", "", " sea  ports"]) == ("lake", "Boats", "sea ports")
    with pytest.raises(SyndicateError, match="the topic"):
        choices.topics_of(["a\0"])


@pytest.mark.parametrize(
    ("text", "expected"), [("", None), (" en ", "en"), ("de_AT", "de-AT"), ("sr-Latn-RS", "sr-Latn-RS")]
)
def test_languages(text: str, expected: str | None) -> None:
    assert choices.language_of(text) == expected


@pytest.mark.parametrize("text", ["english", "e", "en-", "12", "en\nde", "<b>"])
def test_what_is_no_language(text: str) -> None:
    with pytest.raises(SyndicateError, match="is not a language tag"):
        choices.language_of(text)


def test_timezones() -> None:
    assert choices.timezone_of(" Europe/Belgrade ") == "Europe/Belgrade"
    assert choices.timezone_of("UTC") == "UTC"
    assert choices.timezone_of("") is None


@pytest.mark.parametrize("text", ["Europe/Belgarde", "../../etc/passwd", "CEST+99", "a\0b", "x" * 1_000_000])
def test_what_is_no_timezone(text: str) -> None:
    with pytest.raises(SyndicateError, match="is not an IANA time zone"):
        choices.timezone_of(text)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_a_name_that_is_taken_is_taken_as_it_is_the_second_time(text: str) -> None:
    try:
        name = choices.name_of(text)
    except SyndicateError:
        return
    assert choices.name_of(name) == name
    assert not set(name) & set("\r\n\0\t")
