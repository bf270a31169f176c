from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from syndicate.errors import SettingsError
from syndicate.settings import Rate, Settings, WarmUp, load
from syndicate.settings.rates import Rates, WarmUpRate, parse_rate
from tests.settings.writing import NEWSLETTER, write_settings

PASSWORD = "p4ssw0rd-of-the-relay"
BACKUP = {"name": "backup-two", "url": f"smtps://news:{PASSWORD}@backup.example"}
SMTP = {"url": "smtp://127.0.0.1:9"}


def loaded(directory: Path, environ: dict[str, str] | None = None, **sections: Any) -> Settings:
    return load(write_settings(directory, **sections), environ or {})


def problem(directory: Path, environ: dict[str, str] | None = None, **sections: Any) -> str:
    """The one problem that these settings have."""
    with pytest.raises(SettingsError) as caught:
        loaded(directory, environ, **sections)
    assert PASSWORD not in str(caught.value)
    (line,) = map(str, caught.value.problems)
    return line


@given(st.integers(1, 10**9 - 1), st.sampled_from([1, 60, 3600, 86400]))
def test_a_rate_reads_as_it_is_written(count: int, seconds: int) -> None:
    rate = Rate(count, seconds)
    assert parse_rate(str(rate)) == rate
    assert rate.per_second * seconds == pytest.approx(count)


@given(st.integers(1, 10**9 - 1), st.integers(1, 10**9 - 1), st.integers(0, 10_000))
def test_a_warm_up_reads_as_it_is_written_and_never_goes_beyond_its_last_day(one: int, other: int, day: int) -> None:
    warm_up = WarmUp(min(one, other), max(one, other))
    assert TypeAdapter(WarmUpRate).validate_python(str(warm_up)) == warm_up
    assert warm_up.first <= warm_up.allowed(day) <= warm_up.allowed(day + 1) <= warm_up.last


@given(st.one_of(st.text(max_size=20), st.text("0123456789/sminhday ", max_size=15), st.integers(), st.booleans()))
def test_nothing_else_than_a_rate_is_read(value: object) -> None:
    try:
        rate = parse_rate(value)
    except ValueError:
        return
    assert rate.count > 0
    assert parse_rate(str(rate)) == rate


def test_a_relay_says_how_fast_and_how_much(tmp_path: Path) -> None:
    rate, warm_up = ["14/s", " 600 / min ", "5000/h", "50000/DAY"], "200/day  doubling to 200000/day"
    smtp = loaded(tmp_path, smtp=SMTP | {"rate": rate, "warm_up": warm_up}).smtp
    assert smtp.rate == (Rate(14, 1), Rate(600, 60), Rate(5000, 3600), Rate(50000, 86400))
    assert smtp.warm_up == WarmUp(200, 200_000)
    assert [smtp.warm_up.allowed(day) for day in (0, 1, 2, 10, 5000)] == [200, 400, 800, 200_000, 200_000]
    assert loaded(tmp_path, smtp=SMTP | {"rate": "14/s"}).smtp.rate == (Rate(14, 1),)
    assert loaded(tmp_path, smtp=SMTP).smtp.rate == ()


@pytest.mark.parametrize(
    "value", ["14", "14/fortnight", "0/s", "-1/s", "1.5/s", 14, True, ["14/s", "fast"], [["14/s"]]]
)
def test_a_wrong_rate_is_refused(tmp_path: Path, value: object) -> None:
    line = problem(tmp_path, smtp=SMTP | {"rate": value})
    assert line.startswith("smtp.rate: found ")
    assert line.endswith('allowed: a number and a time, such as "14/s", "600/min", "5000/h" or "50000/day"')


