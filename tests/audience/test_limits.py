from __future__ import annotations

import pytest

from syndicate.audience.limits import Gate, Refusal
from syndicate.settings import Limits


def gate(**rates: str) -> Gate:
    return Gate(Limits.model_validate(dict.fromkeys(Limits.model_fields, "1000/h") | rates))


@pytest.mark.parametrize(
    ("setting", "refusal", "same", "other"),
    [
        ("per_ip", Refusal.IP, ("192.0.2.1", "192.0.2.1"), "192.0.2.2"),
        ("per_ip", Refusal.IP, ("192.0.2.1", "::ffff:192.0.2.1"), "192.0.2.2"),
        ("per_network", Refusal.NETWORK, ("2001:db8:0:1::1", "2001:db8:0:1:ffff::"), "2001:db8:0:2::1"),
    ],
)
def test_where_requests_come_from(setting: str, refusal: Refusal, same: tuple[str, str], other: str) -> None:
    limited = gate(**{setting: "2/h"})
    said = [limited.admit(same[number % 2], f"r{number}@d{number}.example.org") for number in range(3)]
    assert said == [None, None, refusal]
    assert limited.admit(other, "r@example.org") is None
    assert limited.admit(None, "r@example.org") is None


@pytest.mark.parametrize(
    ("setting", "refusal", "emails", "other"),
    [
        ("per_address", Refusal.ADDRESS, ("Ana@example.org", "ana@example.org"), "bo@example.org"),
        ("per_address", Refusal.ADDRESS, ("ana@example.org", "ANA+news@example.org"), "+ana@example.org"),
        ("per_domain", Refusal.DOMAIN, ("ana@example.org", "bo@example.org"), "ana@example.com"),
    ],
)
def test_what_requests_are_for(setting: str, refusal: Refusal, emails: tuple[str, str], other: str) -> None:
    limited = gate(**{setting: "2/h"})
    said = [limited.admit(f"192.0.2.{number}", emails[number % 2]) for number in range(3)]
    assert said == [None, None, refusal]
    assert limited.admit("192.0.2.9", other) is None


def test_in_all() -> None:
    limited = gate(overall="3/h")
    said = [limited.admit(f"192.0.2.{number}", f"r{number}@d{number}.example") for number in range(4)]
    assert said == [None, None, None, Refusal.OVERALL]


def test_whoever_is_refused_uses_up_nobody_elses_share() -> None:
    limited = gate(per_ip="1/h", per_address="1/h")
    assert limited.admit("192.0.2.1", "bo@example.org") is None
    assert limited.admit("192.0.2.1", "ana@example.org") is Refusal.IP
    assert limited.admit("192.0.2.2", "ana@example.org") is None
