"""One mail as it is looked at: as one reader would get it. Called by ``preflight``, which makes it of a digest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """``octets`` is its size on the wire. ``own`` are addresses of the service that are not to be asked for.

    Those belong to nobody, or are not there yet.
    """

    subject: str
    html: str
    text: str
    octets: int
    unsubscribe: str
    postal_address: str
    own: frozenset[str] = frozenset()
