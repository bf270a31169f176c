from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.audience import export_roster, import_roster, remove, subscribe
from syndicate.audience.attributes import attributes_of
from syndicate.audience.choices import topics_of
from syndicate.audience.export import Form, export_in_pieces
from syndicate.audience.preferences import pause
from syndicate.audience.traces import Traces
from syndicate.errors import SyndicateError
from syndicate.settings import Newsletter
from syndicate.store import Store, seek, subscribers, suppressions
from syndicate.store.seek import EVERYONE, Sought
from tests.tables import ready

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
TRACES = Traces("a secret of this test, 32 characters or more")
NEWSLETTERS = [
    Newsletter(slug=slug, title=slug, sender="n@example.org", cadences={"daily": "0 7 * * *", "weekly": "0 7 * * mon"})
    for slug in ("brief", "sport", "weather")
]


def _exported(store: Store, newsletter: str = "") -> tuple[int, list[list[str]]]:
    out = io.StringIO()
    count = export_roster(store, out, sought=Sought(newsletter=newsletter))
    return count, list(csv.reader(io.StringIO(out.getvalue())))


def test_one_row_for_equal_choices(store: Store) -> None:
    join = {"consent": "asked", "now": NOW}
    subscribe(store, NEWSLETTERS, email="b@example.org", name="=Bo", slugs=["brief", "weather"], **join)  # type: ignore[arg-type]
    subscribe(store, NEWSLETTERS, email="b@example.org", slugs=["sport"], cadence="weekly", topics=["x", "a"], **join)  # type: ignore[arg-type]
    subscribe(store, NEWSLETTERS, email="+a@example.org", slugs=["brief"], language="en", timezone="UTC", **join)  # type: ignore[arg-type]
    remove(store, "+a@example.org", now=NOW)
    count, (header, *rows) = _exported(store)
    assert header == [
        "email",
        "name",
        "newsletters",
        "cadence",
        "topics",
        "language",
        "timezone",
        "state",
        "suppressed",
        "tags",
        "attributes",
    ]
    assert sorted(rows) == [
        ["'+a@example.org", "", "brief", "daily", "", "en", "UTC", "unsubscribed", "", "", ""],
        ["b@example.org", "'=Bo", "brief;weather", "daily", "", "", "", "active", "", "", ""],
        ["b@example.org", "'=Bo", "sport", "weekly", "a;x", "", "", "active", "", "", ""],
    ]
    assert count == 3
    assert [row[0] for row in _exported(store, "sport")[1][1:]] == ["b@example.org"]


def test_a_pause_comes_back_with_its_end(store: Store, tmp_path: Path) -> None:
    until = NOW + timedelta(weeks=3)
    joined = subscribe(store, NEWSLETTERS, email="b@example.org", slugs=["brief"], consent="asked", now=NOW)
    pause(store, joined.subscriptions[0].id, until, now=NOW)
    file, other = tmp_path / "all.csv", Store(f"sqlite:///{ready(tmp_path, 'other.db')}")
    with file.open("w", encoding="utf-8", newline="") as out:
        export_roster(store, out)
    assert import_roster(other, NEWSLETTERS, file, traces=TRACES, rejected=tmp_path / "no.csv", now=NOW).diff.new == 1
    with other.read() as connection:
        [held] = subscribers.of_address(connection, "b@example.org")
    assert (held.state, held.resume_at) == ("paused", until)
    assert _exported(other) == _exported(store)
    other.close()


def test_an_empty_store_gives_the_header(store: Store) -> None:
    count, rows = _exported(store)
    assert (count, len(rows)) == (0, 1)


_LINE = st.text(max_size=12) | st.text("'=+-@\" ,;aéß", max_size=6)
_ADDRESS = st.sampled_from(["ana@example.org", "Ana@example.org", "+b@example.org", "'=c@example.org"])
_LEAVING = st.sets(st.sampled_from(["ana@example.org", "+b@example.org"]))
_JOINING = st.fixed_dictionaries(
    {
        "email": st.sampled_from(
            ["ana@example.org", "Ana@example.org", "+b@example.org", "'=c@example.org", "d@é.example"]
        ),
        "name": _LINE,
        "slugs": st.lists(st.sampled_from(["brief", "sport", "weather"]), min_size=1),
        "cadence": st.sampled_from([None, "daily", "weekly"]),
        "topics": st.lists(_LINE, max_size=3),
        "language": st.sampled_from([None, "en", "sr-Latn"]),
        "timezone": st.sampled_from([None, "UTC", "Europe/Belgrade"]),
    }
)
_SAID = st.fixed_dictionaries(
    {
        "tags": st.lists(_LINE, max_size=3),
        "attributes": st.dictionaries(st.sampled_from(["city", "n_1", "url"]), _LINE, max_size=3),
        "ban": st.sampled_from(["", "=bounced", "they wrote"]),
    }
)


