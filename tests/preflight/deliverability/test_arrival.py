"""Relays, reverse DNS, alignment and the one click, asked for at real servers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.preflight.deliverability import alignment, oneclick, relay
from syndicate.preflight.deliverability.arrival import Arrival
from syndicate.preflight.deliverability.complaints import complaints
from syndicate.preflight.finding import Finding, Section, Verdict
from syndicate.preflight.rules import rules
from syndicate.reach.names import Names
from syndicate.settings import Settings
from tests.feeds.newsroom import NOON
from tests.nameserver import NameServer
from tests.newsroom import settings_for
from tests.preflight.deliverability.zone import Records, look_of
from tests.relay import Relay
from tests.site import HttpSite, Page
from tests.web.pressroom import serve

FINE, WARNS, BLOCKS, OPEN = Verdict.FINE, Verdict.WARNS, Verdict.BLOCKS, Verdict.UNCHECKED
KEY = "v=DKIM1; k=rsa; p=abc"
GOOD = {
    ("lake.org", "TXT"): ['"v=spf1 ip4:8.8.8.0/24 -all"'],
    ("lake.org", "MX"): ["5 mx.lake.org."],
    ("s1._domainkey.lake.org", "TXT"): [f'"{KEY}"'],
    ("_dmarc.lake.org", "TXT"): ['"v=DMARC1; p=reject; adkim=s; rua=mailto:d@lake.org"'],
}


def settings_of(path: Path, relay: Relay, **newsletter: str) -> Settings:
    smtp = {"url": relay.url} | ({"ca_file": relay.ca_file} if relay.security != "none" else {})
    return settings_for(path, smtp=smtp, **{"sender": "Courier <news@lake.org>", **newsletter})


def arrived(settings: Settings, keys: dict[str, str], unsubscribe: str, dns: str) -> list[Section]:
    arrival = Arrival(settings, keys, unsubscribe)
    return asyncio.run(arrival.asked(settings.newsletters, datetime.now(UTC), Names(dns).look))


def verdicts(sections: list[Section]) -> dict[tuple[str, str], Verdict]:
    return {(section.about, one.check.code): one.verdict for section in sections for one in section.findings}


@pytest.mark.relay(security="starttls")
def test_a_good_domain_over_a_good_relay(tmp_path: Path, relay: Relay, http_site: HttpSite) -> None:
    http_site.pages = {"/unsubscribe/0-x": Page(b"Unsubscribed.\n")}
    with NameServer(GOOD) as server:
        found = arrived(settings_of(tmp_path, relay), {"s1": KEY}, f"{http_site.url}/unsubscribe/0-x", server.address)
    seen = verdicts(found)
    assert [code for code, verdict in seen.items() if verdict not in (FINE, OPEN)] == []
    assert [code for code, verdict in seen.items() if verdict is OPEN] == [
        ("lake.org", "spf-relay"),
        ("relay smtp", "ptr"),
    ]
    [tls] = [one for section in found for one in section.findings if one.check.code == "relay-tls"]
    assert tls.said.startswith("TLSv1.")
    assert "certificate until 3000-01-01" in tls.said
    assert (http_site.requests[0].method, http_site.requests[0].body) == ("POST", b"List-Unsubscribe=One-Click")
    kept = {one.check.code: one.verdict for one in rules(found).findings}
    assert (kept["rule-dkim"], kept["rule-alignment"], kept["rule-dns"]) == (FINE, FINE, OPEN)
    assert kept["rule-link"] is OPEN
    assert relay.messages == []


def test_a_bad_domain_over_a_bad_relay(tmp_path: Path, relay: Relay, http_site: HttpSite) -> None:
    http_site.pages = {"/unsubscribe/0-x": Page(status=302, headers={"Location": "/"})}
    relay.refuse("connect", "554 5.7.1 go away")
    with NameServer({("gmail.com", "TXT"): ['"v=spf1 +all"']}) as server:
        settings = settings_of(tmp_path, relay, sender="C <news@gmail.com>")
        found = arrived(settings, {"s1": KEY}, f"{http_site.url}/unsubscribe/0-x", server.address)
    assert [code for (_, code), verdict in verdicts(found).items() if verdict is BLOCKS] == [
        "spf",
        "dkim",
        "dmarc",
        "mx",
        "alignment",
        "relay",
        "one-click",
    ]
    assert "go away" in str(found)
    kept = rules(found).findings
    assert "it is not kept: SPF, it lets everyone send in your name" in [one.said for one in kept]


def test_domains_for_examples_are_not_asked_for_and_offline_asks_nobody(tmp_path: Path, relay: Relay) -> None:
    settings = settings_of(tmp_path, relay, sender="C <news@lake.example>")
    found = arrived(settings, {}, "http://127.0.0.1:9/x", "127.0.0.1:9")
    assert found[0].count(OPEN) == len(found[0].findings) == 1
    plain = verdicts(found[1:])
    assert (plain["relay smtp", "relay-tls"], plain["the service", "one-click"]) == (FINE, OPEN)
    offline = verdicts(Arrival(settings, {"s1": KEY}, "").unasked(settings.newsletters, "no network"))
    assert [code for (_, code), verdict in offline.items() if verdict is not OPEN] == ["alignment"]


@pytest.mark.parametrize(("left", "verdict"), [(30, FINE), (13, WARNS), (-1, WARNS)])
def test_a_certificate_that_ends_soon(tmp_path: Path, left: int, verdict: Verdict) -> None:
    smtp, now = settings_for(tmp_path).smtp, datetime(2026, 3, 1, tzinfo=UTC)
    greeted = relay.Greeted(version="TLSv1.3", ends_at=now + timedelta(days=left))
    assert relay.judge(smtp, greeted, now, is_local=False)[-1].verdict is verdict
    assert relay.judge(smtp, relay.Greeted(), now, is_local=False)[-1].verdict is WARNS
    untrusted = relay.Greeted("its certificate does not verify")
    assert [one.check.code for one in relay.judge(smtp, untrusted, now, is_local=True)] == ["relay-tls"]


def test_spf_and_reverse_dns_of_a_public_relay() -> None:
    records: Records = {
        ("smtp.esp.net", "A"): ["8.8.8.8"],
        ("8.8.8.8", "PTR"): ["out.esp.net", "elsewhere.net"],
        ("out.esp.net", "A"): ["8.8.8.8"],
        ("lake.org", "TXT"): ["v=spf1 ip4:8.8.8.8 -all"],
        ("sea.org", "TXT"): ["v=spf1 ~all"],
    }

    async def asked() -> None:
        look = look_of(records)
        out = await alignment.outlet("smtp", "smtp.esp.net", look)
        assert out.names == {"8.8.8.8": ("out.esp.net",)}
        assert told(alignment.reverse(out)) == [(FINE, "8.8.8.8")]
        good = await alignment.evaluated("lake.org", "news@lake.org", [out], look)
        assert told(alignment.spf_of([out], good)) == [(FINE, "smtp")]
        bad = await alignment.evaluated("sea.org", "news@sea.org", [out], look)
        [one] = alignment.spf_of([out], bad)
        assert (one.verdict, "comes to softfail: all of sea.org" in one.said) == (WARNS, True)
        unnamed, silent = replace(out, names={"8.8.8.8": ()}), replace(out, names={"8.8.8.8": None})
        assert told([*alignment.reverse(unnamed), *alignment.reverse(silent)]) == [
            (WARNS, "8.8.8.8"),
            (OPEN, "8.8.8.8"),
        ]

    asyncio.run(asked())


def test_alignment_without_a_signature_is_spf_alone() -> None:
    found = [alignment.alignment("lake.org", None, is_signed=False, spf_passes=one)[0] for one in (True, None, False)]
    assert [one.verdict for one in found] == [FINE, OPEN, WARNS]


def test_one_click_is_taken_by_the_service_itself(tmp_path: Path) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        url = f"{room.client.base_url}".rstrip("/") + room.path_of(room.app.links.unsubscribe(0))
        assert oneclick.judge(asyncio.run(oneclick.click(url))).verdict is FINE
        assert oneclick.judge(asyncio.run(oneclick.click(url + "x"))).verdict is BLOCKS
    assert [one.verdict for one in oneclick.written("http://localhost:8000")] == [BLOCKS]
    assert [one.verdict for one in oneclick.written("http://news.lake.org")] == [BLOCKS]


@pytest.mark.parametrize(
    ("mails", "count", "verdict"), [(0, 0, FINE), (10_000, 9, FINE), (10_000, 20, WARNS), (9_000, 40, BLOCKS)]
)
def test_complaints(mails: int, count: int, verdict: Verdict) -> None:
    assert complaints(mails, count).verdict is verdict


def told(findings: list[Finding]) -> list[tuple[Verdict, str]]:
    return [(one.verdict, one.where) for one in findings]
