"""What nobody sees is taken out of HTML, quickly."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.inbound.markup import without_unseen

SLOW = re.compile(r"<(head|style|script|title)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
PIECES = st.sampled_from(
    [
        "<head",
        "<HEAD>",
        "</head",
        "</Head >",
        "<style>",
        "</style>",
        "<title",
        "</title>",
        "<!--",
        "-->",
        ">",
        "s",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=20).map("".join))
def test_it_takes_out_what_an_expression_would(markup: str) -> None:
    assert without_unseen(markup) == SLOW.sub("", markup)


@pytest.mark.parametrize("piece", ["<head", "<head>x</style>", "<!--", "<title </title", "</head" + " " * 50])
def test_what_is_never_closed_costs_little(piece: str) -> None:
    markup, started = piece * (1_000_000 // len(piece)), time.process_time()
    assert without_unseen(markup) == markup
    assert time.process_time() - started < 5
