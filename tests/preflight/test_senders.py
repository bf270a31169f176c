"""The sender domains of a newsroom, looked up now and then."""

from __future__ import annotations

import asyncio

from syndicate.delivery.dkim import SelectedKey, Signer
from syndicate.delivery.dkim_keys import new_ed25519_key
from syndicate.preflight.finding import Verdict
from syndicate.preflight.senders import Senders
from syndicate.reach.names import Kind
from tests.newsroom import MONDAY


def test_all_domains_are_looked_at_and_a_policy_may_stand_above() -> None:
    key = new_ed25519_key()
    signer = Signer([SelectedKey("s1", key)])
    zone = {
        ("news.lake.org", "TXT"): ("v=spf1 mx -all",),
        ("news.lake.org", "MX"): ("10 mx.lake.org",),
        ("_dmarc.lake.org", "TXT"): ("v=DMARC1; p=quarantine",),
        ("s1._domainkey.news.lake.org", "TXT"): (key.record(),),
    }

    async def look(name: str, kind: Kind) -> tuple[str, ...] | None:
        return None if name.endswith("quiet.org") else zone.get((name, kind), ())

    senders = Senders(["News.lake.org", "quiet.org", "lake.example", "example.com", "x.test"], signer.records)
    asyncio.run(senders.look(MONDAY, look))
    codes = ("spf", "dkim", "dmarc", "mx")
    assert {
        section.about: [(one.check.code, one.verdict) for one in section.findings] for section in senders.sections
    } == {
        "news.lake.org": [(code, Verdict.FINE) for code in codes],
        "quiet.org": [(code, Verdict.UNCHECKED) for code in codes],
    }
    assert senders.looked_at == MONDAY
