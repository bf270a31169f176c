"""Content codings (RFC 9110 §8.4.1) taken off in small pieces: what a hostile one unfolds to is never held at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

ACCEPTED = "gzip, deflate"
"""What requests say that they take. Brotli and Zstandard are left out, for a small piece may hold gigabytes."""

_PIECE = 64 * 1024
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class UnfoldError(Exception):
    """It is not in the coding that it says, or is cut off."""


class Unfolder(Protocol):
    """Takes a coding off what is fed to it."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The content, in pieces of 64 KB at most. :raises UnfoldError: when it is not in that coding."""

    def end(self) -> None:
        """Says that no more will come. :raises UnfoldError: when something is missing."""


def unfolder(coding: str) -> Unfolder | None:
    """What takes ``coding`` off, in lower case; None when it was not asked for."""
    match coding:
        case "identity" | "":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Deflated(_GZIP)
        case "deflate":
            return _Deflated(_ZLIB)
    return None


class _Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def end(self) -> None:
        """There is nothing that could be missing."""


class _Deflated:
    """gzip, of one member or several (RFC 1952 §2.2); deflate, which some send without its zlib head."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._stream = zlib.decompressobj(bits)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            yield from self._feed(data)
        except zlib.error:
            raise UnfoldError from None

    def _feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._stream.eof:
                if self._bits != _GZIP or not data.startswith(b"\x1f"):
                    return
                self._stream = zlib.decompressobj(self._bits)
            try:
                piece = self._stream.decompress(data, _PIECE)
            except zlib.error:
                if self._bits != _ZLIB or self._begun:
                    raise
                self._bits, self._stream = _RAW, zlib.decompressobj(_RAW)
                continue
            self._begun = True
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            yield piece

    def end(self) -> None:
        if self._begun and not self._stream.eof:
            raise UnfoldError
