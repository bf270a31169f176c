"""Mailchimp: a ZIP file of an audience, with one CSV file each of who is subscribed, has left, and was cleaned.

The files differ by their columns: ``UNSUB_TIME`` and ``CLEAN_TIME`` stand only where all rows are of that state.
"""

from __future__ import annotations

from syndicate.audience.formats.format import Format

_SIGNS = frozenset({"email address", "leid", "euid"})
_COLUMNS = {
    "email address": "email",
    "first name": "first_name",
    "last name": "last_name",
    "timezone": "timezone",
    "tags": "tags",
}

FORMATS = (
    Format(name="Mailchimp", signs=_SIGNS, columns=_COLUMNS),
    Format(name="Mailchimp", signs=_SIGNS | {"unsub_time"}, columns=_COLUMNS, state="unsubscribed"),
    Format(name="Mailchimp", signs=_SIGNS | {"clean_time"}, columns=_COLUMNS, state="bounced"),
)

NEVER_SUBSCRIBED = "nonsubscribed"
"""How the name of a file begins whose people never asked for mail; nothing else tells it from the others."""
