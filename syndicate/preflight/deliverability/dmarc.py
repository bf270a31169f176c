"""DMARC: which policy a domain has, by a walk up its name (RFC 9989). Pure, but for what ``look`` answers.

What is different from RFC 7489: no list of public suffixes decides where a domain ends, records do (``psd``); ``np`` is
for names that do not exist; ``t=y`` asks for one step less, and ``pct`` means nothing any more; ``p`` may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syndicate.reach.names import Look

_MOST_LABELS = 8
"""A longer name is walked from its last seven labels on, after itself (RFC 9989 §4.10)."""

_POLICIES = ("none", "quarantine", "reject")
_GONE = frozenset({"pct", "rf", "ri"})
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Policy:
    """One record. ``at`` is the domain that has it. ``asked`` is what it wants, ``p``, before ``t`` and ``sp``."""

    at: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """``p``; none where it is not said, or is nothing that there is."""
        said = self.tags.get("p", "").lower()
        return said if said in _POLICIES else "none"

    @property
    def is_test(self) -> bool:
        """Whether receivers are asked to do one step less."""
        return self.tags.get("t", "").lower() == "y"

    @property
    def psd(self) -> str:
        """``y`` of a public suffix, ``n`` of a domain that ends here, ``u`` for: find out."""
        said = self.tags.get("psd", "").lower()
        return said if said in ("y", "n") else "u"

    def applied(self, domain: str) -> str:
        """What receivers do with mail of ``domain``, which exists."""
        wanted = self.asked
        if domain != self.at and self.tags.get("sp", "").lower() in _POLICIES:
            wanted = self.tags["sp"].lower()
        return _POLICIES[max(0, _POLICIES.index(wanted) - 1)] if self.is_test else wanted

    def is_strict(self, what: str) -> bool:
        """Whether ``adkim`` or ``aspf`` wants the very same domain."""
        return self.tags.get(what, "").lower() == "s"

    @property
    def outdated(self) -> list[str]:
        """Its tags that mean nothing any more."""
        return sorted(_GONE & self.tags.keys())


@dataclass(frozen=True, slots=True)
class Found:
    """``policy`` is the one that counts, None without any. ``too_many`` records at one name count as none."""

    policy: Policy | None
    organisation: str
    too_many: str = ""


def policy_of(text: str, at: str) -> Policy | None:
    """The record in a text; None when it is none (§4.7: ``v=DMARC1`` stands first)."""
    if not re.match(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", text):
        return None
    pairs = (one.partition("=") for one in text[:_LONGEST].split(";"))
    tags: dict[str, str] = {}
    for name, equals, value in pairs:
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return Policy(at, tags)


def walk(domain: str) -> list[str]:
    """The domains whose records are asked for, the domain itself first."""
    labels = domain.lower().rstrip(".").split(".")
    above = [".".join(labels[at:]) for at in range(1, len(labels))]
    return [".".join(labels), *above[-(_MOST_LABELS - 1) :]]


async def discover(domain: str, look: Look) -> Found | None:
    """The policy for mail from ``domain``, and the domain of its organisation; None when nobody answered."""
    domain = domain.lower().rstrip(".")
    policies: list[Policy] = []
    too_many = ""
    for name in walk(domain):
        texts = await look(f"_dmarc.{name}", "TXT")
        if texts is None:
            return None
        here = [one for text in texts if (one := policy_of(text, name))]
        if len(here) > 1:
            too_many = too_many or name
        elif here:
            policies.append(here[0])
            if here[0].psd == "n" or (here[0].psd == "y" and name != domain):
                break
    organisation = _organisation(domain, policies)
    own = next((one for one in policies if one.at == domain), None)
    of_all = next((one for one in policies if one.at == organisation), None)
    suffix = next((one for one in policies if one.psd == "y"), None)
    return Found(own or of_all or suffix, organisation, too_many)


def _organisation(domain: str, policies: Sequence[Policy]) -> str:
    """Where records say that it ends; else the shortest name that has one (§4.10.2)."""
    for one in policies:
        if one.psd == "n":
            return one.at
        if one.psd == "y" and one.at != domain:
            below = domain.removesuffix(f".{one.at}").split(".")[-1]
            return f"{below}.{one.at}"
    return min((one.at for one in policies), key=lambda at: at.count("."), default=domain)
