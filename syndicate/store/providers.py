"""Mailbox providers: domains of one provider share its limits and its mood, so their mail is one class of work."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, case, not_
from sqlalchemy.sql.elements import ColumnElement

OTHERS = "others"
"""The class of all domains that are no large provider's."""

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "google": ("gmail.com", "googlemail.com"),
    "microsoft": (
        "hotmail.com",
        "hotmail.co.uk",
        "hotmail.de",
        "hotmail.fr",
        "live.com",
        "msn.com",
        "outlook.com",
        "outlook.de",
        "outlook.fr",
    ),
    "yahoo": ("aol.com", "rocketmail.com", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.fr", "ymail.com"),
    "apple": ("icloud.com", "mac.com", "me.com"),
    "united internet": ("gmx.at", "gmx.ch", "gmx.de", "gmx.net", "web.de"),
    "telekom": ("magenta.de", "t-online.de"),
    "proton": ("pm.me", "proton.me", "protonmail.com"),
}


_BY_DOMAIN = {domain: name for name, domains in PROVIDERS.items() for domain in domains}


def provider_of(domain: str) -> str:
    """The class of a domain that is known."""
    return _BY_DOMAIN.get(domain, OTHERS)


def provider(domain: ColumnElement[str]) -> ColumnElement[str]:
    """The class of a domain."""
    return case(*((domain.in_(names), name) for name, names in PROVIDERS.items()), else_=OTHERS)


def is_of(domain: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Whether a domain is of that class."""
    if name in PROVIDERS:
        return domain.in_(PROVIDERS[name])
    return and_(*(not_(domain.in_(names)) for names in PROVIDERS.values()))
