"""What the DNS says of the domains that newsletters come from: SPF, DKIM, DMARC. The jobs look; pages show it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syndicate.reach.texts import texts_of

Look = Callable[[str], Awaitable[tuple[str, ...] | None]]

_RESERVED = re.compile(r"(?:.*\.)?(?:example|test|invalid|localhost|local|example\.(?:com|net|org))", re.IGNORECASE)
"""Names for examples and machines at home (RFC 2606, RFC 6762): nobody is asked about them."""


class Verdict(StrEnum):
    """``unknown``: no name server answered."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One record of one domain; ``said`` is what is there, or what to do about it."""

    domain: str
    record: str
    verdict: Verdict
    said: str


class Senders:
    """What was found last, and when; None before anybody looked. ``keys`` is selector → the record that it needs."""

    def __init__(self, domains: Iterable[str], keys: Mapping[str, str]) -> None:
        self._domains = sorted({one.lower() for one in domains if not _RESERVED.fullmatch(one)})
        self._keys = keys
        self.findings: tuple[Finding, ...] = ()
        self.looked_at: datetime | None = None

    async def look(self, now: datetime, look: Look | None = None) -> None:
        """Asks about all of them at once; nobody who reads meanwhile waits."""
        look = look or texts_of
        found = await asyncio.gather(*(self._of(domain, look) for domain in self._domains))
        self.findings = tuple(one for each in found for one in each)
        self.looked_at = now

    async def _of(self, domain: str, look: Look) -> list[Finding]:
        names = [f"{selector}._domainkey.{domain}" for selector in self._keys]
        own, policy, *keys = await asyncio.gather(look(domain), _policy(domain, look), *map(look, names))
        signed = [
            dkim(domain, selector, wanted, texts)
            for (selector, wanted), texts in zip(self._keys.items(), keys, strict=True)
        ]
        return [spf(domain, own), *signed, dmarc(domain, policy)]


def spf(domain: str, texts: Sequence[str] | None) -> Finding:
    """Whether there is one record, and it names who may send (RFC 7208 §4.5, §5.1)."""
    if texts is None:
        return _unknown(domain, "SPF")
    found = [one for one in texts if one.lower() == "v=spf1" or one.lower().startswith("v=spf1 ")]
    if not found:
        return Finding(domain, "SPF", Verdict.WRONG, "there is none; add a TXT record that names your relay")
    if len(found) > 1:
        return Finding(domain, "SPF", Verdict.WRONG, f"there are {len(found)}, and receivers take none; make it one")
    if re.search(r"(?:^|\s)\+?all(?:\s|$)", found[0], re.IGNORECASE):
        return Finding(domain, "SPF", Verdict.WRONG, "it lets everyone send in your name; end it with ~all or -all")
    return Finding(domain, "SPF", Verdict.OK, found[0])


def dkim(domain: str, selector: str, wanted: str, texts: Sequence[str] | None) -> Finding:
    """Whether the key that we sign with is the one that receivers find (RFC 6376 §3.6.1)."""
    record = f"DKIM {selector}"
    if texts is None:
        return _unknown(domain, record)
    keys = [tags["p"] for tags in map(_tags, texts) if "p" in tags]
    if not keys:
        return Finding(domain, record, Verdict.WRONG, f"there is no key at {selector}._domainkey.{domain}; add it")
    if len(keys) > 1:
        return Finding(domain, record, Verdict.WRONG, f"there are {len(keys)} records where one is allowed")
    if keys[0] != _tags(wanted)["p"]:
        what = "is another key than the one that signs" if keys[0] else "was taken back (an empty p=)"
        return Finding(domain, record, Verdict.WRONG, f"what stands there {what}")
    return Finding(domain, record, Verdict.OK, "it is the key that signs")


def dmarc(domain: str, texts: Sequence[str] | None) -> Finding:
    """Whether there is a policy, which large receivers want of bulk mail (RFC 7489 §6.3)."""
    if texts is None:
        return _unknown(domain, "DMARC")
    found = [one for one in texts if _is_policy(one)]
    if len(found) != 1:
        said = f"there are {len(found)}; make it one" if found else "there is none; begin with v=DMARC1; p=none"
        return Finding(domain, "DMARC", Verdict.WRONG, said)
    if _tags(found[0]).get("p", "").lower() not in ("none", "quarantine", "reject"):
        return Finding(domain, "DMARC", Verdict.WRONG, "its p= is neither none, quarantine nor reject")
    return Finding(domain, "DMARC", Verdict.OK, found[0])


async def _policy(domain: str, look: Look) -> tuple[str, ...] | None:
    """The records at the domain, or at the nearest one above that has a policy."""
    labels = domain.split(".")
    found: tuple[str, ...] | None = ()
    for at in range(max(1, len(labels) - 1)):
        found = await look("_dmarc." + ".".join(labels[at:]))
        if found is None or any(_is_policy(one) for one in found):
            break
    return found


def _is_policy(text: str) -> bool:
    return re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text) is not None


def _tags(text: str) -> dict[str, str]:
    """``k=v; …`` without any white space (RFC 6376 §3.2)."""
    pairs = (one.partition("=") for one in text.split(";"))
    return {name.strip(): "".join(value.split()) for name, equals, value in pairs if equals}


def _unknown(domain: str, record: str) -> Finding:
    return Finding(domain, record, Verdict.UNKNOWN, "no name server answered; it was not looked at")
