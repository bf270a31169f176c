"""A sender's domain: what the DNS has of it, and what is to be said of that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syndicate.preflight.deliverability import dmarc, spf
from syndicate.preflight.deliverability.checks import DKIM, DMARC, MX, SPF
from syndicate.preflight.finding import Finding
from syndicate.reach.names import Look

_RESERVED = re.compile(r"(?:.*\.)?(?:example|test|invalid|localhost|local|example\.(?:com|net|org))", re.IGNORECASE)
NOBODY = "no name server answered"
_AGAIN = "look again; if it stays so, ask who runs the domain’s name servers"

Texts = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the DNS has. ``keys`` is selector → the texts there; None is what nobody answered."""

    domain: str
    texts: Texts
    spf_cost: spf.Evaluated
    keys: Mapping[str, Texts]
    dmarc: dmarc.Found | None
    mail_hosts: Texts
    is_at_an_address: bool


def is_reserved(domain: str) -> bool:
    """Whether it is for examples, or for machines at home (RFC 2606, RFC 6762): nobody is asked about those."""
    return _RESERVED.fullmatch(domain) is not None


async def known(domain: str, selectors: Sequence[str], look: Look) -> Known:
    """Asks for all of it at once."""
    (cost, policy), (texts, mail_hosts, four, six, *keys) = await asyncio.gather(
        asyncio.gather(spf.cost(domain, look), dmarc.discover(domain, look)),
        asyncio.gather(
            look(domain, "TXT"),
            look(domain, "MX"),
            look(domain, "A"),
            look(domain, "AAAA"),
            *(look(f"{selector}._domainkey.{domain}", "TXT") for selector in selectors),
        ),
    )
    return Known(domain, texts, cost, dict(zip(selectors, keys, strict=True)), policy, mail_hosts, bool(four or six))


def judge(of: Known, wanted: Mapping[str, str]) -> list[Finding]:
    """``wanted`` is selector → the record that our key needs; empty where the relay signs, if anybody does."""
    return [
        _spf(of),
        *(_dkim(selector, record, of) for selector, record in wanted.items()),
        *([] if wanted else [_unsigned()]),
        _dmarc(of),
        _mx(of),
    ]


def _spf(of: Known) -> Finding:
    if of.texts is None:
        return SPF.unchecked(NOBODY, _AGAIN)
    found = spf.records(of.texts)
    if len(found) != 1:
        said = f"there are {len(found)}, and receivers take none" if found else "there is none"
        return SPF.blocks(said, "make them one" if found else f"add a TXT record to {of.domain} that names your relay")
    parsed = spf.terms(found[0])
    if isinstance(parsed, str) or of.spf_cost.result is spf.Result.PERMERROR:
        said = parsed if isinstance(parsed, str) else of.spf_cost.reason
        return SPF.blocks(f"it counts as none: {said}", f"mend {found[0]}")
    last = next((one for one in parsed if one.name == "all" and not one.is_modifier), None)
    if last and last.result is spf.Result.PASS:
        return SPF.blocks("it lets everyone send in your name", "end it with ~all or -all")
    if any(one.name == "ptr" for one in parsed):
        return SPF.warns(
            "it uses ptr, which many receivers leave out", "name addresses or hosts instead (RFC 7208 §5.5)"
        )
    is_redirected = any(one.is_modifier and one.name == "redirect" for one in parsed)
    if not is_redirected and (last is None or last.result is spf.Result.NEUTRAL):
        return SPF.warns("it does not say what becomes of all other servers", "end it with ~all or -all")
    if of.spf_cost.result is spf.Result.TEMPERROR:
        return SPF.unchecked(of.spf_cost.reason, _AGAIN)
    return SPF.fine(f"{found[0]} ({of.spf_cost.lookups} of {spf.MOST_LOOKUPS} look-ups)")


def _dkim(selector: str, wanted: str, of: Known) -> Finding:
    """Whether the key that we sign with is the one that receivers find (RFC 6376 §3.6.1)."""
    texts, where = of.keys.get(selector), f"{selector}._domainkey.{of.domain}"
    if texts is None:
        return DKIM.unchecked(NOBODY, _AGAIN, where)
    keys = [tags for tags in map(_tags, texts) if "p" in tags]
    if not keys:
        return DKIM.blocks("there is no key", "add the record that `syndicate dkim new` printed", where)
    if len(keys) > 1:
        return DKIM.blocks(f"there are {len(keys)} records where one is allowed", "leave the one that signs", where)
    if keys[0]["p"] != _tags(wanted)["p"]:
        what = "it is another key than the one that signs" if keys[0]["p"] else "it was taken back (an empty p=)"
        return DKIM.blocks(what, f"let it be {wanted[:60]}…", where)
    if "y" in keys[0].get("t", "").split(":"):
        return DKIM.warns("it says that it is a test (t=y)", "take t=y out", where)
    return DKIM.fine("it is the key that signs", where)


def _unsigned() -> Finding:
    return DKIM.unchecked(
        "mail is not signed here; whether the relay signs can’t be seen from here",
        "look for dkim=pass in the source of a mail to yourself, or sign here: `syndicate dkim new`",
    )


def _dmarc(of: Known) -> Finding:
    found = of.dmarc
    if found is None:
        return DMARC.unchecked(NOBODY, _AGAIN)
    if found.too_many:
        return DMARC.blocks(f"_dmarc.{found.too_many} has several, and receivers take none", "make them one")
    policy = found.policy
    if policy is None:
        return DMARC.blocks("there is none", f"begin with v=DMARC1; p=none at _dmarc.{of.domain}")
    if "p" in policy.tags and policy.tags["p"].lower() != policy.asked:
        return DMARC.warns(f"its p={policy.tags['p'][:20]} counts as none", "let p be none, quarantine or reject")
    said = [f"p={policy.asked} at {policy.at}"]
    if (applied := policy.applied(of.domain)) != policy.asked:
        said.append(
            f"receivers are asked to do {applied}" if applied != "none" else "receivers are asked to do nothing"
        )
    if policy.is_test:
        said.append("t=y: a test, one step less is done")
    if "rua" not in policy.tags:
        said.append("without rua=, nobody tells you who sends in your name")
    if policy.outdated:
        said.append(f"{', '.join(policy.outdated)} means nothing since RFC 9989")
    return DMARC.fine("; ".join(said))


def _mx(of: Known) -> Finding:
    if of.mail_hosts is None:
        return MX.unchecked(NOBODY, _AGAIN)
    hosts = [one.partition(" ")[2] for one in of.mail_hosts]
    if hosts == ["."]:
        return MX.blocks("it says that it takes no mail (RFC 7505)", "let the From address be one that takes answers")
    if hosts:
        return MX.fine(", ".join(hosts[:5]))
    if of.is_at_an_address:
        return MX.warns("there is none; mail goes to the domain’s own address", "add an MX record")
    return MX.blocks("no mail can be sent there", "add an MX record, or another From address")


def _tags(text: str) -> dict[str, str]:
    """``k=v; …`` without any white space (RFC 6376 §3.2)."""
    pairs = (one.partition("=") for one in text.split(";"))
    return {name.strip(): "".join(value.split()) for name, equals, value in pairs if equals}
