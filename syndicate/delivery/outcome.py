"""The relay's answer → what becomes of the delivery. Pure (chance and clock are arguments). Called by ``send``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.model import DeliveryState

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(hours=48)

_ABOUT_US = frozenset({530, 534, 535, 538})
"""Authentication needed or failed (RFC 4954 §6): said at any command, it is about us, never about a reader."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the relay said about one message, at which command; ``code`` is its three digits (RFC 5321 §4.2)."""

    verb: str
    code: int
    text: str

    @property
    def is_about_us(self) -> bool:
        """Whether it refuses us rather than this message: then no delivery may change because of it.

        So does any refusal of MAIL (RFC 5321 §3.3: the sender), and 421 (§3.8: the relay is going away).
        """
        return self.code in _ABOUT_US or self.code == 421 or (self.verb == "MAIL" and self.code >= 400)

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection ended after the message was begun and before the answer to it: nobody knows."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """The delivery's next state, and when a queued one is due again."""

    state: DeliveryState
    next_at: datetime


def outcome(
    answer: Reply | Broken, *, attempts: int, planned_at: datetime, now: datetime, chance: float, resend: bool
) -> Outcome:
    """What an answer means (RFC 5321 §4.2.1). ``attempts`` counts earlier ones; ``chance`` is in [0, 1)."""
    if isinstance(answer, Reply):
        if 200 <= answer.code < 300:
            return Outcome(DeliveryState.ACCEPTED, now)
        if answer.code >= 500 and not answer.is_about_us:
            return Outcome(DeliveryState.REJECTED, now)
    elif not resend:
        return Outcome(DeliveryState.UNCERTAIN, now)
    due = now + wait(attempts, chance)
    if due > planned_at + GIVE_UP_AFTER:
        return Outcome(DeliveryState.EXPIRED, now)
    return Outcome(DeliveryState.QUEUED, due)


def wait(attempts: int, chance: float) -> timedelta:
    """Exponential back-off with full jitter, so that a burst of refusals does not come back as a burst."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(attempts, 16)))
    return max(FIRST_WAIT / 2, longest * chance)
