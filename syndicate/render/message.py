"""Parts → a message that is encoded once, and then filled for each reader. Called by delivery, and by ``preview``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from syndicate.model import Parts
from syndicate.render.headers import HeaderFrame, ReaderHeaders, SharedHeaders, folded
from syndicate.render.holes import fill, split, value_of
from syndicate.render.splice import Body, Hole, Run, encode


class Message(NamedTuple):
    """One reader's message: CRLF line ends, no line over 998 octets (RFC 5322 §2.1.1).

    It is ASCII, but for an address that has other letters before the @ (RFC 6532 §3.2).
    ``header`` ends with its last line's CRLF; the empty line that follows is in neither. No line of either begins with
    a dot, so they go over SMTP as they are. ``body`` is its own canonical form, simple and relaxed (RFC 6376 §3.4), and
    begins with ``prefix``, whole lines until the first hole: the same object for all readers of the variant, or for all
    with a name and all without one where the templates make a difference.
    """

    header: bytes
    body: bytes
    prefix: bytes

    @property
    def whole(self) -> bytes:
        """The message as one."""
        return b"".join((self.header, b"\r\n", self.body))


class Spliced:
    """A variant's message with its holes still open. May be filled from several threads at once."""

    __slots__ = ("_body", "_frame", "_nonce", "_open_subject", "_subject", "_unnamed")

    def __init__(self, shared: SharedHeaders, parts: Parts) -> None:
        boundary = _boundary(parts)
        self._nonce = parts.nonce
        self._open_subject = parts.subject if len(split(parts.subject, parts.nonce)) > 1 else None
        self._subject = "" if self._open_subject else folded("Subject", parts.subject)
        self._frame = HeaderFrame(shared, f'multipart/alternative; boundary="{boundary}"')
        self._unnamed = Spliced(shared, parts.unnamed) if parts.unnamed else None
        self._body = _body(parts, boundary)

    def fill(self, reader: ReaderHeaders, values: Mapping[str, str]) -> Message:
        """The message for one reader. The same arguments give the same bytes.

        Raises HeaderError for a value that can't stand in its header, and TemplateError for a hole without a value.
        """
        if self._unnamed and not value_of(values, "name").strip():
            return self._unnamed.fill(reader, values)
        subject = self._subject
        if self._open_subject:
            subject = folded("Subject", fill(self._open_subject, self._nonce, values, escape=False))
        return Message(self._frame.fill(reader, subject), self._body.fill(values), self._body.prefix)


def compile_message(shared: SharedHeaders, parts: Parts) -> Spliced:
    """Encodes all that readers have in common. Raises HeaderError for a value that can't stand in its header."""
    return Spliced(shared, parts)


def build_message(shared: SharedHeaders, reader: ReaderHeaders, parts: Parts, values: Mapping[str, str]) -> bytes:
    """One message for one reader, for when there is no second. Raises as ``compile_message`` and ``fill`` do."""
    return compile_message(shared, parts).fill(reader, values).whole


def plain_body(parts: Parts) -> tuple[str, bytes]:
    """The Content-Type and the body of parts that have no holes."""
    boundary = _boundary(parts)
    return f'multipart/alternative; boundary="{boundary}"', _body(parts, boundary).fill({})


def _boundary(parts: Parts) -> str:
    """Neither transfer encoding can put "=_" on a line, so the text can't end its own part (RFC 2045 §6.7)."""
    return f"=_{parts.nonce}"


def _body(parts: Parts, boundary: str) -> Body:
    text = _part(boundary, "plain", parts.text, parts.nonce)
    html = _part(boundary, "html", parts.html, parts.nonce)
    return Body([*text, *html, f"--{boundary}--\r\n".encode("ascii")])


def _part(boundary: str, subtype: str, text: str, nonce: str) -> list[bytes | Hole | Run]:
    encoding, pieces = encode(text, nonce, escape=subtype == "html")
    opening = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return [opening.encode("ascii"), *pieces]