def _everyone(store: Store) -> set[tuple[object, ...]]:
    with store.read() as connection:
        found = list(seek.stream(connection, EVERYONE))
        bans = suppressions.reasons(connection, [one.subscriber.email for one in found])
        return {
            (
                *(s.email, s.name, s.language, s.timezone, s.tags, tuple(s.attributes.items()), bans.get(s.email)),
                *(one.newsletter, one.state, one.cadence, one.topics),
            )
            for one in found
            for s in [one.subscriber]
        }


def _describe(store: Store, email: str, said: dict[str, Any]) -> None:
    with store.write() as connection:
        for person in subscribers.people(connection, [email]).values():
            attributes = dict(attributes_of([], said["attributes"]))
            tags = topics_of(said["tags"])
            subscribers.describe(connection, [replace(person, tags=tags, attributes=attributes)])
            if said["ban"]:
                suppressions.add(connection, email, said["ban"], now=NOW)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(Form), st.lists(_JOINING, max_size=8), st.dictionaries(_ADDRESS, _SAID, max_size=3), _LEAVING)
def test_what_is_exported_can_be_imported(
    form: Form, joining: list[dict[str, object]], said: dict[str, dict[str, Any]], leaving: set[str]
) -> None:
    with TemporaryDirectory() as folder:
        here, there = (Store(f"sqlite:///{ready(Path(folder), name)}") for name in ("here", "there"))
        for one in joining:
            with suppress(SyndicateError):
                subscribe(here, NEWSLETTERS, **one, consent="asked", now=NOW)  # type: ignore[arg-type]
        for email, more in said.items():
            with suppress(SyndicateError):
                _describe(here, email, more)
        for email in leaving:
            with suppress(SyndicateError):
                remove(here, email, newsletter="brief", now=NOW)
        file, rejected = Path(folder, "all.csv"), Path(folder, "rejected.csv")
        with file.open("w", encoding="utf-8", newline="") as out:
            written = export_roster(here, out, form=form)
        results = [
            import_roster(store, NEWSLETTERS, file, traces=TRACES, rejected=rejected, now=NOW)
            for store in ((there, here) if written or form is Form.CSV else ())
        ]
        assert _everyone(there) == _everyone(here)
        for diff in [result.diff for result in results[1:]]:
            assert diff.same + diff.suppressed + diff.repeated == written
        here.close()
        there.close()


def test_in_pieces_it_is_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        emails = {"email": f"r{number}@example.org", "slugs": ["brief", "sport"][: 1 + number % 2]}
        subscribe(store, NEWSLETTERS, **emails, consent="asked", now=NOW)  # type: ignore[arg-type]
    for form in Form:
        out = io.StringIO()
        export_roster(store, out, form=form)
        for size in (3, 4, 100):
            monkeypatch.setattr("syndicate.audience.export._PIECE", size)
            assert "".join(export_in_pieces(store, form=form)) == out.getvalue()


def test_json_lines_that_are_hostile_are_bad_rows(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    good = {"email": "=a@example.org", "newsletters": ["brief"], "name": "'=x", "tags": ["Ö"], "more": {"a": [1]}}
    lines = ["[1]", "{", "{}", '{"email": "b@example.org", "name": "a\\u0000"}', "", json.dumps(good), "{" * 9000]
    file.write_text("\n".join(["{}", *lines]), "utf-8")
    done = import_roster(store, NEWSLETTERS, file, traces=TRACES, rejected=tmp_path / "no.csv", now=NOW)
    assert (done.diff.new, done.diff.bad) == (1, 6)
    with store.read() as connection:
        [person] = subscribers.people(connection, ["=a@example.org"]).values()
    assert (person.name, person.tags) == ("'=x", ("ö",))
    assert [sample.line for sample in done.diff.samples[1:]] == [1, 2, 3, 4, 5, 8]
