"""A newsroom that is followed, for every test of WebSub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import HttpSite
from tests.websub.following import Following, following


@pytest.fixture
def room(tmp_path: Path, http_site: HttpSite) -> Iterator[Following]:
    """The built-in hub, one article published, nobody who follows."""
    with following(tmp_path, http_site) as opened:
        yield opened
