from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.errors import SettingsError
from syndicate.settings import FolderSource, find, load
from tests.settings.writing import NEWSLETTER, SECRET, write_settings

EXAMPLE = f"""
[site]
name = "Lakeside Courier"
url = "https://news.lakeside.example"
postal_address = "1 Quay Street, Lakeside"
secret = "{SECRET}"
language = "en"

[store]
url = "sqlite:///syndicate.db"

[smtp]
url = "smtp://user:pass@relay.example:587"
connections = 8

[web]
listen = "127.0.0.1:8000"

[feeds]
directory = "feeds"

[fetch]
allow_private = false

[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"

[[sources]]
name = "wire"
kind = "feed"
url = "https://wire.example/rss.xml"
every = "15m"

[[newsletters]]
slug = "daily-brief"
title = "The Daily Brief"
description = "What happened by the lake, every morning."
sender = "Lakeside Courier <news@lakeside.example>"
sources = ["newsroom", "wire"]
tags = []
timezone = "Europe/Belgrade"
max_articles = 12
review = false
max_lateness = "6h"

[newsletters.cadences]
daily = "0 7 * * *"
weekly = "0 7 * * mon"
instant = true
"""
SOURCE = {"name": "newsroom", "kind": "folder", "path": "articles"}
FEED = {"name": "wire", "kind": "feed", "url": "https://wire.example/rss.xml"}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    file = tmp_path / "syndicate.toml"
    file.write_text(EXAMPLE, "utf-8")
    return file


