"""Parts → a message that is encoded once, and then filled for each reader. Called by delivery, and by ``preview``."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from syndicate.model import Parts
from syndicate.render.headers import HeaderFrame, ReaderHeaders, SharedHeaders, folded
from syndicate.render.holes import fill, hole, split, value_of
from syndicate.render.splice import Body, Hole, Run, Values, encode

if TYPE_CHECKING:
    from hashlib import _Hash as Hash


class Message(NamedTuple):
    """One reader's message: CRLF line ends, no line over 998 octets (RFC 5322 §2.1.1).

    It is ASCII, but for an address that has other letters before the @ (RFC 6532 §3.2).
    ``header`` ends with its last line's CRLF; the empty line that follows is in neither. No line of either begins with
    a dot, so they go over SMTP as they are. The body, which is ``pieces`` joined, is its own canonical form, simple and
    relaxed (RFC 6376 §3.4). Its ``prefix``, whole lines until the first hole, is the same object for all readers of the
    variant, or for all with a name and all without one where the templates make a difference; SHA-256 has ``begun``
    with it.
    """

    header: bytes
    pieces: Sequence[bytes]
    begun: Hash

    @property
    def size(self) -> int:
        """Octets of it as one."""
        return len(self.header) + 2 + sum(map(len, self.pieces))

    @property
    def prefix(self) -> bytes:
        """How the body begins."""
        return self.pieces[0]

    @property
    def body_digest(self) -> bytes:
        """SHA-256 of the body, continued from where all readers' are alike."""
        digest = self.begun.copy()
        digest.update(b"".join(self.pieces[1:]))
        return digest.digest()

    @property
    def body(self) -> bytes:
        """The body as one."""
        return b"".join(self.pieces)

    @property
    def whole(self) -> bytes:
        """The message as one."""
        return b"".join((self.header, b"\r\n", *self.pieces))


class Spliced:
    """A variant's message with its holes still open. May be filled from several threads at once."""

    __slots__ = ("_body", "_frame", "_nonce", "_open_subject", "_subject", "_unnamed")

    def __init__(self, shared: SharedHeaders, parts: Parts) -> None:
        boundary = _boundary(parts)
        self._nonce = parts.nonce
        self._open_subject = parts.subject if len(split(parts.subject, parts.nonce)) > 1 else None
        self._subject = "" if self._open_subject else folded("Subject", parts.subject)
        self._frame = HeaderFrame(shared, f'multipart/alternative; boundary="{boundary}"')
        in_text = {"unsubscribe": shared.unsubscribe_url, "preferences": shared.help_url}
        self._unnamed = Spliced(shared, parts.unnamed) if parts.unnamed else None
        self._body = _body(parts, boundary, in_text)

    def fill(self, reader: ReaderHeaders, values: Values) -> Message:
        """The message for one reader. The same arguments give the same bytes.

        Of a link, ``values`` has what the reader's address ends in: the rest of it is shared.
        Raises HeaderError for a value that can't stand in its header, and TemplateError for a hole without a value.
        """
        if self._unnamed and not value_of(values, "name").strip():
            return self._unnamed.fill(reader, values)
        subject = self._subject
        if self._open_subject:
            texts = {name: value for name, value in values.items() if isinstance(value, str)}
            subject = folded("Subject", fill(self._open_subject, self._nonce, texts, escape=False))
        return Message(self._frame.fill(reader, subject), self._body.fill(values), self._body.digest)


def compile_message(shared: SharedHeaders, parts: Parts) -> Spliced:
    """Encodes all that readers have in common. Raises HeaderError for a value that can't stand in its header."""
    return Spliced(shared, parts)


def build_message(shared: SharedHeaders, reader: ReaderHeaders, parts: Parts, values: Values) -> bytes:
    """One message for one reader, for when there is no second. Raises as ``compile_message`` and ``fill`` do."""
    return compile_message(shared, parts).fill(reader, values).whole


def plain_body(parts: Parts) -> tuple[str, bytes]:
    """The Content-Type and the body of parts that have no holes."""
    boundary = _boundary(parts)
    return f'multipart/alternative; boundary="{boundary}"', b"".join(_body(parts, boundary, {}).fill({}))


def _boundary(parts: Parts) -> str:
    """Neither transfer encoding can put "=_" on a line, so the text can't end its own part (RFC 2045 §6.7)."""
    return f"=_{parts.nonce}"


def _body(parts: Parts, boundary: str, urls: Mapping[str, str]) -> Body:
    in_html = {name: html.escape(url) for name, url in urls.items()}
    plain = _part(boundary, "plain", _with_urls(parts.text, parts.nonce, urls), parts.nonce)
    marked_up = _part(boundary, "html", _with_urls(parts.html, parts.nonce, in_html), parts.nonce)
    return Body([*plain, *marked_up, f"--{boundary}--\r\n".encode("ascii")])


def _with_urls(text: str, nonce: str, urls: Mapping[str, str]) -> str:
    """Only a link's token differs between readers, so the rest of it is written where its hole is."""
    for name, url in urls.items():
        text = text.replace(hole(nonce, name), url + hole(nonce, name))
    return text


def _part(boundary: str, subtype: str, text: str, nonce: str) -> list[bytes | Hole | Run]:
    encoding, pieces = encode(text, nonce, escape=subtype == "html")
    opening = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return [opening.encode("ascii"), *pieces]