@pytest.mark.parametrize(
    "value", ["200/day", "200/day doubling", "0/day doubling to 9/day", "9/day doubling to 8/day", 7]
)
def test_a_wrong_warm_up_is_refused(tmp_path: Path, value: object) -> None:
    line = problem(tmp_path, smtp=SMTP | {"warm_up": value})
    assert (
        line
        == f'smtp.warm_up: found {value!r}; allowed: a first and a last day, such as "200/day doubling to 200000/day"'
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("window", 0), ("window", 65), ("weight", -1), ("messages_per_connection", 0), ("dsn", "perhaps")],
)
def test_a_number_out_of_reach_is_refused(tmp_path: Path, key: str, value: object) -> None:
    assert problem(tmp_path, relays=[BACKUP | {key: value}]).startswith(f"relays[0].{key}: found {value!r}; allowed: ")


def test_relays_are_known_by_name_after_the_first(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    newsletter = NEWSLETTER | {"relay": "backup-two"}
    settings = loaded(tmp_path, relays=[BACKUP | {"weight": 3, "ca_file": "ca.pem"}], newsletters=[newsletter])
    first, second = settings.every_relay
    assert (first.label, first.weight, second.label, second.weight) == ("smtp", 1, "backup-two", 3)
    assert (second.relay.host, second.relay.port, second.ca_file) == ("backup.example", 465, tmp_path / "ca.pem")
    assert second.relay.password.get_secret_value() == PASSWORD
    assert PASSWORD not in repr(settings)
    assert settings.newsletters[0].relay == "backup-two"


def test_a_newsletter_may_name_the_first_relay(tmp_path: Path) -> None:
    assert loaded(tmp_path, newsletters=[NEWSLETTER | {"relay": "smtp"}]).newsletters[0].relay == "smtp"


def test_a_relay_that_is_not_there_is_told_beside_those_that_are(tmp_path: Path) -> None:
    line = problem(tmp_path, relays=[BACKUP], newsletters=[NEWSLETTER | {"relay": "backup"}])
    assert line == "newsletters[0].relay: found 'backup'; one of: backup-two, smtp"


@pytest.mark.parametrize(
    "relay",
    [
        {"name": "b", "url": f"http://news:{PASSWORD}@b.example"},
        {"name": "b", "url": f"smtp://news:{PASSWORD}@"},
        {"name": "b", "url": [PASSWORD]},
        {"url": f"smtp://news:{PASSWORD}@b.example"},
        {"name": "b", "url": f"smtp://news:{PASSWORD}@b.example", "speed": 3},
        {"name": "B b", "url": f"smtp://news:{PASSWORD}@b.example"},
        f"smtp://news:{PASSWORD}@b.example",
    ],
)
def test_a_relays_password_is_in_no_error(tmp_path: Path, relay: object) -> None:
    assert problem(tmp_path, relays=[relay]).startswith("relays[0]")


def test_a_relays_password_from_the_environment_is_in_no_error(tmp_path: Path) -> None:
    environ = {"SYNDICATE_RELAYS__BACKUP_TWO__URL": f"gopher://news:{PASSWORD}@b.example"}
    line = problem(tmp_path, environ, relays=[BACKUP])
    assert line.startswith("relays[0].url (from SYNDICATE_RELAYS__BACKUP_TWO__URL): allowed: smtp://")


def test_tables_that_are_no_array_show_no_password(tmp_path: Path) -> None:
    assert problem(tmp_path, relays=BACKUP).startswith("relays: ")


def test_a_relays_address_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "address").write_text(f"{BACKUP['url']}\n", "utf-8")
    relays = [BACKUP | {"name": "first"}, {"name": "second", "url_file": "address"}]
    assert loaded(tmp_path, relays=relays).relays[1].relay.password.get_secret_value() == PASSWORD
    environ = {"SYNDICATE_RELAYS__SECOND__URL": "smtp://elsewhere.example"}
    assert loaded(tmp_path, environ, relays=relays).relays[1].relay.host == "elsewhere.example"


def test_a_relays_address_stands_in_one_place(tmp_path: Path) -> None:
    line = problem(tmp_path, relays=[BACKUP | {"url_file": "address"}])
    assert line == "relays[0].url_file: stands beside relays[0].url; one of the two"


def test_a_relays_file_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    line = problem(tmp_path, relays=[{"name": "second", "url_file": "nowhere"}])
    assert line == "relays[0].url_file: found 'nowhere'; a readable file in UTF-8 (FileNotFoundError)"


