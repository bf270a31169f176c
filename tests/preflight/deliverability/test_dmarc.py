"""DMARC as RFC 9989 has it: the walk up a name, and what is different from RFC 7489."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.preflight.deliverability.dmarc import discover, policy_of, walk
from tests.preflight.deliverability.zone import look_of


@pytest.mark.parametrize(
    ("records", "at", "organisation", "applied"),
    [
        ({"news.lake.org": "v=DMARC1; p=reject"}, "news.lake.org", "news.lake.org", "reject"),
        ({"lake.org": "v=DMARC1; p=quarantine"}, "lake.org", "lake.org", "quarantine"),
        ({"lake.org": "v=DMARC1; p=reject; sp=none; np=reject"}, "lake.org", "lake.org", "none"),
        ({"lake.org": "v=DMARC1; p=reject; t=y"}, "lake.org", "lake.org", "quarantine"),
        ({"lake.org": "v=DMARC1; p=reject; pct=5"}, "lake.org", "lake.org", "reject"),
        ({"lake.org": "v=DMARC1; rua=mailto:a@lake.org"}, "lake.org", "lake.org", "none"),
        ({"lake.org": "v=DMARC1; p=reject", "org": "v=DMARC1; p=none; psd=y"}, "lake.org", "lake.org", "reject"),
        ({"org": "v=DMARC1; p=reject; psd=y"}, "org", "lake.org", "reject"),
        (
            {"news.lake.org": "v=DMARC1; p=none; psd=n", "lake.org": "v=DMARC1; p=reject"},
            "news.lake.org",
            "news.lake.org",
            "none",
        ),
        ({"lake.org": "v=DMARC2; p=reject"}, None, "news.lake.org", ""),
        ({}, None, "news.lake.org", ""),
    ],
)
def test_the_policy_and_the_organisation(
    records: dict[str, str], at: str | None, organisation: str, applied: str
) -> None:
    look = look_of({(f"_dmarc.{name}", "TXT"): [text] for name, text in records.items()})
    found = asyncio.run(discover("News.lake.org.", look))
    assert found is not None
    assert found.organisation == organisation
    assert (found.policy.at if found.policy else None) == at
    assert found.policy is None or found.policy.applied("news.lake.org") == applied


def test_the_walk_has_eight_steps_at_most() -> None:
    assert walk("news.lake.org") == ["news.lake.org", "lake.org", "org"]
    long = walk("a.b.c.d.e.f.g.h.i.j")
    assert (len(long), long[0], long[1], long[-1]) == (8, "a.b.c.d.e.f.g.h.i.j", "d.e.f.g.h.i.j", "j")


def test_silence_is_no_policy_and_two_records_are_none() -> None:
    assert asyncio.run(discover("lake.org", look_of({("_dmarc.lake.org", "TXT"): None}))) is None
    two = asyncio.run(discover("lake.org", look_of({("_dmarc.lake.org", "TXT"): ["v=DMARC1; p=none"] * 2})))
    assert two is not None
    assert (two.policy, two.too_many) == (None, "lake.org")


def test_tags_are_read_leniently() -> None:
    policy = policy_of("v = DMARC1 ; P=Reject;aspf=S; ri=5 ;; p=none", "lake.org")
    assert policy is not None
    assert (policy.asked, policy.is_strict("aspf"), policy.is_strict("adkim"), policy.outdated) == (
        "reject",
        True,
        False,
        ["ri"],
    )


@given(st.text(max_size=60))
def test_whatever_stands_there_is_read(said: str) -> None:
    policy_of(said, "a.org")
    policy = policy_of(f"v=DMARC1;{said}", "a.org")
    assert policy is not None
    assert policy.applied("b.a.org") in ("none", "quarantine", "reject")
