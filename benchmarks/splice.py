"""Building one reader's message: filling what was encoded once, beside `email.message` from scratch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path

from benchmarks.children import Meter, Run, measured
from benchmarks.engine import NAMES, opened, prepare
from benchmarks.figures import OURS, Outcome, Plan, Target, alternating, row
from syndicate.delivery.letter import Letter
from syndicate.model import Parts, Subscriber
from syndicate.render.holes import fill, reader_values
from syndicate.render.links import Links
from syndicate.settings import Newsletter
from syndicate.store import digests

_SCRATCH = "email.message"
_MICROSECONDS = 10.0
_SLOWER = 100
"""From scratch so many times fewer messages are built."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a message is made of."""

    newsletter: Newsletter
    links: Links
    parts: Parts
    readers: list[Subscriber]


def splice(folder: Path, plan: Plan) -> list[Outcome]:
    """Microseconds of one thread for each reader's message, links signed."""
    message = prepare(folder, 1, is_queued=False)
    sides = {
        OURS: partial(measured, _fill, folder, plan.count),
        _SCRATCH: partial(measured, _build, folder, max(1, plan.count // _SLOWER)),
    }
    runs = alternating(sides, plan, "splice")
    figures = {name: [1e6 * run.seconds / run.count for run in found] for name, found in runs.items()}
    mine = row(OURS, figures[OURS], runs[OURS])
    target = Target("a message", mine.figure, _MICROSECONDS, is_most=True, unit="µs")
    rows = (row(OURS, mine.figures, runs[OURS], target), row(_SCRATCH, figures[_SCRATCH], runs[_SCRATCH]))
    return [Outcome("splice", f"one thread, {len(message) / 1000:.1f} kB a message", "µs", rows)]


def _fill(folder: Path, count: int) -> Run:
    with _desk(folder, count) as desk:
        letter = Letter(desk.newsletter, desk.links, desk.parts, sending="1", date=datetime.now(UTC))
        meter = Meter()
        for reader in desk.readers:
            letter.write(reader, subscription_id=reader.id, message_id=f"<1.{reader.id}@bench.example>")
        return meter.read(count)


def _build(folder: Path, count: int) -> Run:
    with _desk(folder, count) as desk:
        meter = Meter()
        for reader in desk.readers:
            _from_scratch(desk, reader)
        return meter.read(count)


def _from_scratch(desk: _Desk, reader: Subscriber) -> bytes:
    unsubscribe_url = desk.links.unsubscribe(reader.id)
    preferences_url = desk.links.preferences(reader.id, datetime.now(UTC))
    values: Mapping[str, str] = reader_values(reader, unsubscribe_url=unsubscribe_url, preferences_url=preferences_url)
    parts = desk.parts.for_name(reader.name)
    message = EmailMessage(policy=SMTP)
    message["From"] = desk.newsletter.sender
    message["To"] = reader.email
    message["Subject"] = fill(parts.subject, parts.nonce, values, escape=False)
    message["Message-ID"] = f"<1.{reader.id}@bench.example>"
    message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(fill(parts.text, parts.nonce, values, escape=False))
    message.add_alternative(fill(parts.html, parts.nonce, values, escape=True), subtype="html")
    return message.as_bytes()


@contextmanager
def _desk(folder: Path, count: int) -> Iterator[_Desk]:
    with closing(opened(folder)) as app:
        with app.store.read() as connection:
            [digest] = digests.latest(connection)
            [variant] = digests.variants_of(connection, digest.id)
        readers = [Subscriber(id=n, email=f"r{n}@d1.example", name=NAMES[n % len(NAMES)]) for n in range(1, count + 1)]
        yield _Desk(app.settings.newsletters[0], app.links, variant.parts, readers)
