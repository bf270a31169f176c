"""A backup is made, put back and made live, as an operator does it, while mails go out."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.cli.command import Folder, make_folder, wait_for
from tests.relay import Relay


def recipients(relay: Relay) -> list[str]:
    """To whom mails went."""
    return sorted(message.recipients[0] for message in relay.messages)


def test_a_backup_made_while_mails_go_out_sends_nobody_anything_twice(tmp_path: Path, relay: Relay) -> None:
    (tmp_path / "here").mkdir()
    here, there = make_folder(tmp_path / "here", relay.url), Folder(tmp_path / "there")
    readers = [f"{name}@lake.example" for name in ("ana", "ben", "cem", "dea")]
    here.readers(*(f"{one},daily" for one in readers))
    here.article("ferry.md", "The ferry sails")
    here.run("pickup")
    released = threading.Event()
    relay.hold("rcpt", "cem|dea", released.is_set)
    with here.running("send", "daily", "--yes") as sending:
        wait_for(lambda: len(relay.messages) == 2)
        said = here.run("backup", "../news.tar.gz").out
        assert "backed up" in said
        released.set()
        sending.wait(15)
    assert recipients(relay) == readers

    assert "== ledger" in here.run("doctor").out
    assert "there already" in here.run("backup", "../news.tar.gz", code=1).err
    assert "held" in here.run("restore", "../news.tar.gz", "--dir", "../there").out
    assert "not an empty folder" in here.run("restore", "../news.tar.gz", "--dir", "../there", code=1).err
    there.article("mill.md", "The mill turns")
    there.run("pickup")
    for command in (("run",), ("send", "daily", "--yes"), ("send", "1", "--yes"), ("compose", "daily")):
        assert "syndicate live" in there.run(*command, code=1).err
    facts = there.run("status", "--json").json()
    assert (facts["copy"]["standing"], facts["outstanding"] > 0) == ("held", True)
    assert "held" in there.run("status").out
    assert recipients(relay) == readers

    assert "add --yes" in there.run("live", code=1).err
    assert "1: paused" in there.run("live", "--yes").out
    there.run("run")
    assert recipients(relay) == readers
    assert "1: counted as sent" in there.run("live", "--since-backup", "mark-sent").out
    there.article("eels.md", "The eels return")
    there.run("pickup")
    there.run("send", "daily", "--yes")
    assert recipients(relay) == sorted(readers * 2)
    assert all(b"eels return" in one.content and b"mill turns" not in one.content for one in relay.messages[4:])
    assert there.run("status", "--json").json()["balances"]


def test_backups_in_a_folder_and_the_oldest_gone(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "kept").mkdir()
    here = make_folder(tmp_path / "here")
    assert "empty" in here.run("backup", "../kept", code=1).err
    here.readers("ana@lake.example,daily")
    (tmp_path / "kept" / "syndicate-20200101T000000Z.tar.gz").write_text("old")
    said = here.run("backup", "../kept", "--keep", "1").out
    assert "deleted" in said
    [made] = (tmp_path / "kept").iterdir()
    assert made.name > "syndicate-2026"
    assert "no folder" in here.run("backup", "../news.tar.gz", "--keep", "1", code=1).err
    assert "can't be read" in here.run("restore", "../nothing.tar.gz", "--dir", "../there", code=1).err
    there = tmp_path / "there"
    here.run("restore", str(made), "--dir", str(there))
    assert [one["email"] for one in Folder(there).run("subscribers", "list", "--json").json()] == ["ana@lake.example"]
