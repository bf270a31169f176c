"""What servers say → why mail could not be delivered, and whether it ever can be. Pure.

The words decide before the code: `5.0.0`, and `5.1.1` for a full disk, are said too often. What the words leave open,
the enhanced status says (RFC 3463, RFC 5248, RFC 7504, RFC 7505, and what large providers made of them).
"""

from __future__ import annotations

import re
from enum import StrEnum

from syndicate.inbound.reports.words import SAID, UNCERTAINLY

_STATUS = re.compile(r"(?<![\d.-])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_CODE = re.compile(r"(?<![\d.:/-])([45]\d\d)(?![\d.:/])")
_AFTER_CONTENT = re.compile(
    r"(?:in reply to|after) (?:the )?end of data|in reply to DATA|SMTP:(?:DATA|EOM)|\(state 1[78]\)", re.IGNORECASE
)
_AFTER_RCPT = re.compile(
    r"in reply to RCPT|after RCPT|>>> ?RCPT|our RCPT|SMTP:RCPT|following RCPT|\(state 1[234]\)|"
    r"does not like recipient|command: RCPT",
    re.IGNORECASE,
)


_DOUBTFUL = re.compile(r"[45]\.[237]\.(?!17$)")
_LOOKED_AT = 3000


class Reason(StrEnum):
    """Why. Whoever gets a *hard* one will never be reached at that address."""

    NO_MAILBOX = "no such mailbox"
    NO_HOST = "no such domain"
    MOVED = "moved away"
    NO_MAIL = "takes no mail"
    FULL = "mailbox full"
    SUSPENDED = "mailbox suspended"
    REFUSED = "refused by the recipient"
    TOO_BIG = "message too big"
    CONTENT = "content refused"
    SPAM = "taken for spam"
    UNAUTHENTICATED = "authentication failed"
    BLOCKED = "sending server blocked"
    POLICY = "against a policy"
    RELAYING = "relaying denied"
    TOO_MUCH = "too much at once"
    SENDER = "sender refused"
    NETWORK = "network trouble"
    SYSTEM = "trouble in the server"
    LATE = "not delivered yet"
    UNCLEAR = "not said"

    @property
    def is_hard(self) -> bool:
        """Whether it stays so."""
        return self in (Reason.NO_MAILBOX, Reason.NO_HOST, Reason.MOVED, Reason.NO_MAIL)


_OF_STATUS = {
    (1, 1): Reason.NO_MAILBOX,
    (1, 2): Reason.NO_HOST,
    (1, 3): Reason.NO_MAILBOX,
    (1, 6): Reason.MOVED,
    (1, 10): Reason.NO_MAIL,
    (1, 7): Reason.SENDER,
    (1, 8): Reason.SENDER,
    (1, 9): Reason.SYSTEM,
    (2, 0): Reason.REFUSED,
    (2, 1): Reason.SUSPENDED,
    (2, 2): Reason.FULL,
    (2, 3): Reason.TOO_BIG,
    (2, 4): Reason.REFUSED,
    (3, 1): Reason.FULL,
    (3, 2): Reason.NO_MAIL,
    (3, 4): Reason.TOO_BIG,
    (4, 2): Reason.NETWORK,
    (4, 4): Reason.NO_HOST,
    (4, 7): Reason.LATE,
    (7, 17): Reason.NO_MAILBOX,
    (7, 13): Reason.SUSPENDED,
    (7, 25): Reason.BLOCKED,
    (7, 27): Reason.NO_MAIL,
}
"""By subject and detail. 5.7.17 is RFC 7293: the mailbox has another owner than it had; 5.1.10 and 5.7.27, RFC 7505."""

_OF_SUBJECT = {
    2: Reason.REFUSED,
    3: Reason.SYSTEM,
    4: Reason.NETWORK,
    5: Reason.SYSTEM,
    6: Reason.CONTENT,
    7: Reason.POLICY,
}

_STANDS_FOR = {
    Reason.NO_MAILBOX: "1.1",
    Reason.NO_HOST: "1.2",
    Reason.MOVED: "1.6",
    Reason.NO_MAIL: "1.10",
    Reason.FULL: "2.2",
    Reason.SUSPENDED: "2.1",
    Reason.TOO_BIG: "3.4",
    Reason.CONTENT: "6.0",
    Reason.NETWORK: "4.0",
    Reason.LATE: "4.7",
    Reason.SYSTEM: "3.0",
    Reason.SENDER: "1.8",
}
_BLOCKED_OR_SO = (Reason.SPAM, Reason.UNAUTHENTICATED, Reason.BLOCKED, Reason.POLICY, Reason.RELAYING, Reason.TOO_MUCH)


def status_in(text: str) -> str:
    """The enhanced status that a text holds (RFC 3463 §2); of several the first that says something."""
    found = [f"{one[1]}.{int(one[2])}.{int(one[3])}" for one in _STATUS.finditer(text) if one[1] != "2"]
    return next((one for one in found if not one.endswith(".0.0")), found[0] if found else "")


def class_in(text: str) -> str:
    """``4`` or ``5`` as the first reply in a text has it (RFC 5321 §4.2.1), empty when there is none."""
    match = _CODE.search(text)
    return match[1][0] if match else ""


def reason_of(said: str, context: str, status: str) -> Reason:
    """Why, by the server's words, what stands around them, and the status, each of which may be empty."""
    around = f"{said}\n{context}"
    for words in (_shown(said), _shown(context)):
        for name, pattern in SAID:
            if pattern.search(words):
                return _softened(Reason[name], around, status)
    _, subject, detail = (int(part) for part in status.split(".")) if status else (0, 0, 0)
    by_status = _OF_STATUS.get((subject, detail))
    if by_status is None:
        for name, pattern in UNCERTAINLY:
            if pattern.search(_shown(around)):
                return _softened(Reason[name], around, status)
    return _softened(by_status or _OF_SUBJECT.get(subject, Reason.UNCLEAR), around, status)


def _shown(text: str) -> str:
    return " ".join(text[:_LOOKED_AT].split())


def _softened(reason: Reason, around: str, status: str) -> Reason:
    """Where a server contradicts itself, the milder reading.

    Who took the recipient and says only after the content that there is none, filters; and so does who calls it
    unknown, but gives a status of a mailbox that exists, or of a policy. A name that can't be found now may be later.
    """
    if reason in (Reason.NO_HOST, Reason.NO_MAIL) and status.startswith("4"):
        return Reason.NETWORK
    is_about_content = _AFTER_CONTENT.search(around)
    if reason in (Reason.NO_MAILBOX, Reason.NO_HOST) and is_about_content:
        return Reason.REFUSED
    if reason is Reason.NO_MAILBOX and _DOUBTFUL.match(status) and not _AFTER_RCPT.search(around):
        return Reason.REFUSED
    return reason


def status_of(reason: Reason, told: str, said: str, *, is_late: bool = False) -> str:
    """The status to go by: the one that was told, unless it says nothing; else the one in the words, or the usual."""
    for status in (told, status_in(said)):
        if status and not status.endswith(".0.0"):
            return status
    kind = "4" if is_late else (told[:1] or class_in(said) or "5")
    kind = kind if kind in "45" else "5"
    default = "7.1" if reason in _BLOCKED_OR_SO else _STANDS_FOR.get(reason, "0.0")
    return f"{kind}.{default}"
