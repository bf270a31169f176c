"""The settings file: written whole or not at all, what stood there kept, never over somebody else's change."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndicate.errors import ConflictError, NotFoundError, SettingsError
from syndicate.settings import SettingsFile
from syndicate.settings.edit import Change, edit
from syndicate.settings.kept import KEPT
from syndicate.settings.masked import masked
from tests.settings.writing import SECRET, write_settings


def retitled(text: str, title: str) -> str:
    return edit(text, Change("put", "newsletters", "brief", {"title": title}))


def test_what_stood_there_is_kept_with_mode_and_link(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    real = write_settings(folder)
    real.chmod(0o640)
    link = tmp_path / "syndicate.toml"
    link.symlink_to(real)
    file = SettingsFile(link, {})
    before = file.read()
    for number in range(KEPT + 2):
        file.replace(retitled(file.read(), f"Title {number}"), file.read())
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert file.load().newsletters[0].title == f"Title {KEPT + 1}"
    kept = [one.number for one in file.versions()]
    assert kept == list(range(KEPT + 2, 2, -1))
    assert file.version(3) == retitled(before, "Title 1")
    assert (folder / "syndicate.toml.~3~").stat().st_mode & 0o777 == 0o640
    assert not [one for one in folder.iterdir() if one.name.startswith(".")]
    with pytest.raises(NotFoundError):
        file.version(1)


def test_what_is_wrong_is_not_written(tmp_path: Path) -> None:
    file = SettingsFile(write_settings(tmp_path), {})
    before = file.read()
    with pytest.raises(SettingsError, match="timezone"):
        file.replace(edit(before, Change("put", "newsletters", "brief", {"timezone": "Nowhere"})), before)
    with pytest.raises(ConflictError, match="somebody else"):
        file.replace(retitled(before, "New"), before + "# mine\n")
    assert file.read() == before
    assert file.versions() == []


def test_a_file_without_leave_to_write_is_left_alone(tmp_path: Path) -> None:
    path = write_settings(tmp_path)
    file = SettingsFile(path, {})
    assert file.obstacle() == ""
    path.chmod(0o444)
    with pytest.raises(ConflictError, match="may not be written"):
        file.replace(retitled(file.read(), "New"), file.read())
    path.chmod(0o644)
    tmp_path.chmod(0o555)
    assert "may not be replaced" in file.obstacle()
    tmp_path.chmod(0o755)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    text = write_settings(
        tmp_path,
        smtp={"url": "smtp://user:hunter2@relay.example"},
        inbound={"mailbox": "imaps://a@b.example", "password": "hunter2"},
        relays=[{"name": "b", "url": "smtp://b:hunter2@c.example"}],
        sources=[{"name": "w", "kind": "feed", "url": "https://u:hunter2@w.example/f"}],
    ).read_text()
    text += '[web]\n#secret = "hunter2"\n# was: smtp://u:hunter2@old.example\n'
    shown = masked(text)
    assert shown is not None
    assert "hunter2" not in shown
    assert SECRET not in shown
    assert "w.example/f" in shown
    assert masked("secret = ") is None
