"""A text with holes → pieces that are encoded once, and joined anew for each reader. Called by ``message``.

Nothing that comes out begins a line with a dot, holds two blanks in a row, or ends a line with one. So a body is the
same before and after dot-stuffing (RFC 5321 §4.5.2), and is its own canonical form, simple or relaxed, when it is
signed (RFC 6376 §3.4): nobody needs to look at its bytes again.
"""

from __future__ import annotations

import html
import re
from base64 import encodebytes
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from syndicate.render.holes import split, value_of

Values: TypeAlias = Mapping[str, str | bytes]
"""What fills the holes. Octets are a token: at most 75 letters, digits and hyphens, the same in any encoding."""

_LINE = 75
"""Characters of encoded text on a line, so that one more ends it softly (RFC 2045 §6.7 rule 5)."""

_TRIPLES = 57
"""Octets on a line of base64."""

_BREAK = re.compile(r"\r\n?|\n")
_UNSAFE = re.compile(rb"[^!-<>-~ ]|(?<= ) | \Z")
# A line ends neither after "=" nor after "=X"; where a dot begins it, that dot becomes three characters.
_LINES = re.compile(rb"(?:\..{0,72}|[^.].{0,74})(?<!=)(?<!=.)")
_ODD = re.compile(r"[\x00-\x1f\ud800-\udfff]|  |\A[.]|\A\Z")
_PLAIN = re.compile(r" ?[!#-%(-\-/-;?-~][!#-%(-;?-~]*(?: [!#-%(-;?-~]+)*")
"""A value that is the same in text and in HTML, encoded or not: no ``& < > " ' =``, no dot to begin with."""


class Hole(NamedTuple):
    """Where a reader's value goes, on a line of its own: its softly broken neighbours never move."""

    name: str
    escape: bool


class Run:
    """Text from the first hole on, in base64, which counts in triples: they begin anew after every value.

    Each constant text is encoded for the three places in a triple where it can begin; octets that make no whole triple
    go with the value beside them.
    """

    def __init__(self, tail: bytes, rest: Sequence[tuple[Hole, bytes]]) -> None:
        self._tail = tail
        self._rest = [(hole, [_cut(text, at) for at in range(3)]) for hole, text in rest]

    def fill(self, values: Values) -> bytes:
        """The text for one reader, in lines that end in CRLF."""
        pieces, open_ = [], self._tail
        for hole, cuts in self._rest:
            value = value_of(values, hole.name)
            open_ += value if isinstance(value, bytes) else _octets(html.escape(value) if hole.escape else value)
            head, encoded, tail = cuts[-len(open_) % 3]
            if encoded:
                pieces += [_base64(open_ + head), encoded]
                open_ = tail
            else:
                open_ += head + tail
        return b"".join([*pieces, _base64(open_)])


class Body:
    """The pieces of one MIME body or more: constant octets, holes between them, runs of base64.

    ``digest`` is the state of SHA-256 after the first piece, which is the same for all readers.
    """

    __slots__ = ("_holes", "_pieces", "_runs", "digest")

    def __init__(self, pieces: Sequence[bytes | Hole | Run]) -> None:
        merged: list[bytes | Hole | Run] = [b""]
        for piece in pieces:
            if isinstance(piece, bytes) and isinstance(last := merged[-1], bytes):
                merged[-1] = last + piece
            else:
                merged.append(piece)
        holes: dict[str, tuple[list[int], list[int]]] = {}
        for at, piece in enumerate(merged):
            if isinstance(piece, Hole):
                holes.setdefault(piece.name, ([], []))[piece.escape].append(at)
        self._holes = [(name, *places) for name, places in holes.items()]
        self._runs = [(at, piece) for at, piece in enumerate(merged) if isinstance(piece, Run)]
        self._pieces = [piece if isinstance(piece, bytes) else b"" for piece in merged]
        self.digest = sha256(self._pieces[0])

    def fill(self, values: Values) -> list[bytes]:
        """The body for one reader, in pieces. Raises TemplateError for a hole that has no value."""
        pieces = self._pieces.copy()
        for name, in_text, in_html in self._holes:
            value = value_of(values, name)
            if isinstance(value, bytes):
                encoded = escaped = value
            elif len(value) <= _LINE and _PLAIN.fullmatch(value):
                encoded = escaped = value.encode("ascii")
            else:
                encoded = quoted(value)
                in_markup = html.escape(value)
                escaped = encoded if in_markup == value else quoted(in_markup)
            for at in in_text:
                pieces[at] = encoded
            for at in in_html:
                pieces[at] = escaped
        for at, run in self._runs:
            pieces[at] = run.fill(values)
        return pieces


