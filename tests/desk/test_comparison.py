"""What cleaning took away, line by line."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.desk.comparison import MOST_LINES, changes


def test_what_was_taken_and_what_stays_are_told_apart() -> None:
    before = '<p class="x">It   sails.</p><script>track()</script><P>It\ncomes.</P><img src="https://x.example/1.gif">'
    found, is_all = changes(before, "<p>It sails.</p>\n<p>It comes.</p>")
    assert [line for line in found[2:] if line[0] in "+-"] == [
        '-<p class="x">It sails.</p>',
        "-<script>track()</script>",
        "-<P>It comes.</P>",
        '-<img src="https://x.example/1.gif">',
        "+<p>It sails.</p>",
        "+<p>It comes.</p>",
    ]
    assert is_all
    assert changes("<p>&quot;a&quot;</p><p>b</p>", '<p>"a"</p>\n\n<p>b</p>') == ([], True)


@settings(max_examples=30)
@given(st.text(), st.text())
def test_anything_can_be_compared(before: str, after: str) -> None:
    found, is_all = changes(before, after)
    assert is_all
    assert not any("\n" in line for line in found)


def test_what_is_made_to_be_slow_is_not() -> None:
    before = "".join(f"<p>{n % 97}</p>" for n in range(20_000))
    after = "".join(f"<p>{n * 31 % 89}</p>" for n in range(20_000))
    began = time.process_time()
    found, is_all = changes(before, after)
    assert time.process_time() - began < 5
    assert not is_all
    assert len(found) <= 2 * MOST_LINES + 1000
    assert changes("<" * 1_000_000, "")[1]
