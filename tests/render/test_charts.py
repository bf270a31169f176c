"""Charts: well-formed, inside their box, and with nothing of what they are named taken for markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.render.charts import HEIGHT, WIDTH, Chart, Series, grouped, line, short, stacked, ticks

values = st.integers(0, 10**10) | st.just(0)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    count = draw(st.integers(0, 8))
    labels = tuple(draw(st.lists(texts, min_size=count, max_size=count)))
    one = st.lists(values, min_size=count, max_size=count).map(tuple)
    series = draw(st.lists(st.builds(Series, texts, st.sampled_from(["1", "hard"]), one), max_size=3))
    return Chart("c", draw(texts), labels, labels, tuple(series))


@settings(max_examples=60, deadline=None)
@given(charts(), st.sampled_from([line, stacked, grouped]))
def test_whatever_is_drawn_stays_in_its_box(chart: Chart, draw: Callable[[Chart], str]) -> None:
    drawn = ET.fromstring(draw(chart))
    assert drawn.find("title").text in (chart.title, None)  # type: ignore[union-attr]
    for one in drawn.iter():
        numbers = [float(n) for n in re.findall(r"-?[\d.]+|nan|inf", one.get("d", "")) if n]
        assert all(-0.1 <= number <= WIDTH + 0.1 for number in numbers)
        if one.tag in ("rect", "circle"):
            x, y = float(one.get("x", one.get("cx", ""))), float(one.get("y", one.get("cy", "")))
            wide, high = float(one.get("width", "0")), float(one.get("height", "0"))
            assert min(x, y, wide, high) >= -0.1
            assert x + wide <= WIDTH + 0.2
            assert y + high <= HEIGHT + 0.2


@settings(max_examples=60, deadline=None)
@given(values)
def test_the_axis_is_round_and_reaches(highest: int) -> None:
    found = ticks(highest)
    assert found[0] == 0
    assert found[-1] >= max(1, highest)
    assert 2 <= len(found) <= 6
    assert len({b - a for a, b in pairwise(found)}) == 1
    assert str(found[1]).rstrip("0") in "125"


def test_bars_are_as_high_as_their_values() -> None:
    chart = Chart("c", "T", ("a",), ("a",), (Series("x", "1", (30,)), Series("y", "2", (10,))))
    heights = [float(one) for one in re.findall(r'class="s-\d"[^>]* height="([\d.]+)"', stacked(chart))]
    assert heights[0] / heights[1] == pytest.approx(3, rel=0.02)
    assert "a: 30 x, 10 y" in grouped(chart)
    assert "x: 30 at first, 30 at last, 30 at most" in line(chart)


def test_numbers_are_short() -> None:
    assert [short(one) for one in (0, 950, 1200, 9990, 35_000, 4_000_000)] == ["0", "950", "1.2k", "10k", "35k", "4M"]
