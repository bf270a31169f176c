"""The relay's answer → what becomes of the delivery. Pure (chance and clock are arguments). Called by ``conversation``.

A reply's three digits say whether to try again (RFC 5321 §4.2.1); its enhanced code (RFC 3463, RFC 5248 and what large
providers made of them) says whom it is about. Times that a text names are not trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from syndicate.model import DeliveryState

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)

_ABOUT_US = frozenset({421, 454, 530, 534, 535, 538})
"""Going away, too much from this account, and authentication (RFC 5321 §3.8, RFC 4954 §6): never about a reader."""

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_GONE = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)})
_NOT_FOR_US = frozenset({(7, 2), (7, 124), (7, 129), (7, 133), (7, 193)})
"""Policy of one mailbox, such as a group that takes mail from its members only."""
_TOO_FAST = frozenset({(2, 1), (3, 2), (5, 3), (7, 0), (7, 650), (7, 651)})
_TOO_FAST_WORDS = re.compile(r"rate.?limit|too (?:many|much|fast|quickly)|throttl|sending rate", re.IGNORECASE)


class Verdict(Enum):
    """What an answer says, and about whom.

    ``GONE``: there is no such mailbox. ``BLOCKED``: the reader's domain refuses all that we send; ``UNWELCOME``: it
    may. ``TOO_FAST``: we send more than is liked.
    """

    ACCEPTED = "accepted"
    LATER = "later"
    TOO_FAST = "too fast"
    BLOCKED = "blocked"
    UNWELCOME = "unwelcome"
    GONE = "gone"
    REJECTED = "rejected"


class Reply(NamedTuple):
    """What the relay said about one message, at which command; ``code`` is its three digits (RFC 5321 §4.2)."""

    verb: str
    code: int
    text: str

    @property
    def is_about_us(self) -> bool:
        """Whether it refuses us rather than this message: then no delivery may change because of it.

        So does any refusal of MAIL (RFC 5321 §3.3: the sender).
        """
        return self.code in _ABOUT_US or (self.verb == "MAIL" and self.code >= 400)

    @property
    def is_confused(self) -> bool:
        """Whether the server says that it does not know, or did not expect, what it had offered."""
        return self.code in (500, 502, 503) or (self.code == 554 and "synchroni" in self.text.casefold())

    @property
    def verdict(self) -> Verdict:
        """What it says, and about whom."""
        if 200 <= self.code < 300:
            return Verdict.ACCEPTED
        match = _ENHANCED.match(self.text)
        detail = (int(match[2]), int(match[3])) if match else (0, 0)
        if 25 <= detail[1] <= 32 and detail[0] == 7:  # authentication and reputation, RFC 7372 and Gmail
            return Verdict.BLOCKED
        if self.code < 500:
            too_fast = detail in _TOO_FAST or _TOO_FAST_WORDS.search(self.text)
            return Verdict.TOO_FAST if too_fast else Verdict.LATER
        if detail in _GONE:
            return Verdict.GONE
        if detail[0] == 7 and detail not in _NOT_FOR_US:
            return Verdict.UNWELCOME if detail[1] < 20 else Verdict.BLOCKED
        return Verdict.REJECTED

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection ended after the message was begun and before the answer to it: nobody knows."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class Outcome(NamedTuple):
    """The delivery's next state, and when a queued one is due again."""

    state: DeliveryState
    next_at: datetime


def outcome(
    answer: Reply | Broken,
    *,
    attempts: int,
    planned_at: datetime,
    give_up_after: timedelta,
    now: datetime,
    chance: float,
    resend: bool,
) -> Outcome:
    """What an answer means. ``attempts`` counts earlier ones; ``chance`` is in [0, 1).

    Who is refused for a policy of their domain's waits; for one that may be their own, until it is said again.
    """
    if isinstance(answer, Reply):
        if 200 <= answer.code < 300:
            return Outcome(DeliveryState.ACCEPTED, now)
        verdict = answer.verdict
        ends = verdict in (Verdict.GONE, Verdict.REJECTED) or (verdict is Verdict.UNWELCOME and attempts > 0)
        if answer.code >= 500 and ends and not answer.is_about_us:
            return Outcome(DeliveryState.REJECTED, now)
    elif not resend:
        return Outcome(DeliveryState.UNCERTAIN, now)
    due = now + wait(attempts, chance)
    if due > planned_at + give_up_after:
        return Outcome(DeliveryState.EXPIRED, now)
    return Outcome(DeliveryState.QUEUED, due)


def wait(attempts: int, chance: float) -> timedelta:
    """Exponential back-off with full jitter, so that a burst of refusals does not come back as a burst."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(attempts, 16)))
    return max(FIRST_WAIT / 2, longest * chance)