def encode(text: str, nonce: str, *, escape: bool) -> tuple[str, list[bytes | Hole | Run]]:
    """The shorter transfer encoding, and the text in it with its holes; ends in CRLF (which ends a part, not its text).

    ``escape`` says that it is HTML. Holes cost up to 6 octets each in quoted-printable, 4 in base64.
    """
    first, *rest = split(text, nonce)
    pairs = [(Hole(name, escape), between) for name, between in zip(rest[::2], rest[1::2], strict=True)]
    constant = _octets("".join([first, *rest[1::2]]))
    foreign = len(constant) - len(constant.decode("ascii", "ignore"))
    if foreign * 6 > len(constant):
        return "base64", list(_in_base64(first, pairs))
    return "quoted-printable", [*_in_quoted_printable(first, pairs), b"\r\n"]


def quoted(text: str) -> bytes:
    """Quoted-printable (RFC 2045 §6.7), in lines of at most 76 characters; CR, LF and CRLF are line ends."""
    return _on_one_line(text) or _in_lines(text)


def _on_one_line(text: str) -> bytes | None:
    """What ``_in_lines`` gives for the usual short value, twenty times faster; None when that one must look."""
    if len(text) > _LINE or _ODD.search(text):
        return None
    octets = b2a_qp(text.encode("utf-8", "replace"), istext=False)
    return None if b"\n" in octets or len(octets) > _LINE or octets.endswith((b" ", b"=20")) else octets


def _in_lines(text: str) -> bytes:
    return b"\r\n".join(map(_quoted_line, _octets(text).split(b"\r\n")))


def _quoted_line(octets: bytes) -> bytes:
    lines = _LINES.findall(_UNSAFE.sub(_hex, octets))
    return b"=\r\n".join(b"=2E" + line[1:] if line.startswith(b".") else line for line in lines)


def _hex(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % match[0][0]


def _in_quoted_printable(first: str, pairs: Sequence[tuple[Hole, str]]) -> Iterator[bytes | Hole]:
    text = quoted(first)
    for at, (hole, between) in enumerate(pairs, 1):
        yield text
        if text and not text.endswith(b"\r\n"):
            yield b"=\r\n"
        yield hole
        text = quoted(between)
        if not text.startswith(b"\r\n") and (text or at < len(pairs)):
            text = b"=\r\n" + text
    yield text


def _in_base64(first: str, pairs: Sequence[tuple[Hole, str]]) -> Iterator[bytes | Run]:
    if not pairs:
        yield _base64(_octets(first))
        return
    _, encoded, tail = _cut(_octets(first), 0)
    yield encoded
    yield Run(tail, [(hole, _octets(between)) for hole, between in pairs])


def _cut(octets: bytes, at: int) -> tuple[bytes, bytes, bytes]:
    """What comes before ``at``, the whole triples after it in base64, and what is left of it."""
    end = len(octets) - max(len(octets) - at, 0) % 3
    return octets[:at], _base64(octets[at:end]), octets[max(end, at) :]


def _base64(octets: bytes) -> bytes:
    """Lines of at most 76 characters (RFC 2045 §6.8), CRLF after each."""
    if len(octets) <= _TRIPLES:
        return b2a_base64(octets, newline=False) + b"\r\n" if octets else b""
    return encodebytes(octets).replace(b"\n", b"\r\n")


def _octets(text: str) -> bytes:
    return _BREAK.sub("\r\n", text).encode("utf-8", "replace")
