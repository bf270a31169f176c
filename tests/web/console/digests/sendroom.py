"""A served newsroom that sends: its digests are composed and sent by the test, its pages are looked at."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syndicate.delivery.send import Sent
from syndicate.model import Digest, Equation
from syndicate.store import audit, digests, standing
from tests.feeds.newsroom import NOON
from tests.newsroom import Clock
from tests.relay import Relay
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom, serve

HOME = "/console/digests"


@dataclass(slots=True)
class Sendroom:
    """The newsroom, its clock, and an operator who is signed in."""

    room: Pressroom
    clock: Clock
    console: Console

    def readers(self, count: int, cadence: str = "daily", *topics: str, prefix: str = "r") -> None:
        """So many of them, ``r0@example.org`` and so on."""
        for number in range(count):
            self.room.subscribe(f"{prefix}{number}@example.org", cadence=cadence, topics=topics)

    def composed(self, newsletter: str = "daily") -> Digest:
        """The digest of the slot that comes next."""
        self.pass_by(days=1)
        return next(one for one in self.room.app.digests.compose_due(self.clock(), newsletter) if one.subject)

    def pass_by(self, **duration: float) -> None:
        """Time passes, and the operator signs in again."""
        self.clock.pass_by(**duration)
        self.console = Console(self.room)

    def send(self, during: Callable[[], object] | None = None) -> Sent:
        """Sends what is due; ``during`` is done once, when the first mail went out."""
        waiting = [during] if during else []

        def on_progress(_: Sent) -> None:
            if waiting:
                waiting.pop()()

        return asyncio.run(self.room.app.jobs.send_due(stop=asyncio.Event(), progress=on_progress))

    def act(self, digest_id: int, act: str, **fields: str) -> str:
        """Presses a button; returns what the next page tells."""
        response = self.console.post(f"{HOME}/{digest_id}/{act}", dict(fields))
        assert response.status_code == 303, response.text
        page = self.console.get(response.headers["location"]).text
        return str(re.findall(r'<p class="said" role="status">(.*?)</p>', page, re.DOTALL)[0])

    def get(self, path: str = "") -> str:
        """A page of the digests."""
        response = self.console.get(f"{HOME}{path}")
        assert response.status_code == 200, response.text
        return response.text

    def state(self, digest_id: int) -> str:
        with self.room.app.store.read() as connection:
            return digests.get(connection, digest_id).state

    def equation(self, digest_id: int) -> Equation:
        with self.room.app.store.read() as connection:
            found = standing.equation(connection, digest_id)
            assert standing.by_digest(connection, [digest_id]) == {digest_id: found}
        assert found.balances
        return found

    def acts(self, digest_id: int) -> list[tuple[str, str, str]]:
        """Who did what with it, newest first."""
        with self.room.app.store.read() as connection:
            return [
                (one.who, one.act, one.detail)
                for one in audit.newest(connection, about=f"digest {digest_id}", limit=50)
            ]


@contextmanager
def send_room(directory: Path, relay: Relay, **sections: Any) -> Iterator[Sendroom]:
    """Opens and serves it, on a clock that stands still."""
    clock = Clock(NOON)
    with serve(directory, clock, smtp={"url": relay.url, "connections": 2}, **sections) as room:
        yield Sendroom(room, clock, Console(room))
