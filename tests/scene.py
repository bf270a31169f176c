"""A newsroom after five weeks: articles, readers who come and go, digests sent, refused and returned.

Lived through by the program's own ways, on a clock that is moved. For pictures of the console.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from syndicate.app import App, open_app
from syndicate.audience.returns import take_back
from syndicate.audience.subscribe import remove, subscribe
from syndicate.model import Return, ReturnKind
from syndicate.settings import load
from syndicate.settings.file import SettingsFile
from syndicate.store import returns
from tests.newsroom import Clock
from tests.relay import Relay
from tests.settings.writing import write_settings
from tests.tables import ready

LAST = date(2026, 11, 27)
"""The day on which it is looked at."""

DAYS = 35

_SUBJECTS = (
    "the ferry",
    "the market hall",
    "the eels above the weir",
    "the bakery that opens at four",
    "the night bus to the upper villages",
    "the library's binoculars",
    "the green water of November",
    "the school orchestra",
    "the mill of the two brothers",
    "the last telephone box",
    "the bridge that is closed for eleven nights",
    "the rowing club and those who lost",
    "the weather station on the school's roof",
    "the waste fees of a household of three",
    "the tram in the harbour",
)
_HEADLINES = (
    "What becomes of {}",
    "Council on Thursday: {}",
    "Five questions about {}, answered",
    "How we came by {}",
    "A morning with {}",
)
_TAGS = ("transport", "politics", "nature", "culture", "sport", "food")
_FIRST = ("Ana", "Bojan", "Clara", "Dragan", "Elira", "Faris", "Goran", "Hana", "Ivo", "Jana", "Kenan", "Lena", "Milan")
_LAST = ("Aras", "Begić", "Conti", "Dedić", "Ema", "Ferri", "Gashi", "Horvat", "Ilić", "Jurić", "Krasniqi", "Lukić")
_DOMAINS = ("post.example", "mailbox.example", "lake.example", "school.example", "quick.example", "old-host.example")

_TEXT = """\
{title}. It was a grey morning when we went to see for ourselves, and it did not stay grey for long.

> "Nobody asked us," says somebody who has lived here for sixty years. "And then they did, and we had a lot to say."

The matter has been on the table since **spring**. What happens next:

- a meeting, which is open to all, on *Thursday* at seven;
- a vote, before the end of the month;
- and work that would begin after the winter.

