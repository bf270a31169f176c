"""What is kept of passwords."""

from __future__ import annotations

import pytest

from syndicate.desk import passwords
from tests.hashing import EARNEST


def test_a_password_is_kept_as_argon2id_and_recognised_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", EARNEST)
    kept = passwords.hash_of("Tramway oyster lint ")

    assert kept.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert passwords.is_right("Tramway oyster lint ", kept)
    assert not passwords.is_right("Tramway oyster lint", kept)
    assert not passwords.is_right("tramway oyster lint ", kept)
    assert not passwords.is_right("", "")
    assert not passwords.is_right("x", "no hash")
    assert passwords.is_outdated(
        "$argon2id$v=19$m=1024,t=1,p=1$c29tZXRoaW5nIGVsc2UhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    )
    assert not passwords.is_outdated(kept)
