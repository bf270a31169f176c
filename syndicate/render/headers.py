"""What stands above a message: each value checked, folded and encoded. Called by ``message``.

Written out here, not by ``email.message``: that one folds long Message-IDs into encoded words and has broken names
apart, and what a header may hold must be decided in one place.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, getaddresses
from typing import NamedTuple

from syndicate.errors import HeaderError

_WORD_BYTES = 36
"""Bytes in one encoded word: 60 characters with its frame, so that no line passes 76 (RFC 2047 §2)."""

_PLAIN_NAME = 30
"""Characters of a name, and of an address, that fit on one line with any header's name."""

_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
"""Unicode's categories Cc, Cs, Zl and Zp."""
_TOKENS = re.compile(r"[!-~]{1,66}(?: [!-~]{1,66})*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}@[A-Za-z0-9.\[\]:-]{1,255}")
_INTERNATIONAL = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~\u00a1-\U0010ffff]{1,64}@[A-Za-z0-9.\[\]:-]{1,255}")
"""The same with letters beyond ASCII before the @ (RFC 6531 §3.3); its message goes only where that is offered."""

_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_LIST_ID = re.compile(r"[A-Za-z0-9._-]+")
_URL = re.compile(r"(?:https?://|mailto:)[!-;=?-~]+")
_TOKEN = re.compile(r"[0-9A-Za-z-]{1,75}")
_PAIR = re.compile(rf"{_TOKEN.pattern} {_TOKEN.pattern}")
_LONGEST = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedHeaders:
    """What is the same for every reader of a digest, already decided.

    ``sender`` and ``reply_to`` are ``Name <user@host>`` or ``user@host``; ``list_id`` is bare (RFC 2919); ``date`` is
    aware. ``unsubscribe_url``, ``unsubscribe_mailto`` and ``help_url`` end where a reader's token follows. An empty
    value leaves its header out.
    """

    sender: str
    date: datetime
    list_id: str
    unsubscribe_url: str
    unsubscribe_mailto: str
    help_url: str = ""
    reply_to: str = ""
    feedback_id: str = ""
    auto_submitted: str = ""


class ReaderHeaders(NamedTuple):
    """What differs. ``message_id`` has its angle brackets; tokens are letters, digits and hyphens, 75 at most."""

    to_name: str
    to_email: str
    message_id: str
    unsubscribe_token: str
    preferences_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeHeaders:
    """A single mail's headers but for its subject. ``in_reply_to`` is the Message-ID of what it answers, or empty."""

    sender: str
    to_email: str
    date: datetime
    message_id: str
    reply_to: str = ""
    in_reply_to: str = ""


class HeaderFrame:
    """The headers of all messages of a variant, with room for a reader's; no line begins with a dot.

    Raises HeaderError for a shared value that can't stand in its header.
    """

    __slots__ = ("_after_help", "_after_subject", "_before_mailto", "_before_to", "_help", "_list_id", "_rest")

    def __init__(self, shared: SharedHeaders, content_type: str) -> None:
        reply_to = _mailbox("Reply-To", *_parsed("Reply-To", shared.reply_to)) if shared.reply_to else ""
        self._before_to = "".join(
            _line(name, value)
            for name, value in (
                ("From", _mailbox("From", *_parsed("From", shared.sender))),
                ("Reply-To", reply_to),
            )
        )
        self._after_subject = _line("Date", format_datetime(shared.date))
        self._list_id = _line("List-Id", f"<{_matching('List-Id', shared.list_id, _LIST_ID)}>")
        self._list_id += f"List-Unsubscribe: <{_matching('List-Unsubscribe', shared.unsubscribe_url, _URL)}"
        self._before_mailto = f">,\r\n <{_matching('List-Unsubscribe', shared.unsubscribe_mailto, _URL)}"
        one_click = ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"  # RFC 8058 §3.1
        self._help, self._after_help = "", one_click
        if shared.help_url:
            self._help += f"{one_click}List-Help: <{_matching('List-Help', shared.help_url, _URL)}"
            self._after_help = ">\r\n"
        self._rest = "".join(
            _line(name, _matching(name, value, _TOKENS) if value else "")
            for name, value in (
                ("Feedback-ID", shared.feedback_id),
                ("Auto-Submitted", shared.auto_submitted),  # RFC 3834 §5
            )
        )
        self._rest += _line("MIME-Version", "1.0") + _line("Content-Type", content_type)

    def fill(self, reader: ReaderHeaders, subject: str) -> bytes:
        """The header for one reader, CRLF after every line; ``subject`` comes from ``folded``.

        Raises HeaderError for a value that can't stand in its header.
        """
        to_name, to_email, message_id, unsubscribe, preferences = reader
        if not _PAIR.fullmatch(f"{unsubscribe} {preferences}"):
            _matching("List-Unsubscribe", unsubscribe, _TOKEN)
            _matching("List-Help", preferences, _TOKEN)
        return (
            f"{self._before_to}To: {_mailbox('To', to_name, to_email)}\r\n"
            f"Subject: {subject}\r\n{self._after_subject}"
            f"Message-ID: {_matching('Message-ID', message_id, _MESSAGE_ID)}\r\n{self._list_id}{unsubscribe}"
            f"{self._before_mailto}{unsubscribe}{self._help}{preferences if self._help else ''}{self._after_help}"
            f"{self._rest}"
        ).encode()


