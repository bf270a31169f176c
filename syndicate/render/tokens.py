"""Tokens of requests and of private feeds: made of a random nonce and the site's secret, so that neither the database
nor the secret alone gives one away. The audience keeps the hashes of those of requests; whoever sends the mail, or
shows the feed's address, makes the token anew.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode
from hashlib import sha256

_BYTES = 16
_TOKEN = re.compile(r"[a-z2-7]{26}")
_FEED_TOKEN = re.compile(r"([1-9][0-9]{0,17})-[a-z2-7]{26}")


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
        return _mac(self._key, f"{purpose}\0{nonce}")


def webhook_key(secret: str, source: str) -> str:
    """What a source's webhooks are signed with: made of the site's secret, so it need not be kept."""
    return _mac(hmac.digest(secret.encode(), b"syndicate source webhook", "sha256"), source)


def cursor_key(secret: str) -> bytes:
    """What the API's cursors are encrypted with: 256 bits."""
    return hmac.digest(secret.encode(), b"syndicate cursor", "sha256")


def listener_key(secret: str, nonce: str) -> bytes:
    """What a program's webhooks are signed with: 256 bits, made of the site's secret, so they need not be kept."""
    key = hmac.digest(secret.encode(), b"syndicate webhook", "sha256")
    return hmac.digest(key, nonce.encode(), "sha256")


class FeedTokens:
    """Makes and reads what addresses of private feeds end in: the subscription, and 128 bits that can't be guessed."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"syndicate private feed", "sha256")

    def token(self, subscription_id: int, nonce: str) -> str:
        """The token of a subscription's feed that has that nonce."""
        mac = _mac(self._key, f"{subscription_id}\0{nonce}")
        return f"{subscription_id}-{mac}"

    def subscription_of(self, token: str) -> int | None:
        """Whose token it would be; None for text that can't be one. ``token`` tells whether it is."""
        match = _FEED_TOKEN.fullmatch(token)
        return int(match[1]) if match else None


def _mac(key: bytes, text: str) -> str:
    return b32encode(hmac.digest(key, text.encode(), "sha256")[:_BYTES]).decode().rstrip("=").lower()


def hash_of(token: str) -> str | None:
    """What is kept of a token, and looked up by; None for text that can't be one."""
    folded = token.lower()
    return sha256(folded.encode()).hexdigest() if _TOKEN.fullmatch(folded) else None
