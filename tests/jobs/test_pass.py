"""One whole pass: what it composes is in the feeds when it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.newsroom import newsroom


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