def problems(file: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(file, environ or {})
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith(f"{file}: ")
    assert SECRET not in str(caught.value)
    return [str(problem) for problem in caught.value.problems]


def test_the_example_loads(example: Path) -> None:
    found = load(example, {})

    newsletter = found.newsletter("daily-brief")
    assert newsletter is not None
    assert list(newsletter.cadences.items()) == [
        ("daily", "0 7 * * *"),
        ("weekly", "0 7 * * mon"),
        ("instant", "instant"),
    ]
    assert (newsletter.default_cadence, newsletter.address, newsletter.domain) == (
        "daily",
        "news@lakeside.example",
        "lakeside.example",
    )
    assert newsletter.max_lateness == timedelta(hours=6)
    assert found.newsletter("weekly-brief") is None
    assert found.store.url == f"sqlite:///{example.parent}/syndicate.db"
    assert found.feeds.directory == example.parent / "feeds"
    assert isinstance(found.sources[0], FolderSource)
    assert found.sources[0].path == example.parent / "articles"
    assert found.polled[1].every == timedelta(minutes=15)
    assert (found.smtp.relay.username, str(found.smtp.relay)) == ("user", "relay.example:587")
    assert found.smtp.relay.password.get_secret_value() == "pass"
    assert found.web.address == ("127.0.0.1", 8000)


def test_the_environment_wins(example: Path) -> None:
    environ = {
        "SYNDICATE_SITE__NAME": "Harbour Post",
        "SYNDICATE_SOURCES__WIRE__EVERY": "2h",
        "SYNDICATE_SOURCES__0__HOLD_OVER": "7",
        "SYNDICATE_NEWSLETTERS__DAILY_BRIEF__TAGS": '["lake", "town"]',
        "SYNDICATE_NEWSLETTERS__0__CADENCES__WEEKLY": "0 8 * * 7",
        "SYNDICATE_NEWSLETTERS__0__REVIEW": "true",
        "SYNDICATE_FETCH__ALLOW_PRIVATE": "true",
        "SYNDICATE_CONFIG": "elsewhere.toml",
        "UNRELATED__X": "1",
    }
    found = load(example, environ)

    assert found.site.name == "Harbour Post"
    assert (found.polled[1].every, found.polled[0].hold_over) == (timedelta(hours=2), 7)
    assert found.newsletters[0].tags == ("lake", "town")
    assert found.newsletters[0].cadences["weekly"] == "0 8 * * 7"
    assert (found.newsletters[0].review, found.fetch.allow_private) == (True, True)


def test_a_cadence_can_be_made_instant_by_the_environment(tmp_path: Path) -> None:
    file = write_settings(tmp_path, newsletters=[NEWSLETTER | {"cadences": {"daily": "0 7 * * *"}}])
    found = load(file, {"SYNDICATE_NEWSLETTERS__BRIEF__CADENCES__INSTANT": "true"})
    assert found.newsletters[0].cadences == {"daily": "0 7 * * *", "instant": "instant"}


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n", "utf-8")
    (tmp_path / "relay").write_text("smtps://u:p%40ss@relay.example\n", "utf-8")
    site = {"name": "C", "url": "https://c.example/", "postal_address": "Quay", "secret_file": "secret"}
    found = load(write_settings(tmp_path, site=site, smtp={}), {"SYNDICATE_SMTP__URL_FILE": "relay"})

    assert found.site.secret.get_secret_value() == SECRET
    assert found.site.url == "https://c.example"
    relay = found.smtp.relay
    assert (relay.port, relay.security, relay.password.get_secret_value()) == (465, "tls", "p@ss")
    assert SECRET not in repr(found)
    assert "p@ss" not in repr(found) + str(found.smtp.relay) + repr(relay)


def test_a_secrets_file_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    site = {"name": "C", "url": "https://c.example", "postal_address": "Quay", "secret_file": "nowhere"}
    assert problems(write_settings(tmp_path, site=site)) == [
        "site.secret_file: found 'nowhere'; a readable file in UTF-8 (FileNotFoundError)"
    ]


def test_a_secret_stands_in_one_place(tmp_path: Path) -> None:
    site = {"name": "C", "url": "https://c.example", "postal_address": "1", "secret": SECRET, "secret_file": "secret"}
    (line,) = problems(write_settings(tmp_path, site=site))
    assert line == "site.secret_file: stands beside site.secret; one of the two"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    file = write_settings(
        tmp_path,
        site={"name": "C", "url": "c.example", "secret": SECRET, "colour": "red"},
        smtp={"url": f"http://user:{SECRET}@relay.example", "connections": "many"},
        sources=[SOURCE, FEED | {"kind": "rss"}, FEED | {"name": "other", "every": "15"}],
        newsletters=[
            NEWSLETTER | {"sources": ["newsroom", "wires"], "timezone": "Europe/Atlantis"},
            NEWSLETTER | {"slug": "two", "cadences": {"daily": "0 7 * *"}},
        ],
        speed=3,
        directory="here",
    )
    found = {where: rest for where, _, rest in (line.partition(": ") for line in problems(file))}

    assert found.pop("site.postal_address") == "found nothing; it is needed"
    assert found.pop("site.url") == (
        "found 'c.example'; allowed: an address that begins with https:// or http:// and names a host"
    )
    assert found.pop("site.colour") == found.pop("speed") == found.pop("directory")
    assert found.pop("smtp.url").startswith("allowed: smtp://, smtp+starttls:// or smtps://")
    assert found.pop("smtp.connections").startswith("found 'many'; allowed: a valid integer")
    assert found.pop("sources[1].kind") == "found 'rss'; allowed: 'folder', 'feed', 'wordpress', 'api'"
    assert found.pop("sources[2].every").startswith("found '15'; allowed: a whole number and a unit")
    assert found.pop("newsletters[0].sources") == "found 'wires'; one of: newsroom, other, wire"
    assert found.pop("newsletters[0].timezone").startswith("found 'Europe/Atlantis'; allowed: an IANA time zone")
    assert "daily = '0 7 * *' is not a cron line" in found.pop("newsletters[1].cadences")
    assert found == {}


@pytest.mark.parametrize(
    ("sections", "where", "said"),
    [
        ({"sources": [{"name": "a"}]}, "sources[0].kind", "'folder', 'feed', 'wordpress' or 'api'"),
        ({"sources": [SOURCE, SOURCE]}, "sources", "name 'newsroom' stands more than once"),
        ({"sources": [SOURCE | {"name": "all"}]}, "sources", "kept for the service itself"),
        ({"newsletters": [NEWSLETTER | {"slug": "subscribe"}]}, "newsletters", "address of a page of the service"),
        ({"newsletters": [NEWSLETTER, NEWSLETTER]}, "newsletters", "slug 'brief' stands more than once"),
        ({"newsletters": [NEWSLETTER | {"slug": "A b"}]}, "newsletters[0].slug", "found 'A b'"),
        ({"newsletters": [NEWSLETTER | {"cadences": {"d": "61 * * * *"}}]}, "newsletters[0].cadences", "cron line"),
        (
            {"newsletters": [NEWSLETTER | {"cadences": {"d": "0 0 30 2 *"}}]},
            "newsletters[0].cadences",
            "Bad day-of-month",
        ),
        ({"newsletters": [NEWSLETTER | {"cadences": {"now": True}}]}, "newsletters[0].cadences", "instant = true"),
        ({"newsletters": [NEWSLETTER | {"cadences": {"feed": 3}}]}, "newsletters[0].cadences.feed", "five-field"),
        ({"newsletters": [NEWSLETTER | {"cadences": {}}]}, "newsletters[0].cadences", "at least 1"),
        ({"newsletters": [NEWSLETTER | {"sender": "A <a@b>\nBcc: c@d"}]}, "newsletters[0].sender", "one line"),
        ({"newsletters": [NEWSLETTER | {"personal": True}]}, "newsletters[0].personal", 'engagement = "clicks"'),
        ({"newsletters": [NEWSLETTER | {"max_lateness": "0h"}]}, "newsletters[0].max_lateness", "more than nothing"),
        ({"newsletters": [NEWSLETTER | {"sources": ["x"]}], "sources": []}, "newsletters[0].sources", "no [[sources]]"),
        ({"store": {"url": "mysql://x/y"}}, "store.url", "matches"),
        ({"site": SECRET}, "site", "dictionary"),
        ({"site": [{"secret": SECRET}]}, "site", "dictionary"),
        ({"smtp": f"smtp://user:{SECRET}@relay.example"}, "smtp", "dictionary"),
        ({"smtp": {"url": f"smtp://{SECRET}\u2100@relay"}}, "smtp.url", "smtps://"),
        ({"smtp": {"url": [SECRET]}}, "smtp.url", "valid string"),
    ],
)
def test_a_problem_says_where_and_what(tmp_path: Path, sections: dict[str, Any], where: str, said: str) -> None:
    (line,) = problems(write_settings(tmp_path, **sections))
    assert line.startswith(f"{where}: ")
    assert said in line


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("SYNDICATE_SPEED__LIMIT", "3", "speed (from SYNDICATE_SPEED__LIMIT): no such key"),
        ("SYNDICATE_SITE__COLOUR", "red", "site.colour (from SYNDICATE_SITE__COLOUR): no such key"),
        ("SYNDICATE_WEB__LISTEN", "x", "web.listen (from SYNDICATE_WEB__LISTEN): found 'x'; allowed"),
        ("SYNDICATE_SITE__SECRET", "short", "site.secret (from SYNDICATE_SITE__SECRET): allowed: at least 32"),
        ("SYNDICATE_SOURCES__WAR__EVERY", "1h", "SYNDICATE_SOURCES__WAR__EVERY: names no sources of the file"),
        ("SYNDICATE_SOURCES__7__EVERY", "1h", "SYNDICATE_SOURCES__7__EVERY: names no sources of the file"),
        ("SYNDICATE_SITE__NAME__FIRST", "C", "SYNDICATE_SITE__NAME__FIRST: site.name is a value"),
        ("SYNDICATE_SOURCES__WIRE__EVERY", "x", "sources[1].every (from SYNDICATE_SOURCES__WIRE__EVERY): found 'x'"),
    ],
)
def test_a_problem_names_the_variable_that_it_came_from(example: Path, variable: str, value: str, line: str) -> None:
    (told,) = problems(example, {variable: value})
    assert told.startswith(line)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[site\nname = 1", "it must be TOML"),
        (b'name = "\xff"', "it must be readable, in UTF-8"),
        (b"x = " + b"9" * 5000, "the file"),
        (b"x = " + b"[" * 5000, "the file"),
    ],
)
def test_what_is_not_toml_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "syndicate.toml"
    file.write_bytes(content)
    assert said in problems(file)[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "`syndicate init` writes one" in problems(tmp_path / "syndicate.toml")[0]


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(None, {}) == tmp_path / "syndicate.toml"
    assert find(None, {"SYNDICATE_CONFIG": "other.toml"}) == tmp_path / "other.toml"
    assert find(Path("third.toml"), {"SYNDICATE_CONFIG": "other.toml"}) == tmp_path / "third.toml"


KEYS = [
    "SITE__URL",
    "SITE__SECRET",
    "SITE__SECRET_FILE",
    "SMTP__URL",
    "SMTP__TIMEOUT",
    "WEB__LISTEN",
    "SOURCES",
    "SOURCES__0__EVERY",
    "SOURCES__0__KIND",
    "NEWSLETTERS",
    "NEWSLETTERS__0",
    "NEWSLETTERS__0__SENDER",
    "NEWSLETTERS__0__SOURCES",
    "NEWSLETTERS__0__TIMEZONE",
    "NEWSLETTERS__0__CADENCES",
    "NEWSLETTERS__0__CADENCES__DAILY",
]
VALUES = st.one_of(
    st.text(max_size=30),
    st.text('0123456789*/,-@[]{}":.;smhdw ', max_size=20),
    st.sampled_from(["Europe", "../UTC", "smtp://[", "smtp://a:b@c:99999999", "[[]]", '[{"kind": 1}]', "a..b@c", "9w"]),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=3))
