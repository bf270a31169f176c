"""Content codings: what was folded comes back, in small pieces, and bombs stay small."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.reach.unfold import UnfoldError, unfolder


def unfolded(coding: str, data: bytes, step: int = 1000) -> bytes:
    unfolding = unfolder(coding)
    assert unfolding
    found = b"".join(piece for at in range(0, len(data), step) for piece in unfolding.feed(data[at : at + step]))
    unfolding.end()
    return found


def raw(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=20), st.integers(1, 50))
def test_what_was_folded_comes_back(data: bytes, more: bytes, step: int) -> None:
    assert unfolded("gzip", gzip.compress(data) + gzip.compress(more), step) == data + more
    assert unfolded("deflate", zlib.compress(data), step) == data
    assert unfolded("identity", data, step) == data


def test_deflate_without_its_head() -> None:
    assert unfolded("deflate", raw(b"hello " * 100)) == b"hello " * 100


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_is_cut_off_or_something_else(coding: str) -> None:
    whole = gzip.compress(b"hello") if coding == "gzip" else zlib.compress(b"hello")
    for data in (whole[:-5], b"hello"):
        with pytest.raises(UnfoldError):
            unfolded(coding, data)


def test_a_bomb_comes_in_small_pieces() -> None:
    unfolding = unfolder("gzip")
    assert unfolding
    assert max(map(len, unfolding.feed(gzip.compress(bytes(5_000_000))))) <= 65536


def test_codings_that_nobody_asked_for() -> None:
    assert [unfolder(coding) for coding in ("br", "zstd", "gzip, gzip")] == [None, None, None]
