"""Backups are whole, readable by their owner alone, and come back as they were; what is no backup is refused."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
import tarfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.errors import ArchiveError, SettingsError, StoreError
from syndicate.keeping.backup import back_up, name_of, rotate, write
from syndicate.keeping.restore import Restored, restore
from syndicate.settings import SettingsFile
from syndicate.store import Store, copies
from syndicate.store.copies import Standing
from tests.settings.writing import write_settings
from tests.tables import ready

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    """The settings of an installation with an article, a template, a key, and articles in another folder."""
    root = tmp_path / "here"
    for name in ("articles/hall.md", "articles/.git/config", "templates/web/front.html", "keys/dkim.pem"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"what {name} says")
    os.utime(root / "articles/hall.md", (1_700_000_000, 1_700_000_000))
    (root / "keys/secret.txt").write_text("a secret that is long enough for tests")
    (tmp_path / "elsewhere").mkdir()
    write_settings(
        root,
        site={
            "name": "Courier",
            "url": "https://news.lake.example",
            "postal_address": "1 Quay Street",
            "secret_file": "keys/secret.txt",
        },
        sources=[
            {"name": "newsroom", "kind": "folder", "path": "articles"},
            {"name": "other", "kind": "folder", "path": "../elsewhere"},
        ],
    )
    ready(root)
    return SettingsFile(root / "syndicate.toml", {})


def backed_up(file: SettingsFile, target: Path, *, force: bool = False) -> Path:
    """Writes a backup of it."""
    settings = file.load()
    store = Store(settings.store.url)
    try:
        done = back_up(settings, file, store, target, NOW, force=force)
    finally:
        store.close()
    assert done.file == target
    assert done.left_out == (str(target.parent / "elsewhere"),)
    return target


def put_back(archive: Path, folder: Path, **environ: str) -> Restored:
    """Restores it."""
    with archive.open("rb") as content:
        return restore(content, archive.name, folder, environ, "ana", NOW + timedelta(days=1))


@pytest.fixture
def archive(file: SettingsFile, tmp_path: Path) -> Path:
    """A backup."""
    return backed_up(file, tmp_path / "news.tar.gz")


def test_what_was_backed_up_comes_back_and_is_held(archive: Path, tmp_path: Path, file: SettingsFile) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    there = tmp_path / "there"
    done = put_back(archive, there)
    root = file.path.parent
    names = {str(one.relative_to(root)) for one in root.rglob("*") if one.is_file() and ".git" not in one.parts}
    assert {str(one.relative_to(there)) for one in there.rglob("*") if one.is_file()} == names - {
        "keys/dkim.pem",
        "syndicate.db-shm",
        "syndicate.db-wal",
    }
    for name in names & set(done.manifest.files) - {"syndicate.db"}:
        assert (there / name).read_bytes() == (root / name).read_bytes()
    assert (there / "articles/hall.md").stat().st_mtime == 1_700_000_000
    assert (
        stat.S_IMODE((there / "syndicate.db").stat().st_mode) & 0o077 == 0o044 & (root / "syndicate.db").stat().st_mode
    )
    store = Store(f"sqlite:///{done.database}")
    with store.read() as connection:
        copy = copies.read(connection)
    store.close()
    assert (copy.standing, copy.at, copy.detail) == (
        Standing.HELD,
        NOW,
        "it was restored from a backup of 2026-03-02 07:00 UTC",
    )


def test_a_database_that_is_written_to_meanwhile_comes_out_whole(file: SettingsFile, tmp_path: Path) -> None:
    store = Store(file.load().store.url)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.write() as connection:
                for half in "ab":
                    connection.exec_driver_sql(f"INSERT INTO facts (name, value) VALUES ('{half}{number}', 'x')")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        made = [backed_up(file, tmp_path / f"{number}.tar.gz") for number in range(3)]
    finally:
        stop.set()
        writing.join()
        store.close()
    counts = []
    for one in made:
        database = put_back(one, tmp_path / one.stem).database
        connection = sqlite3.connect(database)
        halves = dict(connection.execute("SELECT substr(name, 1, 1), count(*) FROM facts GROUP BY 1").fetchall())
        connection.close()
        assert halves.get("a") == halves.get("b")
        counts.append(halves.get("a", 0))
    assert counts == sorted(counts)


def test_nothing_is_written_over(archive: Path, file: SettingsFile, tmp_path: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(ArchiveError, match="--force"):
        backed_up(file, archive)
    assert archive.read_bytes() == before
    (file.path.parent / "articles/mill.md").write_text("new")
    assert backed_up(file, archive, force=True).read_bytes() != before
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").write_text("mine")
    with pytest.raises(ArchiveError, match="not an empty folder"):
        put_back(archive, full)
    assert [one.name for one in full.iterdir()] == ["x"]
    with pytest.raises(ArchiveError, match="there already"):
        put_back(archive, tmp_path / "new", SYNDICATE_STORE__URL=f"sqlite:///{file.path.parent / 'syndicate.db'}")
    with pytest.raises(SettingsError, match="site"):
        put_back(archive, tmp_path / "new", SYNDICATE_SITE__URL="nowhere")
    assert not (tmp_path / "new").exists()


def test_a_backup_goes_through_a_pipe(file: SettingsFile, tmp_path: Path) -> None:
    settings, pipe = file.load(), io.BytesIO()
    store = Store(settings.store.url)
    assert write(settings, file, store, pipe, NOW).file is None
    store.close()
    done = restore(io.BytesIO(pipe.getvalue()), "-", tmp_path / "there", {}, "ana", NOW)
    assert (done.folder / "templates/web/front.html").read_text() == "what templates/web/front.html says"
    assert not [one for one in file.path.parent.iterdir() if one.name.startswith(".syndicate-")]


def test_a_database_may_lie_elsewhere(archive: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "data" / "news.db"
    wanted.parent.mkdir()
    done = put_back(archive, tmp_path / "new", SYNDICATE_STORE__URL=f"sqlite:///{wanted}")
    assert done.database == wanted
    assert not (tmp_path / "new" / "syndicate.db").exists()


def members(archive: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    """What is in it."""
    found = []
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            assert content
            found.append((member, content.read()))
    return found


def packed(parts: list[tuple[tarfile.TarInfo, bytes]], target: Path) -> Path:
    """An archive of these."""
    with tarfile.open(target, "w:gz") as tar:
        for member, content in parts:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target


def test_what_is_no_backup_is_refused_and_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    whole, parts = archive.read_bytes(), members(archive)
    link = tarfile.TarInfo("articles/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    changed = [(one, content.replace(b"what", b"that")) for one, content in parts]
    newer = [(one, content.replace(b'"version": "0', b'"version": "9')) for one, content in parts]
    form = [(one, content.replace(b'"format": 1', b'"format": 2')) for one, content in parts]
    without = [(one, content) for one, content in parts if one.name != "syndicate.db"]
    bad = {
        "no backup": [tmp_path / "plain"],
        "not a whole one|ends too early": [tmp_path / "half"],
        "no manifest": [packed(parts[:-1], tmp_path / "1")],
        "not as it was made": [packed(changed, tmp_path / "2"), packed(without, tmp_path / "3")],
        "which no backup does": [
            packed([(tarfile.TarInfo("../x"), b"x"), *parts], tmp_path / "4"),
            packed([(tarfile.TarInfo("/x"), b"x"), *parts], tmp_path / "5"),
            packed([(link, b""), *parts], tmp_path / "6"),
        ],
        "behind its end": [packed([*parts, (tarfile.TarInfo("x"), b"x")], tmp_path / "7")],
        "newer program": [packed(newer, tmp_path / "8")],
        "use a newer one": [packed(form, tmp_path / "9")],
        "manifest that can't be read": [
            packed([*parts[:-1], (tarfile.TarInfo("manifest.json"), one)], tmp_path / f"m{number}")
            for number, one in enumerate((b"", b"[]", b'{"format": 1}', b"\xff"))
        ],
    }
    (tmp_path / "plain").write_bytes(b"nothing of the kind")
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    for said, files in bad.items():
        for one in files:
            with pytest.raises(ArchiveError, match=said):
                put_back(one, tmp_path / "new")
            assert not (tmp_path / "new").exists(), one
    assert not (tmp_path / "x").exists()


def test_a_damaged_database_is_neither_backed_up_nor_put_back(file: SettingsFile, tmp_path: Path) -> None:
    database = file.path.parent / "syndicate.db"
    store = Store(f"sqlite:///{database}")
    with store.write() as connection:
        connection.exec_driver_sql("CREATE TABLE filler AS SELECT hex(randomblob(900000)) AS x")
    store.close()
    content = bytearray(database.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = bytes(8192)
    database.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="damaged"):
        backed_up(file, tmp_path / "bad.tar.gz")
    assert not [one for one in tmp_path.iterdir() if "bad" in one.name or one.name.startswith(".")]


def test_postgresql_says_how_it_is_backed_up(file: SettingsFile, tmp_path: Path, postgresql_url: str) -> None:
    store = Store(postgresql_url)
    with pytest.raises(StoreError, match="pg_dump --format=custom"):
        back_up(file.load(), file, store, tmp_path / "x.tar.gz", NOW, force=False)
    store.close()


def test_the_oldest_go(tmp_path: Path) -> None:
    names = [name_of(NOW + timedelta(days=number)) for number in range(4)]
    for name in [*names, "syndicate-notes.tar.gz", "other.txt"]:
        (tmp_path / name).write_text("x")
    assert [one.name for one in rotate(tmp_path, 3)] == names[:1]
    assert rotate(tmp_path, 9) == []
    assert (tmp_path / "syndicate-notes.tar.gz").exists()
