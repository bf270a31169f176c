"""The worker command: where it can't work, and how it follows its settings and ends."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import make_folder, wait_for
from tests.jobs.cluster.test_worker import jobs
from tests.newsroom import newsroom
from tests.relay import Relay


def test_a_worker_needs_postgresql_and_queues_that_there_are(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    assert "a worker needs PostgreSQL; with SQLite `syndicate serve` does it all" in folder.run("worker", code=1).err
    said = folder.run("worker", "--queues", "send,post", code=2).err
    assert "there is no queue 'post'" in " ".join(said.replace("│", "").split())


def test_a_worker_sends_follows_its_settings_and_ends_well(tmp_path: Path, postgresql_url: str, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    file = tmp_path / "syndicate.toml"
    settings = file.read_text("utf-8").replace('slug = "daily"', 'slug = "brief"')
    file.write_text(f'{settings}\n[store]\nurl = "{postgresql_url}"\n', "utf-8")
    rooms = tmp_path / "room"
    rooms.mkdir()
    with newsroom(rooms, store_url=postgresql_url) as room, folder.running("worker") as process:
        assert process.stdout
        assert "on send, pickup, publish, inbound" in process.stdout.readline()
        room.article("Ferry returns")
        room.reader("ana@example.org")
        room.compose()
        wait_for(lambda: relay.recipients == ["ana@example.org"] and not jobs(room.app.store))
        file.write_text(file.read_text("utf-8").replace("[store]", "[pace]\nconnections = 2\n[store]"), "utf-8")
        assert "taken from" in process.stdout.readline()
