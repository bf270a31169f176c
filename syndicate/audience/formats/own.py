"""This service's own files, and any spreadsheet that names its columns in plain words."""

from __future__ import annotations

from syndicate.audience.formats.format import FIELDS, Format

COLUMNS = (
    "email",
    "name",
    "newsletters",
    "cadence",
    "topics",
    "language",
    "timezone",
    "state",
    "suppressed",
    "tags",
    "attributes",
)
"""What an export has, in this order."""

_SAME = {name: name for name in FIELDS}
_NAMES = {
    "full name": "name",
    "first name": "first_name",
    "firstname": "first_name",
    "last name": "last_name",
    "lastname": "last_name",
    "surname": "last_name",
}
_ADDRESSES = ("email address", "e-mail address", "e-mail", "mail")

FORMATS = (
    Format(name="CSV", signs=frozenset({"email"}), columns=_SAME | _NAMES, between_tags=";"),
    *(
        Format(name="CSV", signs=frozenset({title}), columns={title: "email"} | _SAME | _NAMES, between_tags=";")
        for title in _ADDRESSES
    ),
)
