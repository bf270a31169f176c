"""What a report says of one recipient, and the judgement over what was said. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from syndicate.inbound.reports.reason import Reason, reason_of, status_in, status_of

_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient that mail did not reach: ``status`` as RFC 3463 writes it, ``said`` as the server put it.

    ``original`` is the address that was written to, where the report tells that another was meant by it.
    """

    recipient: str
    reason: Reason
    status: str
    said: str = ""
    is_late: bool = False
    original: str = ""

    @property
    def is_hard(self) -> bool:
        """Whether mail will never arrive there. What is only late may still arrive."""
        return self.reason.is_hard and not self.is_late


def judged(
    recipient: str,
    said: str,
    *,
    told: str = "",
    context: str = "",
    is_late: bool = False,
    original: str = "",
    reason: Reason | None = None,
) -> Failure:
    """``said`` are the server's words, ``told`` the status that the report gives, ``context`` is said around it."""
    within = status_in(said)
    status = within if within and (not told or told.endswith(".0.0")) else told
    reason = reason or reason_of(said, context, status)
    if is_late and reason is Reason.UNCLEAR:
        reason = Reason.LATE
    seen = "".join(char if char.isprintable() else " " for char in (said or context)[: 4 * _SHOWN])
    shown = " ".join(seen.split())[:_SHOWN]
    return Failure(
        recipient, reason, status_of(reason, told, said or context, is_late=is_late), shown, is_late, original
    )
