"""What Gmail, Yahoo and Microsoft want of who sends much, and what was found of each. Pure.

From Google's *Email sender guidelines*, Yahoo's *Sender best practices* and Microsoft's *Outlook's new requirements for
high-volume senders*, as they were in November 2026. All three count from about 5,000 mails a day on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from syndicate.preflight.deliverability.checks import (
    ALIGNMENT,
    COMPLAINTS,
    DKIM,
    DMARC,
    MX,
    ONE_CLICK,
    PTR,
    SPF,
    SPF_RELAY,
    TLS,
)
from syndicate.preflight.finding import Check, Finding, Section, Verdict
from syndicate.preflight.message.checks import WAY_OUT


@dataclass(frozen=True, slots=True)
class Rule:
    """``by`` is what shows whether it is kept."""

    check: Check
    by: tuple[Check, ...]


_ALL, _TWO = "Gmail, Yahoo and Microsoft want it.", "Gmail and Yahoo want it."

RULES = (
    Rule(Check("rule-spf", "SPF lets the relay send", _ALL), (SPF, SPF_RELAY)),
    Rule(Check("rule-dkim", "Mail is signed (DKIM)", _ALL), (DKIM,)),
    Rule(Check("rule-dmarc", "There is a DMARC policy, at least p=none", _ALL), (DMARC,)),
    Rule(Check("rule-alignment", "From is of the domain that SPF or DKIM is for", _ALL), (ALIGNMENT,)),
    Rule(Check("rule-dns", "The sending address has a name, and the name that address", _TWO), (PTR,)),
    Rule(Check("rule-tls", "Mail is handed over by TLS", "Gmail wants it."), (TLS,)),
    Rule(Check("rule-one-click", "One click unsubscribes (RFC 8058), within two days", _TWO), (ONE_CLICK,)),
    Rule(Check("rule-link", "A link to unsubscribe can be seen in the mail", _ALL), (WAY_OUT,)),
    Rule(Check("rule-answers", "From takes answers", "Microsoft wants it."), (MX,)),
    Rule(Check("rule-complaints", "Fewer than 3 of 1,000 mails are called spam", _TWO), (COMPLAINTS,)),
)


def rules(sections: Iterable[Section]) -> Section:
    """Each rule, with the worst of what was found."""
    found = [one for section in sections for one in section.findings]
    return Section("rules for who sends much", tuple(_kept(rule, found) for rule in RULES))


def _kept(rule: Rule, found: list[Finding]) -> Finding:
    mine = [one for one in found if one.check in rule.by]
    for verdict, said in (
        (Verdict.BLOCKS, "it is not kept"),
        (Verdict.WARNS, "it may not be kept"),
        (Verdict.UNCHECKED, "it could not be checked"),
    ):
        worst = next((one for one in mine if one.verdict is verdict), None)
        if worst:
            where = f" ({worst.where})" if worst.where else ""
            return Finding(rule.check, verdict, f"{said}: {worst.check.title}{where}, {worst.said}", "", worst.remedy)
    return rule.check.fine("it is kept") if mine else rule.check.unchecked("nothing shows whether it is kept")
