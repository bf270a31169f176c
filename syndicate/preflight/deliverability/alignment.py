"""Whether SPF or DKIM will pass for the domain that readers see, over the relays that carry its mail."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syndicate.preflight.deliverability import spf
from syndicate.preflight.deliverability.checks import ALIGNMENT, PTR, SPF_RELAY
from syndicate.preflight.deliverability.dmarc import Found
from syndicate.preflight.deliverability.spf import Evaluated, Result
from syndicate.preflight.finding import Finding
from syndicate.reach.addresses import is_public
from syndicate.reach.names import Look

_FREE = frozenset(
    {
        "aol.com",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.ru",
        "msn.com",
        "outlook.com",
        "yahoo.com",
    }
)
"""Mail providers' own domains: their policies let nobody else send in their names."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A relay's host and its public addresses. ``names`` is address → the names that lead back to it, None: unknown."""

    label: str
    host: str
    addresses: tuple[str, ...]
    names: Mapping[str, tuple[str, ...] | None]


async def outlet(label: str, host: str, look: Look) -> Outlet:
    """What the DNS has of a relay."""
    try:
        found: tuple[str, ...] = (str(ipaddress.ip_address(host)),)
    except ValueError:
        four, six = await asyncio.gather(look(host, "A"), look(host, "AAAA"))
        found = (*(four or ()), *(six or ()))
    public = tuple(one for one in found if is_public(one))
    names = await asyncio.gather(*(_confirmed(one, look) for one in public))
    return Outlet(label, host, public, dict(zip(public, names, strict=True)))


async def evaluated(domain: str, sender: str, outlets: Sequence[Outlet], look: Look) -> dict[str, Evaluated]:
    """Address → what SPF comes to for mail from it."""
    addresses = [address for one in outlets for address in one.addresses]
    found = await asyncio.gather(*(spf.evaluate(domain, one, sender, look) for one in addresses))
    return dict(zip(addresses, found, strict=True))


def spf_of(outlets: Sequence[Outlet], results: Mapping[str, Evaluated]) -> list[Finding]:
    """Whether each relay's addresses may send, as far as they are those that it sends from."""
    found = []
    for one in outlets:
        wrong = [(each, results[each]) for each in one.addresses if results[each].result is not Result.PASS]
        if not one.addresses:
            said = f"{one.host} is not public: which address it sends from can’t be seen from here"
            found.append(SPF_RELAY.unchecked(said, "see that the address it sends from is in the record", one.label))
        elif wrong:
            address, result = wrong[0]
            said = f"{one.host} is at {address}, for which SPF comes to {result.result}: {result.reason}"
            remedy = (
                "add what your provider says (often include:…); relays may send from other addresses than they have"
            )
            found.append(SPF_RELAY.warns(said, remedy, one.label))
        else:
            found.append(SPF_RELAY.fine(f"{', '.join(one.addresses)} may send", one.label))
    return found


def alignment(domain: str, policy: Found | None, *, is_signed: bool, spf_passes: bool | None) -> list[Finding]:
    """Ours is strict in both ways: the return path, and d= of signatures, are of the very domain in From."""
    if domain.lower() in _FREE:
        return [
            ALIGNMENT.blocks(
                f"nobody but {domain} itself may send as {domain}", "let From be an address of a domain of yours"
            )
        ]
    strict = [name for name in ("adkim", "aspf") if policy and policy.policy and policy.policy.is_strict(name)]
    asked = f"; the policy wants the very same domain ({', '.join(strict)}), and it is" if strict else ""
    if is_signed:
        return [ALIGNMENT.fine(f"DKIM signs as {domain}, the domain in From{asked}")]
    if spf_passes:
        return [ALIGNMENT.fine(f"SPF passes for the return path’s domain, {domain}, as in From{asked}")]
    remedy = "sign here (`syndicate dkim new`), or see that the relay signs as this domain"
    if spf_passes is None:
        return [ALIGNMENT.unchecked("whether SPF or DKIM passes is up to the relay", remedy)]
    return [ALIGNMENT.warns("mail is not signed here, and SPF does not pass for the relay’s address", remedy)]


def reverse(one: Outlet) -> list[Finding]:
    """Whether each public address has a name that leads back to it."""
    if not one.addresses:
        said = f"{one.host} is not public: which address it sends from can’t be seen from here"
        return [PTR.unchecked(said, "see that this address has a name, and the name that address")]
    found = []
    for address, names in one.names.items():
        if names is None:
            found.append(PTR.unchecked("no name server answered", "look again", address))
        elif not names:
            remedy = "ask whoever the address is from to name it as the server calls itself"
            found.append(PTR.warns("it has no name that leads back to it", remedy, address))
        else:
            found.append(PTR.fine(names[0], address))
    return found


async def _confirmed(address: str, look: Look) -> tuple[str, ...] | None:
    """The address's names that have it among their own addresses (forward-confirmed)."""
    names = await look(address, "PTR")
    if names is None:
        return None
    kind = "A" if ipaddress.ip_address(address).version == 4 else "AAAA"
    back = await asyncio.gather(*(look(name, "A" if kind == "A" else "AAAA") for name in names[:5]))
    return tuple(name for name, found in zip(names, back, strict=False) if address in (found or ()))
