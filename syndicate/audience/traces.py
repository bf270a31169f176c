"""What is left of a reader who was erased: a keyed hash of the address, which tells an import to leave it out."""

from __future__ import annotations

import hmac

REASON = "erased"
PREFIX = "erased:"
"""How every trace begins."""


class Traces:
    """Makes traces. They stand among the suppressions, and are worth nothing without the site's secret.

    Whoever changes that secret loses them: an erased address is then like any other.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"syndicate erased address", "sha256")

    def of(self, email: str) -> str:
        """The trace of a normalised address, whatever the case of its letters."""
        return PREFIX + hmac.digest(self._key, email.casefold().encode(), "sha256").hex()
