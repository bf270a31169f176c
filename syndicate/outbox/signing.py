"""Signs what programs are told, as Standard Webhooks has it (https://www.standardwebhooks.com, HMAC-SHA256). Pure."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

PREFIX = "whsec_"
"""What every secret begins with, so that programs that look for secrets in files find it."""


def secret_of(key: bytes) -> str:
    """A key as its program keeps it."""
    return PREFIX + b64encode(key).decode()


def headers(message_id: str, body: bytes, key: bytes, now: datetime) -> Mapping[str, str]:
    """Who says it, when, and what proves that."""
    seconds = str(int(now.timestamp()))
    signed = b".".join([message_id.encode(), seconds.encode(), body])
    signature = b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": f"v1,{signature}"}
