"""Domains by who runs their mail."""

from __future__ import annotations

import pytest

from syndicate.delivery.classes import class_of


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("gmail.com", "google"),
        ("yahoo.co.uk", "yahoo"),
        ("hotmail.fr", "microsoft"),
        ("gmx.net", "gmx"),
        ("mail.ru", "mail.ru"),
        ("yahoo.example.org", "other"),
        ("lakeside.example", "other"),
        ("x.yahoo.com", "other"),
        ("", "other"),
    ],
)
def test_class_of_a_domain(domain: str, expected: str) -> None:
    assert class_of(domain) == expected
