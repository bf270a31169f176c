"""How many readers complained of late. Pure."""

from __future__ import annotations

from syndicate.preflight.deliverability.checks import COMPLAINTS
from syndicate.preflight.finding import Finding

_WANTED, _MOST = 0.001, 0.003
_ENOUGH = 1_000
"""Mails, from which a share says something."""

_UNHEARD = "Gmail tells its own count in Postmaster Tools alone"


def complaints(mails: int, complained: int) -> Finding:
    """Of the mails that were accepted, those that somebody called spam."""
    told = f"{complained:,} of {mails:,} mails of the last digests; {_UNHEARD}"
    share = complained / mails if mails else 0.0
    if mails < _ENOUGH or share <= _WANTED:
        return COMPLAINTS.fine(told)
    remedy = "look where these readers came from, and whether they asked for it"
    if share >= _MOST:
        return COMPLAINTS.blocks(f"{share:.2%}: {told}", remedy)
    return COMPLAINTS.warns(f"{share:.2%}: {told}", remedy)
