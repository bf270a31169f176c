"""DKIM keys: made, written, read, and shown as DNS records. Called by ``dkim`` (the signer) and ``syndicate dkim new``.

Two algorithms: rsa-sha256, which every receiver reads (RFC 8301), and ed25519-sha256 (RFC 8463).
"""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

log = structlog.get_logger()

_FEWEST_BITS, _MOST_BITS = 2048, 4096
"""RFC 8301 §3.2: signers should use 2048 bits, and verifiers need not read more than 4096."""

_LONGEST_STRING = 255
"""Octets in one string of a TXT record (RFC 1035 §3.3.14)."""

_PADDING, _HASH = PKCS1v15(), SHA256()


class RsaKey:
    """An RSA key: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 6376 §3.3.1)."""

    algorithm = "rsa-sha256"

    def __init__(self, key: RSAPrivateKey) -> None:
        self.private = key
        self.signature_size = key.key_size // 8

    def sign(self, text: bytes) -> bytes:
        """The signature of ``text``. Other threads run meanwhile."""
        return self.private.sign(text, _PADDING, _HASH)

    def record(self) -> str:
        """The text of the TXT record (RFC 6376 §3.6.1)."""
        public = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"


class Ed25519Key:
    """An Ed25519 key: what is signed is the SHA-256 digest (RFC 8463 §3)."""

    algorithm = "ed25519-sha256"
    signature_size = 64

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.private = key

    def sign(self, text: bytes) -> bytes:
        """The signature of ``text``. Other threads run meanwhile."""
        return self.private.sign(sha256(text).digest())

    def record(self) -> str:
        """The text of the TXT record: the bare 32 octets of the key (RFC 8463 §4.2)."""
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(public).decode()}"


Key = RsaKey | Ed25519Key


def new_rsa_key() -> RsaKey:
    """A new key of 2048 bits."""
    return RsaKey(generate_private_key(public_exponent=65537, key_size=_FEWEST_BITS))


def new_ed25519_key() -> Ed25519Key:
    """A new key."""
    return Ed25519Key(Ed25519PrivateKey.generate())


def read_rsa_key(file: Path) -> RsaKey:
    """:raises ValueError: naming the file and what is wrong with it, never anything that stands in it."""
    key = _read(file)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{file}, which is not an RSA key")
    if not _FEWEST_BITS <= key.key_size <= _MOST_BITS:
        raise ValueError(
            f"{file}, an RSA key of {key.key_size} bits; {_FEWEST_BITS} to {_MOST_BITS} are read everywhere"
        )
    return RsaKey(key)


def read_ed25519_key(file: Path) -> Ed25519Key:
    """:raises ValueError: naming the file and what is wrong with it, never anything that stands in it."""
    key = _read(file)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{file}, which is not an Ed25519 key")
    return Ed25519Key(key)


def write_key(file: Path, key: Key) -> None:
    """Writes a new PEM file (PKCS#8) that only its owner can read. :raises FileExistsError: and leaves that file."""
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pem)


def record_strings(record: str) -> list[str]:
    """A record's text as the strings that a TXT record is made of; whoever reads it joins them (RFC 6376 §3.6.2.2)."""
    return [record[at : at + _LONGEST_STRING] for at in range(0, len(record), _LONGEST_STRING)]


def _read(file: Path) -> object:
    try:
        pem = file.read_bytes()
        mode = file.stat().st_mode
    except OSError as error:
        raise ValueError(f"{file}, which can't be read ({error.strerror})") from None
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError(f"{file}, which is encrypted; take the passphrase off with `openssl pkey`") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{file}, which is not a private key in PEM") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("others can read the DKIM key; chmod 600 keeps it to its owner", file=str(file))
    return key
