"""Imports that are cut off anywhere, and gone on with."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from syndicate.audience import Roster, Terms
from syndicate.audience.diff import Diff
from syndicate.audience.roster import Progress, result_of
from syndicate.audience.seen import Seen
from syndicate.audience.traces import Traces
from syndicate.errors import ConflictError
from syndicate.settings import Newsletter
from syndicate.store import Store, audit
from syndicate.store.schema import consents, imports, subscribers, subscriptions

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
TRACES = Traces("a secret of this test, 32 characters or more")
ROWS = [f"r{n % 40}@example.org,{'Ana' if n % 3 else ''},{'brief' if n % 2 else 'sport'}" for n in range(97)]
FILE = "email,name,newsletters\n" + "\n".join([*ROWS[:50], "bad,,brief", *ROWS[50:]]) + "\n"


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syndicate.audience.roster._BATCH", 10)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[Store]]:
    """Two of them, to be compared."""
    opened = [Store(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two")]
    for store in opened:
        store.migrate()
    yield opened
    for store in opened:
        store.close()


def _roster(store: Store, newsletters: list[Newsletter], folder: Path, terms: Terms | None = None) -> Roster:
    file = folder / "people.csv"
    file.write_text(FILE, "utf-8")
    rejected = folder / "rejected.csv"
    return Roster(store, newsletters, file, terms or Terms(who="mara"), traces=TRACES, rejected=rejected, now=NOW)


def _everything(store: Store) -> list[list[tuple[object, ...]]]:
    with store.read() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (subscribers, subscriptions, consents)
        ]


def _cut(run: Iterator[Progress], after: int) -> Progress:
    """What was told last before it was stopped."""
    seen = [next(run) for _ in range(after)]
    run.close()  # type: ignore[attr-defined]
    return seen[-1]


@pytest.mark.usefixtures("small_batches")
def test_it_goes_on_where_it_stopped_and_ends_as_if_it_had_not(
    stores: list[Store], newsletters: list[Newsletter], tmp_path: Path
) -> None:
    whole, cut = stores
    at_once = result_of(_roster(whole, newsletters, tmp_path).carry())
    told: list[Diff] = []
    for pieces in (3, 4, 7):
        told.append(_cut(_roster(cut, newsletters, tmp_path).carry(), pieces).diff)
        assert not (tmp_path / "rejected.csv.part").exists()
    assert [diff.new + diff.repeated for diff in told] == [30, 40, 70]
    (tmp_path / "rejected.csv").unlink()
    gone_on = result_of(_roster(cut, newsletters, tmp_path).carry())
    assert gone_on.diff.counts() == at_once.diff.counts() == {**Diff(new=40, bad=1, repeated=57).counts()}
    assert gone_on.resumed == 70
    assert gone_on.rejected == (tmp_path / "rejected.csv",)
    assert _everything(cut) == _everything(whole)
    with cut.read() as connection:
        [act] = audit.newest(connection, limit=5)
        assert (act.who, act.act, act.about) == ("mara", "imported", "import 1")
        assert act.detail == "people.csv: 40 new, 1 bad, 57 repeated"
    again = result_of(_roster(cut, newsletters, tmp_path).carry())
    assert (again.resumed, again.diff.same) == (0, 40)


@pytest.mark.usefixtures("small_batches")
def test_other_terms_are_another_import(stores: list[Store], newsletters: list[Newsletter], tmp_path: Path) -> None:
    _cut(_roster(stores[0], newsletters, tmp_path).carry(), 2)
    other = result_of(_roster(stores[0], newsletters, tmp_path, Terms(consent="on paper")).carry())
    assert (other.resumed, other.diff.same) == (0, 20)
    assert result_of(_roster(stores[0], newsletters, tmp_path).carry()).resumed == 20


@pytest.mark.usefixtures("small_batches")
def test_two_at_once_do_not_get_into_each_others_way(
    store: Store, newsletters: list[Newsletter], tmp_path: Path
) -> None:
    slow = _roster(store, newsletters, tmp_path).carry()
    next(slow)
    quick = result_of(_roster(store, newsletters, tmp_path).carry())
    with pytest.raises(ConflictError, match=r"people\.csv is being imported by another process"):
        next(slow)
    assert quick.diff.counts() == Diff(new=40, bad=1, repeated=57).counts()
    with store.read() as connection:
        assert len(connection.execute(select(subscriptions.c.id)).all()) == 40
        assert len(connection.execute(select(imports.c.id).where(imports.c.finished_at.is_(None))).all()) == 0


_KILLED = """\
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from syndicate.audience import roster
from syndicate.store import Store
from tests.audience.test_importing import _roster
from tests.audience.conftest import two_newsletters
roster._BATCH = 10
run = _roster(Store({url!r}), two_newsletters(), Path({folder!r})).carry()
for _ in range(int(sys.argv[1])):
    next(run)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.usefixtures("small_batches")
def test_a_killed_process_loses_and_doubles_nothing(
    stores: list[Store], newsletters: list[Newsletter], tmp_path: Path
) -> None:
    whole, killed = stores
    result_of(_roster(whole, newsletters, tmp_path).carry())
    root = str(Path(__file__).parents[2])
    script = _KILLED.format(root=root, url=f"sqlite:///{tmp_path / 'two'}.db", folder=str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", script, "4"], capture_output=True, text=True, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert len(_everything(killed)[0]) > 0
    done = result_of(_roster(killed, newsletters, tmp_path).carry())
    assert (done.resumed, done.diff.counts()) == (40, Diff(new=40, bad=1, repeated=57).counts())
    assert _everything(killed) == _everything(whole)


def test_what_was_seen_is_known_however_much_it_is() -> None:
    seen = Seen()
    things = [("r", n) for n in range(90_000)]
    assert all(map(seen.add, things))
    assert not any(map(seen.add, things))
    assert things[0] in seen
    assert ("x", 0) not in seen
