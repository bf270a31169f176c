"""Two newsletters."""

from __future__ import annotations

import pytest

from syndicate.settings import Newsletter


def two_newsletters() -> list[Newsletter]:
    """``brief`` is daily or weekly, ``sport`` weekly or daily or instant."""
    sender = "News <news@example.org>"
    daily, weekly = "0 7 * * *", "0 7 * * mon"
    return [
        Newsletter(slug="brief", title="The Brief", sender=sender, cadences={"daily": daily, "weekly": weekly}),
        Newsletter(
            slug="sport",
            title="Sport",
            sender=sender,
            cadences={"weekly": weekly, "daily": daily, "instant": "instant"},
        ),
    ]


@pytest.fixture
def newsletters() -> list[Newsletter]:
    """Two of them."""
    return two_newsletters()
