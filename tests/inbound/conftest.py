"""A whole service that mail comes in to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inbound.mailroom import Mailroom, mailroom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Mailroom]:
    """Newsletters ``brief`` and ``sport`` share a sender, ``arts`` has its own."""
    with mailroom(tmp_path) as opened:
        yield opened
