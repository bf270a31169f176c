"""Hashes of passwords that cost little."""

from tests.hashing import cheap_hashes

__all__ = ["cheap_hashes"]
