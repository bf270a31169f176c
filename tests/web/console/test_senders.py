"""What the DNS says of senders' domains: on Health, and on Today when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndicate.model import Role
from syndicate.reach.names import Kind, Names
from tests.feeds.newsroom import NOON
from tests.web.console.deskroom import Console
from tests.web.pressroom import serve


def test_a_missing_record_is_told_when_somebody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"slug": "daily", "title": "D", "sender": "d@lake.org", "cadences": {"daily": "0 7 * * *"}}
    with serve(tmp_path, lambda: NOON, newsletters=[one]) as room:

        async def look(name: str, kind: Kind) -> tuple[str, ...] | None:
            return {("lake.org", "TXT"): ("v=spf1 mx -all",), ("lake.org", "MX"): ("5 mx.lake.org",)}.get(
                (name, kind), ()
            )

        monkeypatch.setattr(Names, "look", staticmethod(look))
        console = Console(room)
        assert "Not looked at yet." in console.get("/console/health").text
        assert Console(room, Role.EDITOR).post("/console/health/senders").status_code == 403
        assert console.post("/console/health/senders").headers["location"] == "/console/health#senders"
        page = console.get("/console/health").text
        assert "v=spf1 mx -all" in page
        assert "Looked at now." in page
        assert "mail is not signed here" in page
        today = console.get("/console").text
        assert '<a href="/console/health#senders">DMARC of lake.org</a>' in today
        assert "SPF of" not in today
