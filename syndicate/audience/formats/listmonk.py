"""listmonk: the CSV file of subscribers. It does not say who gets which list, so each list is exported by itself."""

from __future__ import annotations

from syndicate.audience.formats.format import Format

FORMATS = (
    Format(
        name="listmonk",
        signs=frozenset({"uuid", "email", "status"}),
        columns={"email": "email", "name": "name", "status": "state", "attributes": "attributes"},
        states={"enabled": "active", "disabled": "unsubscribed", "blocklisted": "suppressed"},
    ),
)