def test_a_relay_without_address_is_told_what_it_needs(tmp_path: Path) -> None:
    assert problem(tmp_path, relays=[{"name": "b"}]) == "relays[0].url: found nothing; it is needed, or url_file"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["b", "b"], "name 'b' stands more than once; each must be its own"),
        (["b", "smtp"], "name 'smtp' is kept for the service itself; another one"),
    ],
)
def test_each_relay_has_a_name_of_its_own(tmp_path: Path, names: list[str], said: str) -> None:
    line = problem(tmp_path, relays=[BACKUP | {"name": name} for name in names])
    assert line.startswith("relays: ")
    assert line.endswith(said)


def test_a_domain_has_a_pace(tmp_path: Path) -> None:
    pace = loaded(tmp_path, pace={"connections": 5, "gmail.com": "20/s", "xn--bcher-kva.example": "5000/h"}).pace
    assert pace.connections == 5
    assert pace.rate("gmail.com") == Rate(20, 1)
    assert pace.rate("xn--bcher-kva.example") == Rate(5000, 3600)
    assert pace.rate("example.org") is None
    assert loaded(tmp_path).pace.rate("gmail.com") is None


@pytest.mark.parametrize("key", ["conections", "Gmail.com", "gmail", ".com", "gmail..com", "*.com", "user@gmail.com"])
def test_a_wrong_key_of_the_pace_is_refused(tmp_path: Path, key: str) -> None:
    line = problem(tmp_path, pace={key: "20/s"})
    assert line.startswith("pace: ")
    assert f"{key!r} is neither `connections` nor a domain in lower case" in line


def test_a_wrong_rate_of_a_domain_is_refused(tmp_path: Path) -> None:
    line = problem(tmp_path, pace={"gmail.com": "fast"})
    assert line.startswith("pace.gmail.com: found 'fast'; allowed: a number and a time")


@pytest.mark.parametrize("which", ["BACKUP_TWO", "0"])
def test_the_environment_reaches_a_relay(tmp_path: Path, which: str) -> None:
    environ = {
        f"SYNDICATE_RELAYS__{which}__RATE": '["14/s", "50000/day"]',
        f"SYNDICATE_RELAYS__{which}__WARM_UP": "200/day doubling to 800/day",
        f"SYNDICATE_RELAYS__{which}__WINDOW": "1",
        "SYNDICATE_SMTP__RATE": "3/s",
    }
    settings = loaded(tmp_path, environ, relays=[BACKUP])
    assert settings.smtp.rate == (Rate(3, 1),)
    (relay,) = settings.relays
    assert (relay.rate, relay.warm_up, relay.window) == ((Rate(14, 1), Rate(50000, 86400)), WarmUp(200, 800), 1)


def test_a_wrong_rate_from_the_environment_names_its_variable(tmp_path: Path) -> None:
    line = problem(tmp_path, {"SYNDICATE_RELAYS__BACKUP_TWO__RATE": "fast"}, relays=[BACKUP])
    assert line.startswith("relays[0].rate (from SYNDICATE_RELAYS__BACKUP_TWO__RATE): found 'fast'; allowed: a number")


def test_a_variable_adds_no_relay(tmp_path: Path) -> None:
    line = problem(tmp_path, {"SYNDICATE_RELAYS__THIRD__RATE": "14/s"}, relays=[BACKUP])
    assert line.startswith("SYNDICATE_RELAYS__THIRD__RATE: names no relays of the file")


@pytest.mark.parametrize("value", ["smtp", {"rate": "14/s"}, 3])
def test_wrong_types_of_a_warm_up_are_refused_alone(value: object) -> None:
    with pytest.raises(ValidationError, match="a first and a last day"):
        TypeAdapter(WarmUpRate).validate_python(value)


def test_rates_are_kept_as_they_are() -> None:
    rates = (Rate(14, 1), Rate(5, 60))
    assert TypeAdapter(Rates).validate_python(rates) == rates
