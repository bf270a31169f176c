"""Uploaded files in a database that several processes share: two nodes, each with a disk of its own."""

from __future__ import annotations

import io
import stat
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicate.audience import staged
from syndicate.audience.roster import Terms
from syndicate.audience.staged import Staged
from syndicate.audience.traces import Traces
from syndicate.audience.uploads import KEPT_FOR, Stage, Upload
from syndicate.audience.working import Working
from syndicate.errors import AwayError, ConflictError, NotFoundError, RosterError
from syndicate.settings import Newsletter
from syndicate.store import Store, uploads
from tests.audience.test_uploads import FILE, NOW, TERMS


@pytest.fixture
def store_url(postgresql_url: str) -> str:
    """The one of the two that processes share."""
    return postgresql_url


@pytest.fixture
def nodes(tmp_path: Path, store: Store) -> tuple[Staged, Staged]:
    return Staged(store, tmp_path / "here"), Staged(store, tmp_path / "there")


def keep(node: Staged, content: bytes = FILE, name: str = "people.csv") -> Upload:
    return node.keep(io.BytesIO(content), name, "mara", now=NOW)


def waited(node: Staged, key: str) -> Upload:
    for thread in threading.enumerate():
        if thread.name == f"import {key}":
            thread.join()
    return node.get(key)


def test_what_one_node_took_the_other_reads(
    nodes: tuple[Staged, Staged], store: Store, newsletters: list[Newsletter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PART", 7)
    here, there = nodes
    traces = Traces("a secret of this test, 32 characters or more")
    one = keep(here)
    assert (one.size, there.get(one.key).name, there.columns(one)) == (len(FILE), "people.csv", ["email", "name"])
    copy = there.fetch(one)
    assert copy.read_bytes() == FILE
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parents[1].stat().st_mode) == 0o700
    Working(store, newsletters, traces, here, lambda: NOW).compare(one, TERMS)
    one = waited(here, one.key)
    assert one.told
    assert "nobody" in there.rejected_file(one.key, one.told.rejected[0].name).read_text("utf-8")
    Working(store, newsletters, traces, there, lambda: NOW).carry(there.get(one.key))
    assert waited(there, one.key).stage is Stage.IMPORTED
    assert (here.get(one.key).file, here.columns(here.get(one.key))) == (None, [])
    assert [each.key for each in here.all()] == [one.key]
    here.drop(one.key)
    with pytest.raises(NotFoundError):
        there.get(one.key)
    with pytest.raises(NotFoundError):
        there.get("../../etc/passwd")


def test_one_at_a_time_and_whoever_lost_it_changes_nothing(
    nodes: tuple[Staged, Staged], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged, "_LOOK_S", 0.0)
    here, there = nodes
    one, other = keep(here), keep(here)
    taken = here.take(one.key)
    assert there.get(one.key).is_running
    for key in (one.key, other.key):
        with pytest.raises(ConflictError, match="another file"):
            there.take(key)
    with pytest.raises(ConflictError, match="stop that first"):
        there.drop(one.key)
    assert not taken.should_stop
    with store.write() as connection:
        connection.execute(text("UPDATE uploads SET lease_until = now() WHERE holder IS NOT NULL"))
    second = there.take(one.key)
    taken.note(replace(one, error="of somebody who lost it"))
    assert not here.get(one.key).error
    assert taken.should_stop
    here.stop(one.key)
    assert second.should_stop
    second.give_back()
    assert (here.is_stopped(one.key), here.get(one.key).is_running) == (True, False)


def test_a_database_that_goes_away_fails_nothing(
    nodes: tuple[Staged, Staged], store: Store, newsletters: list[Newsletter], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise AwayError("the database", "is away")

    here, _ = nodes
    one = keep(here)
    working = Working(store, newsletters, Traces("a secret of this test, 32 characters or more"), here, lambda: NOW)
    with monkeypatch.context() as patched:
        patched.setattr("syndicate.audience.merge.Merge.decide", away)
        working.compare(one, Terms(newsletters=("brief",), consent="x", who="mara"))
        assert waited(here, one.key).was_cut_off
    assert not here.get(one.key).error


def test_what_nobody_imports_is_forgotten_and_so_are_copies(
    nodes: tuple[Staged, Staged], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged, "_LEFT_ALONE", timedelta(0))
    here, there = nodes
    assert here.tidy(now=NOW) == 0
    old, new = keep(here), keep(here)
    for one in (old, new):
        there.fetch(one)
    with store.write() as connection:
        connection.execute(
            text("UPDATE uploads SET changed_at = :then WHERE key = :key"), {"then": NOW, "key": old.key}
        )
    assert here.tidy(now=NOW + KEPT_FOR + timedelta(seconds=1)) == 1
    there.tidy(now=NOW)
    assert [one.name for one in (tmp_path / "there").iterdir()] == [new.key]


def test_a_full_disk_is_told(nodes: tuple[Staged, Staged], monkeypatch: pytest.MonkeyPatch) -> None:
    one = keep(nodes[0])
    monkeypatch.setattr("syndicate.audience.staged.os.fdopen", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(RosterError, match="make room"):
        nodes[1].fetch(one)
