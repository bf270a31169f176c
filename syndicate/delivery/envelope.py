"""Who a message is from and for, and what the server may be told about it. Called by ``smtp``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from syndicate.errors import AddressError

_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_INTERNATIONAL = re.compile(r"[!-;=?-~\u00a1-\U0010ffff]+@[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server offers in its answer to EHLO. ``size`` is the longest message it takes, in octets; 0: any."""

    pipelining: bool = False
    chunking: bool = False
    eight_bit: bool = False
    utf8: bool = False
    dsn: bool = False
    says_size: bool = False
    size: int = 0

    @classmethod
    def of(cls, extensions: Mapping[str, str]) -> Self:
        """From the keywords, in lower case, with their parameters (RFC 5321 §4.1.1.1)."""
        size = extensions.get("size", "").strip()
        return cls(
            pipelining="pipelining" in extensions,  # RFC 2920
            chunking="chunking" in extensions,  # RFC 3030
            eight_bit="8bitmime" in extensions,  # RFC 6152
            utf8="smtputf8" in extensions,  # RFC 6531
            dsn="dsn" in extensions,  # RFC 3461
            says_size="size" in extensions,  # RFC 1870
            size=int(size) if size.isdecimal() and len(size) < 16 else 0,
        )


class Commands(NamedTuple):
    """What opens a message: MAIL and RCPT, each with its CRLF."""

    mail: bytes
    rcpt: bytes


class Envelope(NamedTuple):
    """Who it is from and for (RFC 5321 §3.3), and its length in octets. Nothing comes back to an empty ``sender``.

    ``reports`` asks for reports of failure and delay, where they are offered; it is the name that they will carry.
    """

    sender: str
    recipient: str
    size: int = 0
    reports: str = ""

    def commands(self, abilities: Abilities) -> Commands:
        """What a server of those abilities is told.

        :raises AddressError: for an address that could end its command, or that the server can't be told.
        """
        sender = self.sender or self.recipient
        plain = _ADDRESS.fullmatch(self.recipient) and _ADDRESS.fullmatch(sender)
        if not plain:
            for address in (sender, self.recipient):
                if not _INTERNATIONAL.fullmatch(address) or not address.isprintable():
                    raise AddressError(address, "it can't stand in an SMTP command")
        mail, rcpt = f"MAIL FROM:<{self.sender}>", f"RCPT TO:<{self.recipient}>"
        if abilities.says_size and self.size:
            mail += f" SIZE={self.size}"
        if not plain:
            if not (abilities.utf8 and abilities.eight_bit):
                raise AddressError(self.recipient, "the relay does not take letters beyond ASCII before the @")
            mail += " BODY=8BITMIME SMTPUTF8"
        if self.reports and abilities.dsn:
            mail += f" RET=HDRS ENVID={_xtext(self.reports)}"
            rcpt += " NOTIFY=FAILURE,DELAY"
            if plain:
                rcpt += f" ORCPT=rfc822;{_xtext(self.recipient)}"
        return Commands(f"{mail}\r\n".encode(), f"{rcpt}\r\n".encode())


def _xtext(text: str) -> str:
    """RFC 3461 §4: what is not plain, as ``+`` and two hexadecimal digits."""
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)
