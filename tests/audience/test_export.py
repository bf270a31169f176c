from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.audience import export_roster, import_roster, remove, subscribe
from syndicate.audience.export import export_in_pieces
from syndicate.audience.preferences import pause
from syndicate.audience.traces import Traces
from syndicate.errors import SyndicateError
from syndicate.settings import Newsletter
from syndicate.store import Store, seek, subscribers
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
    ]
    assert sorted(rows) == [
        ["'+a@example.org", "", "brief", "daily", "", "en", "UTC", "unsubscribed", ""],
        ["b@example.org", "'=Bo", "brief;weather", "daily", "", "", "", "active", ""],
        ["b@example.org", "'=Bo", "sport", "weekly", "a;x", "", "", "active", ""],
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


def _everyone(store: Store) -> set[tuple[object, ...]]:
    with store.read() as connection:
        return {
            (s.email, s.name, s.language, s.timezone, one.newsletter, one.state, one.cadence, one.topics)
            for one in seek.stream(connection, EVERYONE)
            for s in [one.subscriber]
        }


@settings(deadline=None, max_examples=25)
@given(st.lists(_JOINING, max_size=8), st.sets(st.sampled_from(["ana@example.org", "+b@example.org"])))
def test_what_is_exported_can_be_imported(joining: list[dict[str, object]], leaving: set[str]) -> None:
    with TemporaryDirectory() as folder:
        here, there = (Store(f"sqlite:///{ready(Path(folder), name)}") for name in ("here", "there"))
        for one in joining:
            try:
                subscribe(here, NEWSLETTERS, **one, consent="asked", now=NOW)  # type: ignore[arg-type]
            except SyndicateError:
                continue
        for email in leaving:
            try:
                remove(here, email, newsletter="brief", now=NOW)
            except SyndicateError:
                continue
        file, rejected = Path(folder, "all.csv"), Path(folder, "rejected.csv")
        with file.open("w", encoding="utf-8", newline="") as out:
            written = export_roster(here, out)
        results = [
            import_roster(store, NEWSLETTERS, file, traces=TRACES, rejected=rejected, now=NOW)
            for store in (there, here)
        ]
        assert not any(result.diff.bad for result in results)
        assert results[1].diff.same + results[1].diff.repeated == written
        assert _everyone(there) == _everyone(here)
        here.close()
        there.close()


def test_in_pieces_it_is_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        emails = {"email": f"r{number}@example.org", "slugs": ["brief", "sport"][: 1 + number % 2]}
        subscribe(store, NEWSLETTERS, **emails, consent="asked", now=NOW)  # type: ignore[arg-type]
    out = io.StringIO()
    export_roster(store, out)
    for size in (3, 4, 100):
        monkeypatch.setattr("syndicate.audience.export._PIECE", size)
        assert "".join(export_in_pieces(store)) == out.getvalue()
