"""Mails as tests send them, and the newsletters that they are sent to."""

from __future__ import annotations

from syndicate.inbound.addresses import Addresses
from syndicate.settings import Newsletter

SENDER = "Courier <news@lake.example>"


def newsletter(slug: str, sender: str = SENDER) -> Newsletter:
    """A newsletter that is daily or weekly."""
    return Newsletter(
        slug=slug, title=slug.title(), sender=sender, cadences={"daily": "0 7 * * *", "weekly": "0 7 * * mon"}
    )


NEWSLETTERS = (newsletter("brief"), newsletter("sport"), newsletter("arts", "arts+desk@lake.example"))
"""``brief`` and ``sport`` share a sender, ``arts`` has one of its own with a plus in it."""

ADDRESSES = Addresses(NEWSLETTERS)


def letter(
    subject: str = "",
    body: str = "",
    *,
    to: str = "news@lake.example",
    author: str = "Ana <ana@reader.example>",
    **headers: str,
) -> bytes:
    """A mail by a reader; ``auto_submitted="no"`` adds that header."""
    lines = [f"From: {author}", f"To: {to}", f"Subject: {subject}", "Message-ID: <1@reader.example>"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body, ""]).encode("utf-8", "surrogateescape")
