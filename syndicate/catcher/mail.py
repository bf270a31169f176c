"""One ``.eml`` file's bytes → what the inbox shows of it. Nothing a mail holds makes this raise: mail is hostile."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parseaddr

from syndicate.inbound.mime import body_of, decoded


@dataclass(frozen=True, slots=True)
class Heading:
    """What a row of the inbox shows. ``recipients`` are the envelope's; without them, the To header's."""

    sender: str
    recipients: tuple[str, ...]
    subject: str

    @property
    def sender_name(self) -> str:
        """The sender as a person reads it: the name, else the address."""
        name, address = parseaddr(self.sender)
        return name or address or self.sender


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail taken apart. ``headers`` are in order and decoded (RFC 2047); ``html`` is as it came: never trust it."""

    heading: Heading
    headers: tuple[tuple[str, str], ...]
    html: str
    text: str
    attachments: tuple[str, ...]


def parse_heading(content: bytes) -> Heading:
    """The heading of the mail in ``content``, without reading its parts."""
    return _heading(_headers(BytesHeaderParser().parsebytes(content)))


def parse(content: bytes) -> Mail:
    """The mail in ``content``. What can't be decoded is shown with replacement characters."""
    try:
        message = BytesParser().parsebytes(content)
        parts = [part for part in message.walk() if not part.is_multipart()]
    except RecursionError:
        # Multiparts nested hundreds deep: nothing in there is for reading.
        message, parts = BytesHeaderParser().parsebytes(content), []
    names = [_file_name(part) for part in parts]
    bodies = [part for part, name in zip(parts, names, strict=True) if not name]
    headers = _headers(message)
    return Mail(
        heading=_heading(headers),
        headers=headers,
        html=_body(bodies, "text/html"),
        text=_body(bodies, "text/plain"),
        attachments=tuple(name for name in names if name),
    )


def _headers(message: Message) -> tuple[tuple[str, str], ...]:
    return tuple((decoded(name), decoded(str(value))) for name, value in message.raw_items())


def _heading(headers: tuple[tuple[str, str], ...]) -> Heading:
    recipients = _all(headers, "delivered-to") or tuple(parseaddr(value)[1] for value in _all(headers, "to"))
    return Heading("".join(_all(headers, "from")[:1]), recipients, "".join(_all(headers, "subject")[:1]))


def _file_name(part: Message) -> str:
    try:
        return decoded(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):
        return "unreadable name"


def _body(parts: list[Message], kind: str) -> str:
    return next((text for part in parts if part.get_content_type() == kind and (text := body_of(part))), "")


def _all(headers: tuple[tuple[str, str], ...], name: str) -> tuple[str, ...]:
    return tuple(value for key, value in headers if key.lower() == name)
