"""What the form of a draft says, without a page."""

from __future__ import annotations

import pytest

from syndicate.model import Choice, Chosen, Draft
from syndicate.web.console.digests.shelf import Mail, Shelf, in_scheme
from syndicate.web.console.digests.typed import Row, chosen, moved, problems, rows, words
from syndicate.web.fields import Fields

LETTER = Draft(newsletter="daily", cadence="daily")


@pytest.mark.parametrize(
    ("how", "article", "expected"),
    [
        ("up", 3, [(1, 1), (3, 2), (2, None), (4, None)]),
        ("down", 3, [(1, 1), (2, 2), (4, 3), (3, None)]),
        ("top", 3, [(3, 1), (1, None), (2, None), (4, None)]),
        ("up", 1, [(1, 1), (2, None), (3, None), (4, None)]),
        ("up", 9, [(1, None), (2, None), (3, None), (4, None)]),
    ],
)
def test_an_article_is_moved_and_the_rest_stays_free(
    how: str, article: int, expected: list[tuple[int, int | None]]
) -> None:
    given = [Row(1), Row(2), Row(9, "out"), Row(3), Row(4)]
    after = moved(given, how, article)
    assert [(row.article_id, row.place) for row in after if row.say == "in"] == expected
    assert Row(9, "out") in after


def test_what_was_moved_before_keeps_its_place() -> None:
    after = moved([Row(1, place=-3), Row(2, place=4), Row(3), Row(4)], "top", 4)
    assert [(row.article_id, row.place) for row in after] == [(4, 1), (1, 2), (2, 3), (3, None)]


def test_only_what_needs_to_be_said_is_kept() -> None:
    given = [Row(1), Row(2, place=1), Row(3, "out"), Row(4, "later"), Row(5), Row(6, "out")]
    assert chosen(given, {1, 2, 3}) == (
        Chosen(2, Choice.KEPT, 1),
        Chosen(3, Choice.LEFT_OUT),
        Chosen(4, Choice.POSTPONED),
        Chosen(5, Choice.ADDED),
    )


def test_forms_may_hold_anything() -> None:
    form = Fields(
        {
            "article": ["7", "7", "x", "9" * 40, "²"],
            "say-7": ["nonsense"],
            "place-7": ["1e9"],
            "subject": ["  a\x00b\n c "],
            "intro": ["x" * 20_001],
        }
    )
    assert rows(form) == [Row(7)]
    draft = words(form, LETTER)
    assert draft.subject == "ab c"
    assert set(problems(draft)) == {"intro"}


def test_a_mail_is_shown_in_either_scheme() -> None:
    html = (
        '<meta name="color-scheme" content="light dark"><style>:root { color-scheme: light dark; }'
        "@media (prefers-color-scheme: dark) { a {} } @media screen and (PREFERS-COLOR-SCHEME:light) { b {} }</style>"
    )
    dark = in_scheme(html, "dark")
    assert 'content="dark"' in dark
    assert "color-scheme: dark;" in dark
    assert "@media (min-width: 0) { a {} } @media screen and (max-width: 0) { b {} }" in dark
    assert "@media (max-width: 0) { a {} } @media screen and (min-width: 0) { b {} }" in in_scheme(html, "light")


def test_the_shelf_gives_to_who_put_and_forgets_the_oldest() -> None:
    shelf, mail = Shelf(), Mail("s", "h", "t", "r")
    first = shelf.put("ana", mail)
    assert shelf.get("ana", first) is mail
    assert shelf.get("jon", first) is None
    for _ in range(40):
        shelf.put("ana", mail)
    assert shelf.get("ana", first) is None
