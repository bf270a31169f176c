"""Signatures as Standard Webhooks has them, and waits that grow."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndicate.model import Event
from syndicate.outbox.patience import is_given_up, is_worth_it, next_try
from syndicate.outbox.signing import headers, secret_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = timedelta(days=5)


def test_the_signature_is_that_of_the_specification() -> None:
    """The key, message and signature of the specification's own example."""
    key = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    found = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', key, at)
    assert found["webhook-timestamp"] == "1614265330"
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert secret_of(key) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_waits_grow_and_end() -> None:
    waits = [(next_try(failures, NOW, 0) - NOW).total_seconds() for failures in range(1, 9)]
    assert waits == [5, 20, 80, 320, 1280, 5120, 20480, 21600]
    assert next_try(1, NOW, 1) - NOW == timedelta(seconds=6.25)
    assert next_try(10**6, NOW, 0) - NOW == timedelta(hours=6)
    tries = next(n for n in range(1, 100) if not is_worth_it(n, DAYS))
    assert 20 < tries < 30
    assert not is_given_up(None, NOW, DAYS)
    assert not is_given_up(NOW - DAYS + timedelta(seconds=1), NOW, DAYS)
    assert is_given_up(NOW - DAYS, NOW, DAYS)


def test_what_the_docs_say_verifies_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    [snippet] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    now, key = datetime.now(UTC), b"k" * 32
    given = headers("msg_1", b"{}", key, now)
    assert names["is_genuine"](given, b"{}", secret_of(key))
    assert not names["is_genuine"](given, b"[]", secret_of(key))
    assert not names["is_genuine"](given, b"{}", secret_of(b"x" * 32))
    late = headers("msg_1", b"{}", key, now - timedelta(minutes=6))
    assert not names["is_genuine"](late, b"{}", secret_of(key))
    assert not [one for one in Event if f"`{one}`" not in page]
