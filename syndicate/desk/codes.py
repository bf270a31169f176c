"""Second factors: codes that an app makes of a secret and the time (TOTP, RFC 6238), and recovery codes.

The secret has to be known here, so it is kept sealed with a key that is made of the site's secret: the database alone
does not tell it. Recovery codes have 120 random bits, so their hashes do.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_STEP_S = 30
_NONCE = 12
_RECOVERY_CODES = 8
_RECOVERY_BYTES = 15


class Codes:
    """Seals secrets (AES-256-GCM), each for one user."""

    def __init__(self, secret: str) -> None:
        self._box = AESGCM(hmac.digest(secret.encode(), b"syndicate second factor", "sha256"))

    def sealed(self, secret: str, user_id: int) -> str:
        """A secret as it may be kept."""
        nonce = secrets.token_bytes(_NONCE)
        return urlsafe_b64encode(nonce + self._box.encrypt(nonce, secret.encode(), _about(user_id))).decode()

    def opened(self, sealed: str, user_id: int) -> str | None:
        """The secret; None when it was sealed for somebody else, or by a site with another secret."""
        try:
            octets = urlsafe_b64decode(sealed.encode("ascii"))
            return self._box.decrypt(octets[:_NONCE], octets[_NONCE:], _about(user_id)).decode()
        except (ValueError, InvalidTag):
            return None


def new_secret() -> str:
    """160 random bits, as apps take them."""
    return pyotp.random_base32()


def uri(secret: str, name: str, site: str) -> str:
    """What the QR code says: the secret, and how the app is to call it."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=site.replace(":", " "))


def step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """Which half minute that code is of: this one, the one before or the next, and later than ``after``; else None.

    So a code can't be used twice (RFC 6238 §5.2).
    """
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    current = int(now.timestamp()) // _STEP_S
    totp = pyotp.TOTP(secret)
    right = [step for step in (current - 1, current, current + 1) if hmac.compare_digest(totp.generate_otp(step), code)]
    return next((step for step in right if step > after), None)


def new_recovery_codes() -> list[str]:
    """Eight codes, to be shown once."""
    texts = [b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(_RECOVERY_CODES)]
    return ["-".join(text[at : at + 4] for at in range(0, len(text), 4)) for text in texts]


def plain(code: str) -> str:
    """A code as it counts: without spaces and hyphens, whatever its case."""
    return re.sub(r"[\s-]", "", code).lower()


def hash_of(code: str) -> str:
    """What is kept of a recovery code."""
    return sha256(plain(code).encode("utf-8", "surrogatepass")).hexdigest()


def _about(user_id: int) -> bytes:
    return f"user {user_id}".encode()
