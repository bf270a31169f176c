"""What an operator sees of one reader, and how they are erased, through the command."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import make_folder


def test_one_reader_is_shown_and_erased(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "smtp://127.0.0.1:9")
    folder.readers("ana@example.org,weekly", "bo@example.org,daily")
    shown = folder.run("subscribers", "show", "ana@example.org").out
    assert "weekly" in shown
    assert "import (import readers.csv)" in " ".join(shown.split())
    facts = folder.run("subscribers", "show", "ana@example.org", "--json").json()
    assert [(one["kind"], one["via"]) for one in facts["consents"]] == [("given", "import")]
    assert "add --yes" in folder.run("subscribers", "erase", "ana@example.org", code=1).err
    folder.run("subscribers", "erase", "ana@example.org", "--yes")
    assert "no subscriber" in folder.run("subscribers", "show", "ana@example.org", code=1).err
    assert "no subscriber" in folder.run("subscribers", "erase", "ana@example.org", "--yes", code=1).err
    folder.readers("ana@example.org,weekly")
    assert [one["email"] for one in folder.run("subscribers", "list", "--json").json()] == ["bo@example.org"]


def test_status_tells_of_notices_that_wait(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "smtp://127.0.0.1:9")
    assert folder.run("status", "--json").json()["notices"] == {}
    assert "notices" not in folder.run("status").out
