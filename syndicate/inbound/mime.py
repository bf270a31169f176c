"""A mail's bytes → the little that is looked at. Nothing that a mail holds makes this raise: mail is hostile.

Only the beginning is read, so that a mail's size and nesting cost nothing; ``sort`` calls it, the catcher's inbox
decodes with it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses

from syndicate.inbound.markup import without_unseen

_HEADER_BYTES = 131_072
_BODY_BYTES = 65_536
ENOUGH = _HEADER_BYTES + _BODY_BYTES
"""Nothing behind that many bytes of a mail is ever looked at."""

_VALUE = 2000
"""Characters of one header that are looked at."""

_MARKUP = 20_000
"""Characters of HTML that are looked through for a first line."""

_NESTED = 20
"""So many multiparts in the beginning of a body are still a letter; parsing more of them would be work for nothing."""

_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_LINE_BREAK = re.compile(r"\r?\n[ \t]*")
_BLOCK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6])\b[^<>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,5000}>")


@dataclass(frozen=True, slots=True)
class Mail:
    """``headers`` are in order, names in lower case, values on one line and as they came, for an encoded word in them
    may hold what would be another address when it is decoded (RFC 2047 §5). The ``subject`` is decoded.
    """

    headers: tuple[tuple[str, str], ...]
    subject: str
    content_type: str
    report_type: str
    first_line: str

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that header."""
        return tuple(value for key, value in self.headers if key == name)

    def first(self, name: str) -> str:
        """Its first value, empty when there is none."""
        return next(iter(self.all(name)), "")

    def mailboxes(self, *names: str) -> tuple[str, ...]:
        """The bare addresses in those headers; what is no address is left out."""
        values = [value for name in names for value in self.all(name)]
        try:
            found = getaddresses(values)
        except (ValueError, IndexError, RecursionError):
            return ()
        return tuple(address for _, address in found if re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", address))


def read(content: bytes) -> Mail:
    """The mail in ``content``; what can't be read is left out."""
    end = _HEADER_END.search(content, 0, _HEADER_BYTES)
    start = end.end() if end else min(len(content), _HEADER_BYTES)
    beginning = content[: start + _BODY_BYTES]
    message = BytesHeaderParser().parsebytes(beginning[:start])
    headers = tuple((name.lower(), _unfolded(str(value)[:_VALUE])) for name, value in message.raw_items())
    subject = next((decoded(value) for name, value in headers if name == "subject"), "")
    return Mail(headers, subject, message.get_content_type(), _report_type(message), _first_line(beginning))


def decoded(value: str) -> str:
    """A header's value as text: encoded words and raw bytes read, folds undone."""
    text = presentable(value)
    try:
        pieces = decode_header(text)
        joined = "".join(
            text_of(one, charset or "raw_unicode_escape") if isinstance(one, bytes) else one for one, charset in pieces
        )
    except (LookupError, ValueError, HeaderParseError):
        joined = text
    return _unfolded(joined)


def _unfolded(value: str) -> str:
    return presentable(_LINE_BREAK.sub(" ", value))


def text_of(content: bytes, charset: str) -> str:
    """Bytes in that charset, or in UTF-8 when there is no such."""
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def body_of(part: Message) -> str:
    """A part's text, empty when it can't be decoded."""
    try:
        content = part.get_payload(decode=True)
        charset = part.get_content_charset() or "utf-8"
    except (LookupError, ValueError, TypeError):
        return ""
    return presentable(text_of(content, charset)) if isinstance(content, bytes) else ""


def presentable(text: str) -> str:
    """Text that UTF-8 can carry: raw bytes that Python kept as surrogates are read as the UTF-8 they mostly are."""
    return text.encode("utf-8", "surrogateescape" if _has_raw_bytes(text) else "replace").decode("utf-8", "replace")


def _has_raw_bytes(text: str) -> bool:
    surrogates = [character for character in text if "\ud800" <= character <= "\udfff"]
    return bool(surrogates) and all("\udc80" <= character <= "\udcff" for character in surrogates)


def _report_type(message: Message) -> str:
    """RFC 6522 §3: which kind of report a ``multipart/report`` is."""
    if message.get_content_type() != "multipart/report":
        return ""
    try:
        found = message.get_param("report-type", "")
    except (LookupError, ValueError, TypeError):
        return ""
    return found.strip().lower() if isinstance(found, str) else ""


def _first_line(beginning: bytes) -> str:
    if len(re.findall(rb"boundary", beginning, re.IGNORECASE)) > _NESTED:
        return ""
    try:
        parts = [part for part in BytesParser().parsebytes(beginning).walk() if not part.is_multipart()]
    except RecursionError:
        return ""
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                text = body_of(part)
                lines = (_seen(text) if kind == "text/html" else text).splitlines()
                if line := next((line.strip() for line in lines if line.strip()), ""):
                    return line[:_VALUE]
    return ""


def _seen(markup: str) -> str:
    """What a reader would see of HTML, roughly: enough to find a word that stands alone on the first line."""
    return html.unescape(_TAG.sub("", _BLOCK.sub("\n", without_unseen(markup[:_MARKUP]))))
