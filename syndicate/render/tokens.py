"""Tokens of requests: made of a random nonce and the site's secret, so that neither the database nor the secret alone
gives one away. The audience keeps their hashes; whoever sends the mail makes the token anew.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode
from hashlib import sha256

_BYTES = 16
_TOKEN = re.compile(r"[a-z2-7]{26}")


def new_nonce() -> str:
    """128 random bits, in hex."""
    return secrets.token_hex(_BYTES)


class Tokens:
    """Makes the tokens that confirm: 128 bits as 26 letters and digits, which survive in the local part of an address.

    That may come back in capitals (RFC 5321 §2.4 notwithstanding), so case means nothing.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"syndicate confirmation token", "sha256")

    def token(self, purpose: str, nonce: str) -> str:
        """The token for a request of that purpose with that nonce."""
        mac = hmac.digest(self._key, f"{purpose}\0{nonce}".encode(), "sha256")
        return b32encode(mac[:_BYTES]).decode().rstrip("=").lower()


def hash_of(token: str) -> str | None:
    """What is kept of a token, and looked up by; None for text that can't be one."""
    folded = token.lower()
    return sha256(folded.encode()).hexdigest() if _TOKEN.fullmatch(folded) else None
