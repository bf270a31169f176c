"""What settings say about readers: defaults, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicate.errors import SettingsError
from syndicate.settings import Rate, load
from tests.settings.writing import NEWSLETTER, write_settings


def test_defaults(tmp_path: Path) -> None:
    settings = load(write_settings(tmp_path), {})
    readers, limits = settings.readers, settings.limits
    assert (readers.confirm_every, readers.keep_unconfirmed) == (timedelta(hours=6), timedelta(days=7))
    assert (readers.keep_ips, readers.keep_unsubscribed, readers.ips) == (timedelta(days=30), None, "cut")
    assert (limits.per_address, limits.overall) == (Rate(5, 3600), Rate(5000, 3600))
    assert (settings.newsletters[0].confirm, settings.newsletters[0].send_in) == (True, "newsletter")


def test_all_of_it_can_be_set(tmp_path: Path) -> None:
    readers = {"confirm_every": "1d", "wording": "2026-03", "ips": "none", "keep_unsubscribed": "52w"}
    newsletter = NEWSLETTER | {"confirm": False, "send_in": "subscriber"}
    file = write_settings(tmp_path, readers=readers, limits={"per_ip": "3/min"}, newsletters=[newsletter])
    settings = load(file, {"SYNDICATE_READERS__KEEP_IPS": "7d"})
    assert (settings.readers.wording, settings.readers.keep_ips) == ("2026-03", timedelta(days=7))
    assert (settings.limits.per_ip, settings.newsletters[0].send_in) == (Rate(3, 60), "subscriber")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"readers": {"confirm_every": "8d"}}, "`confirm_every` at most as long as `keep_unconfirmed`"),
        ({"readers": {"ips": "some"}}, "'cut', 'full' or 'none'"),
        ({"limits": {"per_ip": "0/h"}}, "a number and a time"),
        ({"newsletters": [NEWSLETTER | {"send_in": "moon"}]}, "'newsletter' or 'subscriber'"),
    ],
)
def test_what_is_refused(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load(write_settings(tmp_path, **given), {})
