"""What settings say about WebSub: which hubs, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syndicate.errors import SettingsError
from syndicate.settings import Rate, load
from tests.settings.writing import NEWSLETTER, write_settings

OWN, OTHER = "https://news.lakeside.example/hub", "https://pubsubhubbub.example/"


@pytest.mark.parametrize(
    ("hub", "hubs", "is_internal"),
    [
        ("internal", (OWN,), True),
        (OTHER, (OTHER,), False),
        ([OTHER, "internal", OTHER, "https://b.example/hub?x=1"], (OTHER, OWN, "https://b.example/hub?x=1"), True),
        ([], (), False),
    ],
)
def test_hubs(tmp_path: Path, hub: Any, hubs: tuple[str, ...], is_internal: bool) -> None:
    settings = load(write_settings(tmp_path, websub={"hub": hub}), {})
    assert (settings.hubs, settings.websub.is_internal) == (hubs, is_internal)


def test_without_a_word_there_are_none(tmp_path: Path) -> None:
    settings = load(write_settings(tmp_path), {})
    assert (settings.hubs, settings.websub.is_internal) == ((), False)
    assert settings.websub.requests == Rate(300, 3600)


def test_from_the_environment(tmp_path: Path) -> None:
    file = write_settings(tmp_path)
    assert load(file, {"SYNDICATE_WEBSUB__HUB": "internal"}).hubs == (OWN,)
    assert load(file, {"SYNDICATE_WEBSUB__HUB": f'["internal", "{OTHER}"]'}).hubs == (OWN, OTHER)


@pytest.mark.parametrize(
    "hub",
    [
        *("", "Internal", "hub.example", "ftp://hub.example/", "https://", "https://me:pw@hub.example/", "http://[::1"),
        *('https://hub.example/"x', "https://hub.example/ x", "https://hub.example/\r\nX: y", "https://h.example/#x"),
        *("https://hub.example/>", "https://hüb.example/", 7, True, ["internal", 7], {"a": 1}),
    ],
)
def test_what_is_no_hub(tmp_path: Path, hub: Any) -> None:
    with pytest.raises(SettingsError, match=r'websub\.hub: found .*"internal", or the address of a hub'):
        load(write_settings(tmp_path, websub={"hub": hub}), {})


def test_leases_fit_and_the_address_is_taken(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="`lease` from `shortest_lease` to `longest_lease`"):
        load(write_settings(tmp_path, websub={"lease": "31d"}), {})
    with pytest.raises(SettingsError, match="'hub' is the address of a page"):
        load(write_settings(tmp_path, newsletters=[NEWSLETTER | {"slug": "hub"}]), {})
