"""Whole passes, on both databases: a file becomes mails and feeds, once, and the ledger tells of each of them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from syndicate.audience.subscribe import remove
from syndicate.store.results import Wanted, of_digest
from tests.newsroom import Newsroom, newsroom
from tests.relay import Relay


def test_a_pass_publishes_the_digest_that_it_composed(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        room.article("Ferry", "harbour")
        room.reader("ana@reader.example")
        done = asyncio.run(room.app.jobs.run(stop=asyncio.Event(), progress=lambda _: None))
        assert [one.subject for one in done.digests if one.subject]
        assert {"brief/rss.xml", "brief/digests/rss.xml", "brief/tags/harbour/atom.xml"} <= set(done.published.names)
        assert len(set(done.published.names)) == len(done.published.names)
        assert done.published.written[0].is_file()
        assert room.app.jobs.publish(room.clock()).names == ()


def go(room: Newsroom) -> list[int]:
    """One pass; the digests that it composed."""
    done = asyncio.run(room.app.jobs.run(stop=asyncio.Event(), progress=lambda _: None))
    room.equation()
    return [one.id for one in done.digests if one.subject]


def write(room: Newsroom, name: str) -> None:
    """An editor has saved an article."""
    file = room.app.settings.directory / "articles" / f"{name}.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"---\ntitle: {name.title()}\n---\n\nWhat there is to say of it.\n", "utf-8")
    os.utime(file, (room.clock().timestamp(),) * 2)


def told(room: Newsroom, digest_id: int) -> dict[str, list[tuple[str, int | None]]]:
    """Reader → outcome and code of each attempt, as the ledger has them."""
    with room.app.store.read() as connection:
        found = of_digest(connection, digest_id, Wanted(), limit=100)
    return {one.email.partition("@")[0]: [(str(step.outcome), step.code) for step in one.tries] for one in found}


def test_from_a_folder_to_inboxes_on_either_database(tmp_path: Path, store_url: str, relay: Relay) -> None:
    relay.refuse("rcpt", "550 5.1.1 nobody here", r"cem@")
    relay.refuse("rcpt", "450 4.2.2 mailbox full", r"ben@", times=1)
    with newsroom(tmp_path, store_url=store_url, smtp={"url": relay.url}) as room:
        for name in ("ana", "ben", "cem"):
            room.reader(f"{name}@reader.example")
        write(room, "ferry")
        [first] = go(room)
        assert go(room) == []
        assert relay.recipients == ["ana@reader.example"]
        room.clock.pass_by(hours=2)
        assert go(room) == []
        assert told(room, first) == {
            "ana": [("accepted", 250)],
            "ben": [("queued", 450), ("accepted", 250)],
            "cem": [("rejected", 550)],
        }
        remove(room.app.store, "ana@reader.example", now=room.clock())
        room.clock.pass_by(hours=22)
        write(room, "weir")
        [second] = go(room)
        assert told(room, second) == {"ben": [("accepted", 250)], "cem": []}
        assert relay.recipients == [f"{name}@reader.example" for name in ("ana", "ben", "ben")]
        counts = room.equation()
        assert (counts.planned, counts.accepted, counts.rejected, counts.suppressed) == (5, 3, 1, 1)
        assert "Weir" in (tmp_path / "feeds" / "brief" / "rss.xml").read_text("utf-8")