def test_no_value_does_worse_than_a_settings_error(example: Path, values: dict[str, str]) -> None:
    try:
        found = load(example, {f"SYNDICATE_{key}": value for key, value in values.items()})
    except SettingsError:
        return
    assert found.smtp.relay.host
    for newsletter in found.newsletters:
        assert newsletter.address
        assert newsletter.domain
        assert newsletter.zone.key == newsletter.timezone


def test_the_environments_secret_wins_over_the_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file that the settings name", "utf-8")
    site = {"name": "C", "url": "https://c.example", "postal_address": "1", "secret_file": "secret"}
    file = write_settings(tmp_path, site=site)
    assert load(file, {}).site.secret.get_secret_value() == "from the file that the settings name"
    assert load(file, {"SYNDICATE_SITE__SECRET": SECRET}).site.secret.get_secret_value() == SECRET
    file = write_settings(tmp_path)
    found = load(file, {"SYNDICATE_SITE__SECRET_FILE": "secret"})
    assert found.site.secret.get_secret_value() == "from the file that the settings name"


@pytest.mark.parametrize(
    "section", [{"web": {"listen": "127.0.0.1:70000"}}, {"smtp": {"url": "smtp://127.0.0.1:9", "timeout": "999999w"}}]
)
def test_numbers_out_of_reach_are_refused(tmp_path: Path, section: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"up to 65535|at most ten years"):
        load(write_settings(tmp_path, **section), {})
