"""Which addresses are ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inbound.letters import ADDRESSES


@pytest.mark.parametrize(
    ("address", "slugs", "extension"),
    [
        ("news@lake.example", ("brief", "sport"), ""),
        ("<NEWS@Lake.Example>", ("brief", "sport"), ""),
        ("brief@lake.example", ("brief",), ""),
        ("brief+subscribe@lake.example", ("brief",), "subscribe"),
        ("Brief+Subscribe@LAKE.example", ("brief",), "subscribe"),
        ("sport+confirm-ABC@lake.example", ("sport",), "confirm-abc"),
        ("arts+desk@lake.example", ("arts",), ""),
        ("arts+desk+help@lake.example", ("arts",), "help"),
        ("arts+unsubscribe-1-a@lake.example", ("arts",), "unsubscribe-1-a"),
    ],
)
def test_ours(address: str, slugs: tuple[str, ...], extension: str) -> None:
    place = ADDRESSES.accepts(address)
    assert place is not None
    assert tuple(one.slug for one in place.newsletters) == slugs
    assert place.extension == extension


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "news",
        "news@other.example",
        "news@lake.example.other.example",
        "ana@reader.example",
        "newsroom@lake.example",
        "news+other@lake.example",
        "news+confirm-@lake.example",
        "news+@other.example",
        "postmaster@lake.example",
        "news@lake.example@other.example",
        "other.example!ana@lake.example",
        "ana%reader.example@lake.example",
    ],
)
def test_not_ours(address: str) -> None:
    assert ADDRESSES.accepts(address) is None


def test_what_has_an_extension_that_means_nothing_is_still_ours() -> None:
    place = ADDRESSES.find("news+bounce@lake.example")
    assert place is not None
    assert not place.is_known


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    place = ADDRESSES.find(text)
    assert place is None or text.strip().strip("<>").casefold().endswith("@lake.example")
