"""What an operator does with a digest under way, through the command: who did not get it, pause, retry, resolve."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.cli.command import Folder, make_folder
from tests.relay import Relay

SEVEN = "2026-03-02T07:00:00Z"


def composed(folder: Folder, count: int) -> str:
    """A digest for so many readers, and nobody got it yet; returns its id."""
    folder.article("Ferry returns")
    folder.readers(*(f"r{number}@example.org,daily" for number in range(count)))
    folder.run("pickup", "--now", SEVEN)
    [digest] = [one for one in folder.run("compose", "daily", "--now", SEVEN, "--json").json() if one["subject"]]
    return str(digest["id"])


def test_who_did_not_get_it_is_told_and_tried_again(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Ferry returns")
    folder.readers(*(f"r{number}@example.org,daily" for number in range(60)))
    folder.run("pickup")
    relay.refuse("rcpt", "550 5.3.0 not today", matching="r[1-5][0-9]@", times=50)
    relay.refuse("rcpt", "450 4.2.2 mailbox full", matching="r9@")
    digest = str(folder.run("send", "daily", "--yes", "--json").json()["digest"])
    assert f"digests show {digest} --undelivered` lists all 51" in folder.run("digests", "show", digest).out
    listed = folder.run("digests", "show", digest, "--undelivered").out.splitlines()
    assert len(listed) == 1 + 51
    assert sum("550 5.3.0 not today" in line for line in listed) == 50
    [queued] = [line for line in listed if "r9@example.org" in line]
    assert "waits: it" in queued
    assert queued.endswith("; 450 4.2.2 mailbox full")
    missing = {one["email"]: one for one in folder.run("digests", "show", digest, "--undelivered", "--json").json()}
    assert len(missing) == 51
    assert (missing["r9@example.org"]["state"], missing["r9@example.org"]["attempts"]) == ("queued", 1)
    assert missing["r9@example.org"]["tried_at"] <= missing["r9@example.org"]["due_at"]
    assert missing["r10@example.org"]["due_at"] is None
    assert missing["r10@example.org"]["why"] == missing["r10@example.org"]["reply"] == "550 5.3.0 not today"
    folder.run("subscribers", "remove", "r10@example.org")
    done = folder.run("digests", "retry", digest, "--only", "rejected", "--json").json()
    assert done == {"digest": int(digest), "state": "sending", "changed": 49, "suppressed": 0, "left": 1}
    assert folder.run("send", digest, "--yes", "--json").json()["accepted"] == 58


def test_a_paused_digest_is_shown_and_waits(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    digest = composed(folder, 2)
    folder.run("digests", "pause", digest)
    assert "is paused: only one that is sending" in folder.run("digests", "pause", digest, code=1).err
    assert f"`syndicate digests resume {digest}`" in folder.run("send", digest, code=1).err
    assert folder.run("run", "--now", SEVEN, "--json").json()["sent"]["accepted"] == 0
    assert "waits: the digest is paused" in folder.run("digests", "show", digest, "--undelivered").out
    told = folder.run("status").out
    assert f"digest      {digest}: daily/daily 2026-03-02 07:00, paused: 2 planned = 0 accepted + " in told
    [shown] = folder.run("status", "--json").json()["digests"]
    assert (shown["state"], shown["planned"], shown["outstanding"], shown["balances"]) == ("paused", 2, 2, True)
    assert "2 deliveries outstanding" in folder.run("digests", "resume", digest).out
    assert folder.run("send", digest, "--json").json()["accepted"] == 2
    assert folder.run("digests", "show", digest, "--undelivered", "--json").json() == []


def test_what_is_uncertain_is_said_and_decided(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url, 'uncertain = "hold"')
    digest = composed(folder, 2)
    relay.cut("reply", matching="r1@", times=1)
    folder.run("send", digest)
    told = folder.run("status").out
    assert "1 uncertain + 0 outstanding" in told
    assert f"`syndicate digests resolve {digest}`" in told
    for wrong in ([], ["--hold", "--resend"]):
        assert "--mark-sent" in folder.run("digests", "resolve", digest, *wrong, code=2).err
    done = folder.run("digests", "resolve", digest, "--mark-sent", "--json").json()
    assert (done["changed"], done["state"]) == (1, "sending")
    assert folder.run("run", "--now", SEVEN, "--json").json()["sent"]["finished"] == [int(digest)]
    assert len(relay.messages) == 2


def test_a_digest_that_does_not_balance_is_told_with_exit_1(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    composed(folder, 2)
    database = sqlite3.connect(tmp_path / "syndicate.db")
    database.execute("PRAGMA ignore_check_constraints = 1")
    database.execute("UPDATE deliveries SET state = 'lost' WHERE id = (SELECT min(id) FROM deliveries)")
    database.commit()
    database.close()
    assert "2 planned ≠ 0 accepted" in folder.run("status", code=1).out
