"""Pictures of titles, as pixels."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, features

from syndicate.render import faces
from syndicate.render.faces import BOLD, choose, is_right_to_left
from syndicate.render.picture import HEIGHT, WIDTH, Card, draw, wrapped


def ink(card: Card) -> tuple[int, int, int, int]:
    """The box around what is drawn of a card and not of an empty one, but for the rules."""
    drawn, empty = (Image.open(BytesIO(draw(one))).convert("RGB") for one in (card, Card("", "")))
    assert drawn.size == (WIDTH, HEIGHT)
    box = ImageChops.difference(drawn, empty).point(lambda value: 255 if value > 40 else 0).getbbox()
    assert box
    return box


@pytest.mark.parametrize(
    "title",
    [
        "Ferry",
        "The ferry sails again: winter timetable returns after eleven years",
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsgeheimnisverräterunterstützungsverein",
        "word " * 200,
        "W" * 2000,
        "Сајам књига у Чачку",
        "هذا عنوان طويل عن الميناء",
        "東京の市場が再び開いた",
        "Bread 🥖 \0 \u202e at \ud800 four",
    ],
)
def test_nothing_leaves_the_picture(title: str) -> None:
    left, top, right, bottom = ink(Card("Lakeside Courier " * 20, title, "kicker " * 40, "foot " * 90))
    assert left >= 80
    assert right <= WIDTH - 80
    assert top >= 40
    assert bottom <= HEIGHT - 20


def test_a_title_is_drawn_as_large_as_there_is_room() -> None:
    heights = [ink(Card("", "Ferry " * n))[3] - ink(Card("", "Ferry " * n))[1] for n in (1, 8)]
    assert heights[0] < heights[1]


def test_what_the_typeface_lacks_comes_from_another_or_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose("Žuti šešir, Λόγος, Књига", BOLD) == (BOLD, "Žuti šešir, Λόγος, Књига")
    assert choose("Bread 🥖 at four", BOLD) == (BOLD, "Bread at four")
    monkeypatch.setattr(faces, "_elsewhere", lambda: ())
    assert choose("ทะเลสาบ", BOLD) == (BOLD, "")
    assert draw(Card("Courier", "ทะเลสาบ " * 9)) == draw(Card("Courier", ""))


def test_a_script_that_nothing_can_shape_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda _: False)
    assert choose("ميناء", BOLD)[1] == ""
    assert choose("Ferry", BOLD)[1] == "Ferry"


def test_direction_is_that_of_the_first_strong_character() -> None:
    assert is_right_to_left("42 ميناء Ferry")
    assert not is_right_to_left("42 Ferry ميناء")
    assert not is_right_to_left("42")


def test_another_card_has_another_print() -> None:
    cards = [Card("a", "b"), Card("ab", ""), Card("a", "", "b"), Card("a", "", "", "b"), Card("a", "\ud800")]
    assert len({one.print_of_it for one in cards}) == len(cards)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.integers(200, 900))
def test_lines_are_never_wider_and_hold_everything(text: str, width: int) -> None:
    face, text = choose(text, BOLD)
    lines = wrapped(text, font := face.at(40), width)
    assert all(font.getlength(line) <= width or len(line) == 1 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=400), st.text(max_size=40))
def test_whatever_a_title_is_it_is_drawn(title: str, kicker: str) -> None:
    assert Image.open(BytesIO(draw(Card(kicker, title, kicker, title)))).size == (WIDTH, HEIGHT)
