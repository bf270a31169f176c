"""Files that were uploaded: kept from everybody else, read by one at a time, cut off, gone on with, forgotten."""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.audience.roster import Terms
from syndicate.audience.traces import Traces
from syndicate.audience.uploads import KEPT_FOR, Stage, Upload, Uploads, own_name
from syndicate.audience.working import Working
from syndicate.errors import ConflictError, NotFoundError, RosterError
from syndicate.settings import Newsletter
from syndicate.store import Store, subscribers
from tests.tables import ready

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
FILE = b"email,name\nana@example.org,Ana\nnobody,X\nbo@example.org,Bo\n"
TERMS = Terms(newsletters=("brief",), consent="signed at the fair", who="mara")


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """Files have nothing to do with what database there is."""
    return f"sqlite:///{ready(tmp_path)}"


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "imports")


@pytest.fixture
def working(store: Store, newsletters: list[Newsletter], uploads: Uploads) -> Working:
    traces = Traces("a secret of this test, 32 characters or more")
    return Working(store, newsletters, traces, uploads, lambda: NOW)


def keep(uploads: Uploads, content: bytes = FILE, name: str = "people.csv") -> Upload:
    return uploads.keep(io.BytesIO(content), name, "mara", now=NOW)


def ended(uploads: Uploads, key: str) -> Upload:
    """The file, once nobody reads it any more."""
    for thread in threading.enumerate():
        if thread.name == f"import {key}":
            thread.join()
    return uploads.get(key)


def test_compared_imported_and_gone(uploads: Uploads, working: Working, store: Store) -> None:
    one = keep(uploads)
    with pytest.raises(ConflictError):
        working.carry(one)
    working.compare(one, TERMS)
    one = ended(uploads, one.key)
    assert (one.stage, one.terms, one.error) == (Stage.COMPARED, TERMS, "")
    assert one.told is not None
    assert (one.told.diff.new, one.told.diff.bad, len(one.told.diff.samples)) == (2, 1, 3)
    assert "nobody" in uploads.rejected(one.key).read_text("utf-8")
    with store.read() as connection:
        assert subscribers.counts(connection) == {}
    working.carry(one)
    one = ended(uploads, one.key)
    assert (one.stage, one.file) == (Stage.IMPORTED, None)
    with store.read() as connection:
        assert sum(subscribers.counts(connection).values()) == 2
    with pytest.raises(ConflictError, match="no longer kept"):
        working.compare(one, TERMS)
    uploads.drop(one.key)
    assert list(uploads.all()) == []


def test_nobody_else_may_read_it(uploads: Uploads, tmp_path: Path) -> None:
    one = keep(uploads, name="../../etc/passwd\\..\\a b?.csv")
    assert one.name == "a b_.csv"
    for path in (tmp_path / "imports").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    for key in ("", "..", "../x", "0" * 15, "G" * 16, "0" * 16, one.key.upper() + "\n"):
        with pytest.raises(NotFoundError):
            uploads.get(key)
    (tmp_path / "imports" / one.key / "state.json").write_text("{")
    assert list(uploads.all()) == []


@given(st.text(max_size=200))
def test_any_name_becomes_one_that_is_in_its_folder(name: str) -> None:
    own = own_name(name)
    assert own
    assert "/" not in own
    assert own.strip(".")
    assert len(own.encode()) <= 255 + 80 * 3
    assert Path("folder", own).parent == Path("folder")


def test_one_at_a_time_and_who_dies_gives_it_back(uploads: Uploads, working: Working, tmp_path: Path) -> None:
    one, other = keep(uploads), keep(uploads)
    taken = uploads.take(one.key)
    assert uploads.get(one.key).is_running
    assert not uploads.get(other.key).is_running
    with pytest.raises(ConflictError, match="another file"):
        working.compare(other, TERMS)
    with pytest.raises(ConflictError, match="stop that first"):
        uploads.drop(one.key)
    uploads.stop(one.key)
    assert taken.should_stop
    uploads.note(replace(uploads.get(one.key), stage=Stage.IMPORTING, terms=TERMS))
    taken.give_back()
    assert uploads.get(one.key).was_cut_off
    working.carry(uploads.get(one.key))
    assert ended(uploads, one.key).stage is Stage.IMPORTED


def test_what_goes_wrong_is_told_in_the_words_of_who_sent_it(
    uploads: Uploads, working: Working, tmp_path: Path
) -> None:
    one = keep(uploads, b"Correo;Nombre\nana@example.org;Ana\n", "gente.csv")
    assert uploads.columns(one) == ["Correo", "Nombre"]
    working.compare(one, replace(TERMS, mapping={"Nombre": "name"}))
    one = ended(uploads, one.key)
    assert one.was_cut_off
    assert one.error.startswith("gente.csv: ")
    assert str(tmp_path) not in one.error
    working.compare(one, replace(TERMS, mapping={"Correo": "email"}))
    assert ended(uploads, one.key).stage is Stage.COMPARED
    with pytest.raises(RosterError):
        uploads.columns(keep(uploads, b"\0\0\0"))


def test_a_fault_says_so_and_nothing_of_whom_it_met(
    uploads: Uploads, working: Working, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("ana@example.org")

    monkeypatch.setattr("syndicate.audience.merge.Merge.decide", broken)
    one = keep(uploads)
    working.compare(one, TERMS)
    one = ended(uploads, one.key)
    assert "fault in this program" in one.error
    assert one.was_cut_off
    assert "ana@" not in "".join(capfd.readouterr())


def test_what_nobody_imports_is_forgotten(uploads: Uploads, tmp_path: Path) -> None:
    old, new, busy = keep(uploads), keep(uploads), keep(uploads)
    long_ago = (NOW - 2 * KEPT_FOR).timestamp()
    for one in (old, busy):
        os.utime(tmp_path / "imports" / one.key / "state.json", (long_ago, long_ago))
    taken = uploads.take(busy.key)
    assert uploads.tidy(now=NOW) == 1
    taken.give_back()
    assert {one.key for one in uploads.all()} == {new.key, busy.key}
    assert Uploads(tmp_path / "none").tidy(now=NOW) == 0


def test_a_full_disk_is_told(uploads: Uploads, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> Callable[[], None]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("syndicate.audience.uploads.shutil.copyfileobj", full)
    with pytest.raises(RosterError, match="No space left"):
        keep(uploads)
    assert list((tmp_path / "imports").iterdir()) == []
