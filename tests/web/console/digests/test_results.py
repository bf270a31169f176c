"""What became of a digest for each reader: searched, chosen, turned and exported."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path

import pytest

from syndicate.desk import sessions
from syndicate.store import settling
from syndicate.web.console.digests import results as pages
from tests.relay import Relay
from tests.web.console.digests.sendroom import send_room


def test_results_are_searched_turned_and_exported(
    tmp_path: Path, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    with send_room(tmp_path, relay) as room:
        room.room.newsroom.add(1)
        room.readers(5)
        room.room.subscribe("=cmd@reader.example")
        digest = room.composed().id
        relay.refuse("rcpt", "550 5.1.1 <r1@example.org>: 100% unknown", matching="r1@")
        relay.refuse("rcpt", "450 4.2.2 later", matching="r2@", times=1)
        room.send()
        room.pass_by(hours=1)
        room.send()
        room.pass_by(seconds=1)

        def found(query: str) -> set[str]:
            page = room.get(f"/{digest}/results?{query}").partition("<main")[2]
            return set(re.findall(r'subscribers/\d+">(\S+?)@', page))

        assert found("") == {"r0", "r1", "r2", "r3", "r4", "=cmd"}
        assert found("state=rejected") == found("q=100%25+UNKNOWN") == found("q=R1@example.org") == {"r1"}
        assert found("q=4.2.2+later") == found("state=accepted&q=4.2.2") == {"r2"}
        assert found("domain=Reader.example") == {"=cmd"}
        assert found("q=%00zzz") == found("domain=none.example") == found("state=bounced") == set()
        both = room.get(f"/{digest}/results?q=r2@")
        assert "2 attempts" in both
        assert "450 4.2.2 later" in both

        monkeypatch.setattr(pages, "PAGE", 4)
        monkeypatch.setattr(pages, "_AT_A_TIME", 2)
        first = room.get(f"/{digest}/results?domain=example.org")
        [more] = re.findall(r'rel="next" href="/console/digests(\S+)"', first)
        assert re.findall(r'subscribers/\d+">(\S+?)@', room.get(more.replace("&amp;", "&"))) == ["r4"]

        answer = room.console.get(f"/console/digests/{digest}/results.csv?domain=reader.example")
        rows = list(csv.DictReader(StringIO(answer.text)))
        assert [row["address"] for row in rows] == ["'=cmd@reader.example"]
        assert answer.headers["content-disposition"] == f'attachment; filename="digest-{digest}.csv"'
        everyone = list(csv.DictReader(StringIO(room.console.get(f"/console/digests/{digest}/results.csv").text)))
        assert len(everyone) == 6
        [refused] = [row for row in everyone if row["state"] == "rejected"]
        assert (refused["code"], refused["enhanced_code"], refused["attempts"]) == ("550", "5.1.1", "1")
        assert refused["words"] == "550 5.1.1 <r1@example.org>: 100% unknown"
        assert room.acts(digest) == [("operator", "exported", "all"), ("operator", "exported", "by domain")]

        with room.room.app.store.write() as connection:
            settling.settle(connection, digest, limit=9)
        assert "Who got it is kept no more" in room.get(f"/{digest}/results")
        assert room.equation(digest).accepted == 5

        room.clock.pass_by(seconds=sessions.FRESH.total_seconds() + 1)
        stale = room.console.get(f"/console/digests/{digest}/results.csv")
        assert (stale.status_code, stale.headers["location"].partition("?")[0]) == (303, "/console/prove")