def notice_header(headers: NoticeHeaders, subject: str, content_type: str) -> bytes:
    """The header of a single mail, which machines must not answer (RFC 3834 §5), CRLF after every line.

    Raises HeaderError for a value that can't stand in its header.
    """
    reply_to = _mailbox("Reply-To", *_parsed("Reply-To", headers.reply_to)) if headers.reply_to else ""
    answered = _matching("In-Reply-To", headers.in_reply_to, _MESSAGE_ID) if headers.in_reply_to else ""
    return "".join(
        _line(name, value)
        for name, value in (
            ("From", _mailbox("From", *_parsed("From", headers.sender))),
            ("Reply-To", reply_to),
            ("To", _mailbox("To", "", headers.to_email)),
            ("Subject", folded("Subject", subject)),
            ("Date", format_datetime(headers.date)),
            ("Message-ID", _matching("Message-ID", headers.message_id, _MESSAGE_ID)),
            ("In-Reply-To", answered),
            ("References", answered),
            ("Auto-Submitted", "auto-replied" if answered else "auto-generated"),
            ("MIME-Version", "1.0"),
            ("Content-Type", content_type),
        )
    ).encode()


def _line(name: str, value: str) -> str:
    return f"{name}: {value}\r\n" if value else ""


def _safe(header: str, value: str) -> str:
    """RFC 5322 §2.2: a line break in a value would begin a header of its own."""
    if value.isascii() and value.isprintable():
        return value
    if _REFUSED.search(value):
        raise HeaderError(header, value)
    return value


def _matching(header: str, value: str, pattern: re.Pattern[str]) -> str:
    """A value that must stand as it is: it is never folded or encoded. No pattern lets in what is not safe."""
    if not pattern.fullmatch(value):
        _safe(header, value)
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
    _matching(header, *((address, _ADDRESS) if address.isascii() else (_safe(header, address), _INTERNATIONAL)))
    if len(name) <= _PLAIN_NAME and len(address) <= _PLAIN_NAME and _ATOMS.fullmatch(name) and "=?" not in name:
        return f"{name} <{address}>"
    name = " ".join(_safe(header, name).split())
    if not name:
        return address
    if _TOKENS.fullmatch(name) and len(name) <= _WORD_BYTES and "=?" not in name:
        quoted = name if _ATOMS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        return f"{quoted}\r\n <{address}>" if len(header) + len(quoted) + len(address) > 71 else f"{quoted} <{address}>"
    return f"{_encoded_words(name)}\r\n <{address}>"


def folded(header: str, text: str) -> str:
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
    if 0 < len(whole := text.encode()) <= _WORD_BYTES:
        return f"=?utf-8?B?{b2a_base64(whole, newline=False).decode()}?="
    words, chunk = [], b""
    for char in text:
        octets = char.encode()
        if len(chunk) + len(octets) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += octets
    return "\r\n ".join(f"=?utf-8?B?{b2a_base64(word, newline=False).decode()}?=" for word in [*words, chunk] if word)