[More about it](https://news.lakeside.example/more) on our pages.
"""


@dataclass(slots=True)
class Scene:
    """The service as it stands then."""

    app: App
    clock: Clock
    relay: Relay
    chance: random.Random

    def day(self, day: date) -> None:
        """What happens on one."""
        self._at(day, time(5))
        self._write(day)
        self._come_and_go(day)
        self._at(day, time(6, 0))
        asyncio.run(self.app.jobs.run(stop=asyncio.Event(), progress=lambda _: None))
        self._at(day, time(9, 30))
        self._give_back()

    def evening(self, day: date) -> None:
        """What is written for the next morning is there."""
        self._at(day, time(16))
        self._write(day + timedelta(days=1))
        self._at(day, time(17, 40))
        asyncio.run(self.app.jobs.run(stop=asyncio.Event(), progress=lambda _: None))

    def _at(self, day: date, hour: time) -> None:
        self.clock.now = datetime.combine(day, hour, UTC)

    def _write(self, day: date) -> None:
        folder = self.app.settings.directory / "articles"
        for number in range(self.chance.choice((1, 1, 2, 2, 3))):
            place = day.toordinal() * 3 + number
            title = _HEADLINES[place % 7 % 5].format(_SUBJECTS[place % len(_SUBJECTS)])
            tags = ", ".join(self.chance.sample(_TAGS, 2))
            head = f'title: "{title}"\ndate: {self.clock.now.isoformat()}\ntags: [{tags}]'
            text = f"---\n{head}\n---\n\n{_TEXT.format(title=title)}"
            file = folder / f"{day}-{number}.md"
            file.write_text(text, "utf-8")
            os.utime(file, (self.clock.now.timestamp(),) * 2)

    def _come_and_go(self, day: date) -> None:
        self._at(day, time(4, 30))
        newsletters = self.app.settings.newsletters
        for number in range(self.chance.randint(4, 16)):
            first, last = self.chance.choice(_FIRST), self.chance.choice(_LAST)
            ascii_name = f"{first}.{last}".lower().encode("ascii", "ignore").decode()
            email = f"{ascii_name}{day.toordinal() % 97}{number}@{self.chance.choice(_DOMAINS)}"
            slugs = ["daily", "weekend"] if self.chance.random() < 0.3 else ["daily"]
            subscribe(
                self.app.store,
                newsletters,
                email=email,
                name=f"{first} {last}",
                slugs=slugs,
                cadence="weekly" if slugs == ["daily"] and self.chance.random() < 0.2 else None,
                consent="form on the front page",
                now=self.clock(),
            )
            if self.chance.random() < 0.12:
                remove(self.app.store, email, now=self.clock())

    def _give_back(self) -> None:
        with self.app.store.write() as connection:
            newest = connection.exec_driver_sql(
                "SELECT id FROM deliveries WHERE state = 'accepted' ORDER BY id DESC LIMIT 40"
            ).scalars()
            for delivery in self.chance.sample(list(newest), 3) if self.chance.random() < 0.6 else ():
                mailed = returns.mailed(connection, delivery)
                if mailed is None:
                    continue
                kind, status, reason = self.chance.choice(_RETURNS)
                came = Return(
                    kind=kind,
                    subscriber_id=mailed.subscriber_id,
                    delivery_id=delivery,
                    reason=reason,
                    status=status,
                    said=reason,
                    source="mail",
                    came_at=self.clock(),
                )
                take_back(connection, self.app.settings.bounces, mailed, came)


_RETURNS = (
    (ReturnKind.HARD, "5.1.1", "no such mailbox"),
    (ReturnKind.SOFT, "4.2.2", "mailbox full"),
    (ReturnKind.SOFT, "4.2.2", "mailbox full"),
    (ReturnKind.COMPLAINT, "", "marked as spam"),
)


@contextmanager
def scene(directory: Path, days: int = DAYS) -> Iterator[Scene]:
    """Lives through these days, then yields; a source that fails and a digest that waits for approval are there too."""
    (directory / "articles").mkdir()
    with Relay() as relay:
        relay.refuse("rcpt", "550 5.1.1 No such mailbox here", r"\b(goran|hana)\.\w+\d@old-host")
        relay.refuse("rcpt", "452 4.2.2 Mailbox full", r"clara\.\w+@school")
        write_settings(
            directory,
            smtp={"url": relay.url, "connections": 4},
            fetch={"allow_private": True, "timeout": "1s"},
            sources=[
                {"name": "newsroom", "kind": "folder", "path": "articles"},
                {"name": "wire", "kind": "feed", "url": "http://127.0.0.1:9/wire.xml"},
            ],
            newsletters=[
                {
                    "slug": "daily",
                    "title": "The Daily Brief",
                    "description": "What happened by the lake, every morning.",
                    "sender": "Lakeside Courier <news@lakeside.example>",
                    "timezone": "Europe/Belgrade",
                    "cadences": {"daily": "0 7 * * *", "weekly": "0 7 * * mon"},
                },
                {
                    "slug": "weekend",
                    "title": "Weekend by the Lake",
                    "sender": "Lakeside Courier <weekend@lakeside.example>",
                    "timezone": "Europe/Belgrade",
                    "tags": ["culture", "sport", "food"],
                    "cadences": {"fridays": "0 7 * * fri"},
                    "review": True,
                },
            ],
        )
        ready(directory)
        clock = Clock()
        file = directory / "syndicate.toml"
        app = open_app(load(file, {}), clock, SettingsFile(file, {}))
        try:
            made = Scene(app, clock, relay, random.Random(7))
            for number in range(days):
                made.day(LAST - timedelta(days=days - 1 - number))
            made.evening(LAST)
            yield made
        finally:
            app.close()
