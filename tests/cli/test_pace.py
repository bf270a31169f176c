"""What an operator sees of relays and domains that are not served as usual, and how it is lifted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from syndicate.delivery.pace import Pace
from syndicate.store import Store, paces
from tests.cli.command import make_folder


def test_a_stopped_domain_is_shown_and_can_be_served_again(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.run("migrate")
    now = datetime.now(UTC)
    blocked = Pace((), None, now)
    blocked.block(now, "550 5.7.26 unauthenticated mail")
    store = Store(f"sqlite:///{folder.path / 'syndicate.db'}")
    with store.write() as connection:
        paces.save(connection, [paces.PaceRow("domain", "mail.example", blocked.facts())], now=now)
    store.close()
    [shown] = folder.run("pace", "--json").json()
    assert (shown["name"], shown["words"]) == ("mail.example", "550 5.7.26 unauthenticated mail")
    assert shown["blocked_until"]
    [told] = folder.run("status", "--json").json()["pace"]
    assert told == shown
    assert "domain mail.example: stopped until" in " ".join(folder.run("status").out.split())
    folder.run("pace", "--forget", "other.example", code=1)
    folder.run("pace", "--forget", "mail.example")
    assert folder.run("pace", "--json").json() == []
