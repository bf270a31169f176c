"""The names that tags have in addresses."""

from __future__ import annotations

import re
from unicodedata import normalize

_LONGEST = 100
"""Octets of a folder's name; file systems take 255."""


def slug_of(tag: str) -> str:
    """Lower-case letters and digits of any script, hyphens between words; empty when the tag has none of either."""
    name = re.sub(r"[\W_]+", "-", normalize("NFKC", tag).casefold()).strip("-")
    return normalize("NFC", name).encode("utf-8", "ignore")[:_LONGEST].decode("utf-8", "ignore").strip("-")
