"""Buttondown: the CSV file of subscribers, which has been called by different column names over the years."""

from __future__ import annotations

from syndicate.audience.formats.format import Format

_STATES = {
    "regular": "active",
    "premium": "active",
    "trialed": "active",
    "unpaid": "active",
    "gifted": "active",
    "churning": "active",
    "churned": "active",
    "past_due": "active",
    "paused": "active",
    "upcoming": "active",
    "unactivated": "unconfirmed",
    "unsubscribed": "unsubscribed",
    "removed": "unsubscribed",
    "undeliverable": "bounced",
    "complained": "complained",
    "blocked": "suppressed",
    "spammy": "suppressed",
}
"""What it calls ``paused`` are payments: such a reader still gets mail."""

FORMATS = tuple(
    Format(
        name="Buttondown",
        signs=frozenset({address, "creation_date", "metadata"}),
        columns={
            address: "email",
            "type": "state",
            "subscriber_type": "state",
            "tags": "tags",
            "metadata": "attributes",
        },
        states=_STATES,
    )
    for address in ("email", "email_address")
)
