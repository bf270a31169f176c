"""Who fills in a form, a person or a program? Two signs, without a puzzle for anyone. Pure; the pages call it.

A form has a field that people don't see (the trap), and a stamp that says when it was shown. What fills the trap in is
dropped, and gets the answer that everyone gets; who is too quick is asked to press the button once more.
"""

from __future__ import annotations

import hmac
import re
from calendar import timegm
from datetime import UTC, datetime, timedelta

TRAP = "website"
"""The name of the field that people leave empty, for they don't see it."""

STAMP = "shown"
"""The name of the hidden field with the stamp."""

FASTEST = timedelta(seconds=2)
"""Nobody reads a form and types an address in less."""

_STAMP = re.compile(r"([0-9]{1,12})-([0-9a-f]{32})")


class Stamps:
    """Makes and reads the stamps of forms: the second at which they were shown, signed."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"syndicate form stamp", "sha256")

    def stamp(self, now: datetime) -> str:
        """For a form that is shown now."""
        return self._signed(timegm(now.utctimetuple()))

    def shown_at(self, stamp: str) -> datetime | None:
        """When the form of that stamp was shown; None when the stamp was not made here."""
        match = _STAMP.fullmatch(stamp)
        if not match or not hmac.compare_digest(stamp, self._signed(int(match[1]))):
            return None
        return datetime.fromtimestamp(int(match[1]), UTC)

    def _signed(self, second: int) -> str:
        return f"{second}-{hmac.digest(self._key, str(second).encode(), 'sha256')[:16].hex()}"


def is_automatic(*, trap: str, stamp: str | None, stamps: Stamps, now: datetime) -> bool:
    """Whether a program filled it in: the trap is not empty, or the form came back too soon, or with a forged stamp.

    Without a stamp (a form on somebody else's page, a script that posts) only the trap tells. An old one is nobody's
    fault.
    """
    if trap.strip():
        return True
    if stamp is None:
        return False
    shown_at = stamps.shown_at(stamp)
    return shown_at is None or now - shown_at < FASTEST
