"""What is looked at of domains, relays and the service."""

from __future__ import annotations

from syndicate.preflight.finding import Check

SPF = Check("spf", "SPF", "It names the servers that may send in a domain's name; receivers refuse bulk mail without.")
DKIM = Check("dkim", "DKIM", "A signature that can't be checked is as good as none, and large receivers want one.")
DMARC = Check("dmarc", "DMARC", "Gmail, Yahoo and Microsoft want a policy, be it p=none, of whoever sends much mail.")
MX = Check("mx", "MX", "Where nobody takes answers and bounces, mail is not taken from either.")
SPF_RELAY = Check("spf-relay", "SPF of the relay", "SPF passes only from addresses that the record lets send.")
ALIGNMENT = Check("alignment", "Alignment", "DMARC passes when SPF or DKIM is for the domain that readers see in From.")
RELAY = Check("relay", "Relay", "What it does not take does not go out.")
TLS = Check("relay-tls", "TLS of the relay", "Without it, mail and password can be read on the way, and Gmail minds.")
PTR = Check("ptr", "Reverse DNS", "Receivers refuse servers whose address has no name that leads back to it.")
ONE_CLICK = Check("one-click", "One-click unsubscribe", "Mail programs show a button for it, and count who has none.")
COMPLAINTS = Check("complaints", "Complaints", "From 3 in 1,000 on, Gmail and Yahoo put all mail of a domain aside.")

DELIVERABILITY = (SPF, DKIM, DMARC, MX, SPF_RELAY, ALIGNMENT, RELAY, TLS, PTR, ONE_CLICK, COMPLAINTS)
"""All of them, in the order in which they are told."""
