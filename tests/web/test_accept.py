"""Content codings as RFC 9110 §12.5.3 has them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.web.accept import encodings_of

OFFERED = ("br", "gzip")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("gzip", ["gzip"]),
        ("x-gzip", ["gzip"]),
        ("GZIP, deflate", ["gzip"]),
        ("gzip, br", ["br", "gzip"]),
        ("gzip;q=1.0, br;q=0.9", ["gzip", "br"]),
        ("gzip; q=0.5 , identity;q=0.7", []),
        ("gzip;q=0.5, identity;q=0.5", ["gzip"]),
        ("*", ["br", "gzip"]),
        ("*, br;q=0", ["gzip"]),
        ("identity;q=0, gzip;q=0", []),
        ("gzip;q=2, br;q=x", []),
    ],
)
def test_the_best_that_is_taken(header: str, expected: list[str]) -> None:
    assert encodings_of(header, OFFERED) == expected


@given(header=st.text(st.sampled_from("gzipbr*;q=01., \t"), max_size=40) | st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_whatever_is_sent_only_what_is_offered_comes(header: str) -> None:
    found = encodings_of(header, OFFERED)
    assert set(found) <= set(OFFERED)
    assert len(found) == len(set(found))
