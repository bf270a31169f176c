"""Substack: ``email_list.*.csv``, alone or in the ZIP file of a publication. It knows no names."""

from __future__ import annotations

from syndicate.audience.formats.format import Format

FORMATS = (
    Format(
        name="Substack",
        signs=frozenset({"email", "active_subscription"}),
        columns={"email": "email", "name": "name", "email_disabled": "state", "plan": "attributes.plan"},
        states={"false": "active", "true": "unsubscribed"},
    ),
)
