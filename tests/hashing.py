"""Passwords are hashed in earnest where that is what is tested; elsewhere each would cost a tenth of a second."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from syndicate.desk import passwords

EARNEST = passwords._hasher


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the tests whose conftest imports it."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
