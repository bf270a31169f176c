"""Ghost: the CSV file of members."""

from __future__ import annotations

from syndicate.audience.formats.format import Format

FORMATS = (
    Format(
        name="Ghost",
        signs=frozenset({"email", "subscribed_to_emails"}),
        columns={"email": "email", "name": "name", "subscribed_to_emails": "state", "labels": "tags"},
        states={"true": "active", "false": "unsubscribed"},
    ),
)
