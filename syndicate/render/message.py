"""Parts + one reader's values → one MIME message. Called by delivery for each reader, and by ``preview``.

Written out here, not by ``email.message``: that one folds long Message-IDs into encoded words and has broken names
apart, and what a header may hold must be decided in one place.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from base64 import b64encode, encodebytes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, getaddresses

from syndicate.errors import HeaderError
from syndicate.model import Parts
from syndicate.render.holes import fill

_WORD_BYTES = 36
"""Bytes in one encoded word: 60 characters with its frame, so that no line passes 76 (RFC 2047 §2)."""

_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TOKENS = re.compile(r"[!-~]{1,66}(?: [!-~]{1,66})*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}@[A-Za-z0-9.\[\]:-]{1,255}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_LIST_ID = re.compile(r"[A-Za-z0-9._-]+")
_URL = re.compile(r"(?:https?://|mailto:)[!-;=?-~]+")
_LONGEST = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What stands above a message, already decided.

    ``sender`` and ``reply_to`` are ``Name <user@host>`` or ``user@host``; ``message_id`` has its angle brackets,
    ``list_id`` is bare (RFC 2919); ``date`` is aware. An empty value leaves its header out.
    """

    sender: str
    to_email: str
    date: datetime
    message_id: str
    list_id: str
    unsubscribe_url: str
    unsubscribe_mailto: str
    to_name: str = ""
    reply_to: str = ""
    help_url: str = ""
    feedback_id: str = ""
    auto_submitted: str = ""


def build_message(headers: Headers, parts: Parts, values: Mapping[str, str]) -> bytes:
    """The message with CRLF line ends, no line over 998 octets (RFC 5322 §2.1.1), ASCII throughout.

    The same arguments give the same bytes. Raises HeaderError for a value that can't stand in its header, and
    TemplateError for a hole without a value.
    """
    subject = fill(parts.subject, parts.nonce, values, escape=False)
    lines = [*_headers(headers, subject), "MIME-Version: 1.0"]
    # Neither transfer encoding can put "=_" on a line, so the text can't end its own part (RFC 2045 §6.7).
    boundary = f"=_{parts.nonce}"
    lines += [f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for subtype, text, escape in (("plain", parts.text, False), ("html", parts.html, True)):
        encoding, body = _encoded(fill(text, parts.nonce, values, escape=escape))
        lines += [
            f"--{boundary}",
            f"Content-Type: text/{subtype}; charset=utf-8",
            f"Content-Transfer-Encoding: {encoding}",
            "",
            body,
        ]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("ascii")


def _headers(headers: Headers, subject: str) -> Iterator[str]:
    yield f"From: {_mailbox('From', *_parsed('From', headers.sender))}"
    if headers.reply_to:
        yield f"Reply-To: {_mailbox('Reply-To', *_parsed('Reply-To', headers.reply_to))}"
    yield f"To: {_mailbox('To', headers.to_name, headers.to_email)}"
    yield f"Subject: {_folded('Subject', subject)}"
    yield f"Date: {format_datetime(headers.date)}"
    yield f"Message-ID: {_matching('Message-ID', headers.message_id, _MESSAGE_ID)}"
    yield f"List-Id: <{_matching('List-Id', headers.list_id, _LIST_ID)}>"
    https = _matching("List-Unsubscribe", headers.unsubscribe_url, _URL)
    mailto = _matching("List-Unsubscribe", headers.unsubscribe_mailto, _URL)
    yield f"List-Unsubscribe: <{https}>,\r\n <{mailto}>"
    yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"  # RFC 8058 §3.1
    if headers.help_url:
        yield f"List-Help: <{_matching('List-Help', headers.help_url, _URL)}>"
    if headers.feedback_id:
        yield f"Feedback-ID: {_matching('Feedback-ID', headers.feedback_id, _TOKENS)}"
    if headers.auto_submitted:
        yield f"Auto-Submitted: {_matching('Auto-Submitted', headers.auto_submitted, _TOKENS)}"  # RFC 3834 §5


def _safe(header: str, value: str) -> str:
    """RFC 5322 §2.2: a line break in a value would begin a header of its own."""
    if any(unicodedata.category(char) in _REFUSED_CATEGORIES for char in value):
        raise HeaderError(header, value)
    return value


def _matching(header: str, value: str, pattern: re.Pattern[str]) -> str:
    """A value that must stand as it is: it is never folded or encoded."""
    if not pattern.fullmatch(_safe(header, value)):
        raise HeaderError(header, value, "is not of the form that this header has")
    if len(value) > _LONGEST:
        raise HeaderError(header, value, f"is longer than {_LONGEST} characters")
    return value


def _parsed(header: str, mailbox: str) -> tuple[str, str]:
    found = getaddresses([_safe(header, mailbox)])
    if len(found) != 1:
        raise HeaderError(header, mailbox, "is not one address")
    return found[0]


def _mailbox(header: str, name: str, address: str) -> str:
    _matching(header, address, _ADDRESS)
    name = " ".join(_safe(header, name).split())
    if not name:
        return address
    if _TOKENS.fullmatch(name) and len(name) <= _WORD_BYTES and "=?" not in name:
        quoted = name if _ATOMS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        return f"{quoted}\r\n <{address}>" if len(header) + len(quoted) + len(address) > 71 else f"{quoted} <{address}>"
    return f"{_encoded_words(name)}\r\n <{address}>"


def _folded(header: str, text: str) -> str:
    """Unstructured text in lines of at most 78 characters, as encoded words unless it is plain ASCII."""
    if not _TOKENS.fullmatch(_safe(header, text)) or "=?" in text:
        return _encoded_words(text)
    lines, room = [""], 76 - len(header)
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            room = 76
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _encoded_words(text: str) -> str:
    """RFC 2047 §5: a character is never split between two words; white space between words is not part of the text."""
    words, chunk = [], b""
    for char in text:
        octets = char.encode()
        if len(chunk) + len(octets) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += octets
    return "\r\n ".join(f"=?utf-8?B?{b64encode(word).decode()}?=" for word in [*words, chunk] if word)


def _encoded(text: str) -> tuple[str, str]:
    """Whichever transfer encoding is shorter, with lines of at most 76 characters (RFC 2045 §6.7, §6.8)."""
    octets = re.sub(r"\r\n?|\n", "\r\n", text).encode("utf-8", "replace")
    foreign = len(octets) - len(octets.decode("ascii", "ignore"))
    if foreign * 6 > len(octets):
        return "base64", encodebytes(octets).decode("ascii").replace("\n", "\r\n").removesuffix("\r\n")
    # It breaks long lines with the first line end that it finds in the text, which need not have one.
    return "quoted-printable", re.sub("\r?\n", "\r\n", binascii.b2a_qp(octets, istext=True).decode("ascii"))
