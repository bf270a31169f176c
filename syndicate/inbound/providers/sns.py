"""Amazon SNS: whether a message is Amazon's, and of a topic of ours. Pure; the certificate is fetched by ``webhooks``.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from syndicate.errors import ForgedError, UnknownEventError
from syndicate.inbound.providers import ses
from syndicate.inbound.providers.brought import Brought, Event, check_age, object_in
from syndicate.inbound.providers.fields import text

NAME = "ses"

_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(?:\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES: Mapping[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}


def message_in(body: bytes, topics: Collection[str]) -> dict[str, Any]:
    """The message, from a topic that may tell, with its certificate where Amazon keeps its own.

    :raises ForgedError: when it is from elsewhere.
    :raises UnknownEventError: when it is none.
    """
    message = object_in(body)
    if message.get("TopicArn") not in topics:
        raise ForgedError("its topic is not in webhooks.ses_topics")
    if not is_amazons(text(message.get("SigningCertURL"))) or not text(message.get("SigningCertURL")).endswith(".pem"):
        raise ForgedError("its certificate is not Amazon's")
    return message


def is_amazons(url: str) -> bool:
    """Whether an address is one of SNS's own, over TLS."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    is_plain = parts.scheme == "https" and port in (None, 443) and "@" not in parts.netloc
    return is_plain and _HOST.fullmatch(host) is not None


def brought(message: Mapping[str, Any], certificate: bytes, now: datetime) -> Brought:
    """What a message brings, once its signature holds.

    :raises ForgedError: when it does not, or was made at another time.
    :raises UnknownEventError: when nobody knows what it tells.
    """
    _verify(message, certificate, now)
    match message.get("Type"):
        case "SubscriptionConfirmation":
            address = text(message.get("SubscribeURL"))
            if not is_amazons(address):
                raise ForgedError("it wants a confirmation at an address that is not Amazon's")
            return Brought((Event(text(message.get("MessageId")), None),), confirm=address)
        case "UnsubscribeConfirmation":
            return Brought((Event(text(message.get("MessageId")), None),))
        case "Notification":
            return Brought((_event(message),))
    raise UnknownEventError("it is neither a notification nor about a subscription")


def _event(message: Mapping[str, Any]) -> Event:
    told = message.get("Message")
    if isinstance(told, str) and told.startswith("Successfully validated SNS topic"):
        return Event(text(message.get("MessageId")), None)
    notification = object_in(told.encode("utf-8", "replace") if isinstance(told, str) else b"")
    if not ses.is_known(notification):
        raise UnknownEventError("it tells of something that is not known")
    return Event(text(message.get("MessageId")), ses.report_of(notification))


def _verify(message: Mapping[str, Any], certificate: bytes, now: datetime) -> None:
    names = _NOTIFICATION if message.get("Type") == "Notification" else _CONFIRMATION
    signed = "".join(f"{name}\n{message[name]}\n" for name in names if isinstance(message.get(name), str))
    hashing = _HASHES.get(str(message.get("SignatureVersion")))
    try:
        known = x509.load_pem_x509_certificate(certificate)
        key, signature = known.public_key(), base64.b64decode(text(message.get("Signature")), validate=True)
        signed_at = datetime.fromisoformat(text(message.get("Timestamp")))
        if hashing is None or not isinstance(key, RSAPublicKey):
            raise ForgedError("it is signed in a way that is not known")
        key.verify(signature, signed.encode("utf-8", "replace"), PKCS1v15(), hashing())
    except (ValueError, InvalidSignature):
        raise ForgedError("its signature does not hold") from None
    if not known.not_valid_before_utc <= now <= known.not_valid_after_utc:
        raise ForgedError("its certificate is not valid now")
    check_age(signed_at if signed_at.tzinfo else signed_at.replace(tzinfo=UTC), now)
