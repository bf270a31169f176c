"""A report's bytes → its parts, decoded. Reports are hostile: this is bounded, and nothing in them makes it raise.

Python's own parser is not used, for it recurses, and loses what stands behind a boundary that is not closed.
"""

from __future__ import annotations

import binascii
import html
import quopri
import re
from dataclasses import dataclass
from itertools import islice

from syndicate.inbound.markup import without_unseen
from syndicate.inbound.mime import presentable, text_of

_MOST_PARTS = 60
_DEEPEST = 6
_HEADERS = 400
_VALUE = 4000
_MARKUP = 60_000

_HEADER_END = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_NAME = re.compile(r"([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)", re.DOTALL)
_PARAMETER = re.compile(r";\s*([\w*-]{1,40})\s*=\s*(?:\"([^\"]{0,300})\"|([^;\s]{1,300}))")
_BLOCK = re.compile(r"<(?:br|hr|/?p|/?div|/?table|/?tr|/?td|/?li|/?ul|/?h[1-6]|/?pre)\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z!][^<>]{0,5000}>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Headers:
    """Names in lower case with their values, in order, each on one line."""

    values: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that header."""
        return tuple(value for key, value in self.values if key == name)

    def first(self, name: str) -> str:
        """Its first value, empty when there is none."""
        return next((value for key, value in self.values if key == name), "")


NO_HEADERS = Headers()


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf: its type in lower case, such as ``text/plain``, and its text; of a mail within a mail, all of it."""

    type: str
    headers: Headers
    text: str


def headers_of(text: str) -> Headers:
    """The header lines at the beginning of a text; a line that is none, such as mbox's ``From``, is passed over."""
    found: list[list[str]] = []
    for line in islice(text.splitlines(), _HEADERS):
        if not line.strip():
            if found:
                break
        elif line[0] in " \t" and found:
            found[-1][1] += f" {line.strip()}"
        elif match := _NAME.fullmatch(line):
            found.append([match[1].lower(), match[2].strip()])
    return Headers(tuple((name, value[:_VALUE]) for name, value in found))


def parts_of(content: bytes) -> tuple[Headers, list[Part]]:
    """The headers of a mail, and its parts in order; a multipart that has none is one part of text."""
    headers, body = _split(content)
    found: list[Part] = []
    _add(headers, body, found, _DEEPEST)
    return headers, found


def _split(content: bytes) -> tuple[Headers, bytes]:
    content = content.lstrip(b"\r\n")
    end = _HEADER_END.search(content)
    head, body = (content[: end.start()], content[end.end() :]) if end else (content, b"")
    return headers_of(presentable(head.decode("utf-8", "surrogateescape"))), body


def _add(headers: Headers, body: bytes, found: list[Part], depth: int) -> None:
    value = headers.first("content-type")
    kind = value.partition(";")[0].strip().lower() or "text/plain"
    parameters = {one[0].lower(): one[1] or one[2] for one in _PARAMETER.findall(value)}
    boundary = parameters.get("boundary", "").strip()
    if kind.startswith("multipart/") and boundary and depth:
        before = len(found)
        # The line of a boundary may hold more than RFC 2046 §5.1.1 allows, and the last one is often missing.
        line = re.compile(
            rb"(?:^|\r?\n)--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*(?=\r?\n|$)"
        )
        for piece in islice(_between(line, body), _MOST_PARTS):
            if len(found) >= _MOST_PARTS:
                break
            if piece.startswith((b"\r\n\r\n", b"\n\n")):
                _add(Headers(), piece, found, depth - 1)
            else:
                _add(*_split(piece), found, depth - 1)
        if len(found) > before:
            return
    text = presentable(text_of(_decoded(headers, body), parameters.get("charset", "utf-8"))).replace("\r\n", "\n")
    if kind == "text/html":
        text = seen(text)
    found.append(Part("text/plain" if kind.startswith("multipart/") else kind, headers, text))


def _between(line: re.Pattern[bytes], body: bytes) -> list[bytes]:
    ends = [(match.start(), match.end(), bool(match[1])) for match in islice(line.finditer(body), _MOST_PARTS + 1)]
    pieces = []
    for at, (_, start, closes) in enumerate(ends):
        if closes:
            break
        pieces.append(body[start : ends[at + 1][0] if at + 1 < len(ends) else len(body)])
    return pieces


def _decoded(headers: Headers, body: bytes) -> bytes:
    encoding = headers.first("content-transfer-encoding").strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding == "base64":
        plain = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        try:
            return binascii.a2b_base64(plain[: len(plain) // 4 * 4] + (plain[len(plain) // 4 * 4 :] + b"==")[:4])
        except (binascii.Error, ValueError):
            return body
    return body


def seen(markup: str) -> str:
    """What a reader would see of HTML, roughly, a block on each line."""
    text = html.unescape(_TAG.sub("", _BLOCK.sub("\n", without_unseen(markup[:_MARKUP]))))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
