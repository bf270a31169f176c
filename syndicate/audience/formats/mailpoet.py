"""MailPoet: the CSV file of its export, one row for each subscriber and list, with columns as somebody chose them."""

from __future__ import annotations

from syndicate.audience.formats.format import Format

_COLUMNS = {
    "email": "email",
    "first name": "first_name",
    "last name": "last_name",
    "list status": "state",
    "global status": "state",
    "list": "tags",
    "tags": "tags",
}
_STATES = {
    "subscribed": "active",
    "inactive": "active",
    "unsubscribed": "unsubscribed",
    "bounced": "bounced",
    "unconfirmed": "unconfirmed",
}
"""Who is ``inactive`` agreed to get mail, and did not open it for long."""

FORMATS = tuple(
    Format(name="MailPoet", signs=frozenset({"email", "list"} | more), columns=_COLUMNS, states=_STATES)
    for more in ({"global status"}, {"list status"}, {"first name", "last name"})
)
