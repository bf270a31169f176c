"""How mail of some newsletters will arrive: asks everybody at once, or nobody. Called by ``preflight``."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.preflight.deliverability import alignment, domain, oneclick, relay
from syndicate.preflight.deliverability.alignment import Outlet
from syndicate.preflight.deliverability.checks import DKIM, DMARC, MX, ONE_CLICK, PTR, RELAY, SPF, SPF_RELAY, TLS
from syndicate.preflight.deliverability.spf import Result
from syndicate.preflight.finding import Finding, Section
from syndicate.reach.names import Look
from syndicate.settings import Newsletter, Settings, Smtp

_AGAIN = "look again with it"


@dataclass(frozen=True, slots=True)
class Arrival:
    """``keys`` is selector → the record that our key needs. ``unsubscribe`` is a link that unsubscribes nobody."""

    settings: Settings
    keys: Mapping[str, str]
    unsubscribe: str

    async def asked(self, newsletters: Sequence[Newsletter], now: datetime, look: Look) -> list[Section]:
        """What name servers, relays and the service itself say."""
        relays = self._relays(newsletters)
        outlets, greeted, clicked = await asyncio.gather(
            asyncio.gather(*(alignment.outlet(one.label, one.relay.host, look) for one in relays)),
            asyncio.gather(*(relay.greet(one) for one in relays)),
            oneclick.click(self.unsubscribe),
        )
        of = {one.label: one for one in outlets}
        domains = await asyncio.gather(
            *(
                self._domain(one, [of[each.label] for each in self._relays([one])], look)
                for one in _by_domain(newsletters)
            )
        )
        passed = [
            Section(
                f"relay {one.label}",
                (
                    *relay.judge(one, each, now, is_local=_is_local(one)),
                    *alignment.reverse(of[one.label]),
                ),
            )
            for one, each in zip(relays, greeted, strict=True)
        ]
        return [*domains, *passed, Section("the service", self._clicked(oneclick.judge(clicked)))]

    def unasked(self, newsletters: Sequence[Newsletter], why: str) -> list[Section]:
        """The same without the network: what the settings alone tell."""
        domains = []
        for one in _by_domain(newsletters):
            checks = (SPF, *([DKIM] if self.keys else []), DMARC, MX, SPF_RELAY)
            open_ = [check.unchecked(why, _AGAIN) for check in checks]
            aligned = alignment.alignment(one.domain, None, is_signed=bool(self.keys), spf_passes=None)
            domains.append(Section(one.domain, (*open_, *aligned)))
        relays = [
            Section(f"relay {one.label}", tuple(check.unchecked(why, _AGAIN) for check in (RELAY, TLS, PTR)))
            for one in self._relays(newsletters)
        ]
        return [*domains, *relays, Section("the service", self._clicked(ONE_CLICK.unchecked(why, _AGAIN)))]

    async def _domain(self, newsletter: Newsletter, outlets: Sequence[Outlet], look: Look) -> Section:
        name, is_signed = newsletter.domain.lower(), bool(self.keys)
        if domain.is_reserved(name):
            said = f"{name} is a domain for examples, which nobody is asked about"
            return Section(name, (SPF.unchecked(said, "let `sender` be an address of yours"),))
        known, results = await asyncio.gather(
            domain.known(name, [*self.keys], look), alignment.evaluated(name, newsletter.address, outlets, look)
        )
        passes = all(one.result is Result.PASS for one in results.values()) if results else None
        return Section(
            name,
            (
                *domain.judge(known, self.keys),
                *alignment.spf_of(outlets, results),
                *alignment.alignment(name, known.dmarc, is_signed=is_signed, spf_passes=passes),
            ),
        )

    def _relays(self, newsletters: Sequence[Newsletter]) -> list[Smtp]:
        """Those that mail of these newsletters may go over."""
        named = {one.relay for one in newsletters}
        shared = [one for one in self.settings.every_relay if one.weight]
        return [one for one in self.settings.every_relay if one.label in named or (None in named and one in shared)]

    def _clicked(self, found: Finding) -> tuple[Finding, ...]:
        wrong = oneclick.written(self.settings.site.url)
        return tuple(wrong) or (found,)


def _by_domain(newsletters: Sequence[Newsletter]) -> list[Newsletter]:
    """One newsletter of each domain and relay."""
    return list({(one.domain.lower(), one.relay): one for one in newsletters}.values())


def _is_local(one: Smtp) -> bool:
    try:
        return ipaddress.ip_address(one.relay.host).is_loopback
    except ValueError:
        return one.relay.host.lower() == "localhost"
