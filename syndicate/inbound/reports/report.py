"""What came back of our mail, whoever told it: a mail server by mail, or a provider by a webhook."""

from __future__ import annotations

from dataclasses import dataclass

from syndicate.inbound.reports.failure import Failure
from syndicate.inbound.reports.parts import NO_HEADERS, Headers


@dataclass(frozen=True, slots=True)
class Feedback:
    """A complaint. ``kind``: ``abuse`` (RFC 5965 §7.3), ``not-spam`` (RFC 6430), ``auth-failure`` (RFC 6591) …"""

    kind: str
    recipients: tuple[str, ...]

    @property
    def is_unwelcome(self) -> bool:
        """Whether a reader says with it that our mail is not wanted; the others tell of something else."""
        return self.kind not in ("not-spam", "auth-failure", "virus")


@dataclass(frozen=True, slots=True)
class Report:
    """``feedback`` is set for a complaint; ``failures`` is empty for one, and when nothing failed.

    ``returned`` are the headers of the mail that it is about, as far as they came with it.
    """

    failures: tuple[Failure, ...] = ()
    feedback: Feedback | None = None
    returned: Headers = NO_HEADERS

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom it is about."""
        return self.feedback.recipients if self.feedback else tuple(one.recipient for one in self.failures)
