"""A served newsroom for every test of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.pressroom import Pressroom, serve


@pytest.fixture
def pressroom(tmp_path: Path) -> Iterator[Pressroom]:
    """A newsroom with nothing in it, being served."""
    with serve(tmp_path) as room:
        yield room
