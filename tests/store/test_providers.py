"""Domains by who runs their mail: what the program finds is what the database finds."""

from __future__ import annotations

import pytest
from sqlalchemy import literal, select

from syndicate.store import Store
from syndicate.store.providers import is_of, provider, provider_of

DOMAINS = {"gmail.com": "google", "gmx.net": "united internet", "lakeside.example": "others", "x.gmail.com": "others"}


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_class_of_a_domain(store: Store, domain: str) -> None:
    name, given = provider_of(domain), literal(domain)
    with store.read() as connection:
        found = connection.execute(select(provider(given), is_of(given, name), is_of(given, "apple"))).one()
    assert (name, found[0], bool(found[1]), bool(found[2])) == (DOMAINS[domain], name, True, False)
