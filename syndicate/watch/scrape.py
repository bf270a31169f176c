"""What Prometheus is told: what this process counted, and how the database stands at that moment.

Called by the pages for ``/metrics``, in a thread. What is asked of the database costs what is unfinished in it, and is
asked at most every few seconds, however many ask.
"""

from __future__ import annotations

import platform
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from syndicate import metrics
from syndicate.delivery.paced import all_paced
from syndicate.errors import StoreError
from syndicate.model import DeliveryState, DigestState, SourceState
from syndicate.settings import Settings
from syndicate.store import Connection, Store, alerts, digests, notices, sources, standing
from syndicate.watch.alarms import Kind
from syndicate.watch.pulse import Pulse

FRESH = timedelta(seconds=5)
_UNFINISHED = (DigestState.SENDING, DigestState.PAUSED, DigestState.HELD, DigestState.REVIEW)
_MOST = 1000


class Page(NamedTuple):
    """An answer to a scrape."""

    content: bytes
    media_type: str


class Scrape:
    """Answers scrapes of one process. One without a clock, a worker, has no ``pulse``, and leaves the database out."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], datetime], pulse: Pulse | None) -> None:
        self._settings, self._store, self._clock, self._pulse = settings, store, clock, pulse
        self._asking = threading.Lock()
        self._known: tuple[Metric, ...] = ()
        self._asked_at: datetime | None = None

    def page(self, accept: str) -> Page:
        """All of it, in the format that an Accept header likes best. Never raises for the database's sake."""
        encode, media_type = choose_encoder(accept)
        return Page(encode(self), media_type)

    def collect(self) -> Iterator[Metric]:
        """What there is to tell, one family after the other; prometheus-client calls it."""
        yield from metrics.REGISTRY.collect()
        built = GaugeMetricFamily("syndicate_build_info", "What runs.", labels=("version", "python"))
        built.add_metric((version("syndicate"), platform.python_version()), 1)
        yield built
        if self._pulse:
            yield _one(
                "syndicate_clock_ticked_timestamp_seconds", "When the clock ticked.", self._pulse.beaten_at.timestamp()
            )
            yield from self._of_database()

    def _of_database(self) -> tuple[Metric, ...]:
        with self._asking:
            now = self._clock()
            if self._asked_at is None or not timedelta(0) <= now - self._asked_at < FRESH:
                self._known, self._asked_at = self._ask(now), now
            return self._known

    def _ask(self, now: datetime) -> tuple[Metric, ...]:
        name, about = "syndicate_database_up", "Whether the database could be used."
        try:
            with self._store.read() as connection:
                found = tuple(_standing(connection, self._settings, now))
            facts = self._store.facts()
        except StoreError:
            return (_one(name, about, 0),)
        sizes = {"used": facts.bytes} | ({} if facts.free is None else {"free": facts.free})
        return (
            _one(name, about, 1),
            _each("syndicate_database_bytes", "Its size, and what is left where it lies.", "which", sizes),
            *found,
        )


def _standing(connection: Connection, settings: Settings, now: datetime) -> Iterator[Metric]:
    open_ = digests.latest(connection, states=_UNFINISHED, limit=_MOST)
    counted = standing.by_digest(connection, [one.id for one in open_]) if open_ else {}
    numbers = Counter(one.state for one in open_)
    outstanding: Counter[DigestState] = Counter()
    for one in open_:
        outstanding[one.state] += counted[one.id].outstanding
    for name, about, values in (
        ("syndicate_open_digests", "Digests that are not finished.", numbers),
        ("syndicate_outstanding_deliveries", "Mails that are still to go, by their digest's state.", outstanding),
    ):
        yield _each(name, about, "state", {state.value: values[state] for state in _UNFINISHED})
    undecided = sum(standing.undecided_by_digest(connection).values())
    yield _one("syndicate_undecided_deliveries", "Uncertain ones that wait for a person.", undecided)
    due = {"deliveries": standing.next_due(connection), "notices": notices.next_due(connection)}
    late = {name: max(0.0, (now - at).total_seconds()) if at else 0.0 for name, at in due.items()}
    yield _each("syndicate_overdue_seconds", "For how long the oldest mail that is due has waited.", "kind", late)
    waiting = notices.counts(connection).get(DeliveryState.QUEUED, 0)
    yield _one("syndicate_waiting_notices", "Single mails that are still to go.", waiting)
    told = Counter(one.kind for one in alerts.open_(connection) if one.told_at)
    kinds = {kind.value: told[kind.value] for kind in Kind}
    yield _each("syndicate_open_alerts", "What operators were told is wrong, and still is.", "kind", kinds)
    yield from _of_sources(connection, settings)
    paced = all_paced(connection, now)
    down = {one.name for one in paced if one.is_down}
    up = {one.label: float(one.label not in down) for one in settings.every_relay}
    yield _each("syndicate_relay_up", "0 when a relay failed lately, and has carried nothing since.", "relay", up)
    domains = [one for one in paced if one.kind == "domain" and one.is_remarkable]
    blocked = sum(one.blocked_until is not None for one in domains)
    how = {"blocked": blocked, "slowed": len(domains) - blocked}
    yield _each("syndicate_paced_domains", "Recipient domains that are not served as usual.", "how", how)


def _of_sources(connection: Connection, settings: Settings) -> Iterator[Metric]:
    known = sources.every(connection)
    mine = [known[one.name] for one in settings.sources if one.name in known]
    failures = {one.name: one.failures for one in mine}
    yield _each("syndicate_source_failures", "Looks in a row that failed.", "source", failures)
    read = {one.name: one.succeeded_at.timestamp() for one in mine if one.succeeded_at}
    yield _each("syndicate_source_read_timestamp_seconds", "When a source could last be read.", "source", read)
    held = {one.name: float(one.state is SourceState.HELD) for one in mine}
    yield _each("syndicate_source_held", "1 while what a source brought waits for a person.", "source", held)


def _one(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _each(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for label_value, value in values.items():
        family.add_metric((label_value,), value)
    return family
