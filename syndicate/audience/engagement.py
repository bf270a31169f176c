"""Counts of opens and clicks, where a newsletter has them switched on: who is a machine, and what waits to be written.

Of where a request comes from, nothing is kept but for the seconds in which many links by one machine can be told from
one by a person; and that is in memory only. Who it is, is known only where the newsletter counts by reader.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from syndicate.render.tracked import links_in
from syndicate.store import Connection, Store, digests, engaged, engagement
from syndicate.store.engaged import Did, Times
from syndicate.store.engagement import OPENED, Counted

WAIT = timedelta(seconds=2)
"""Clicks wait for so long, for others of the same client."""

KEPT_BY_READER = timedelta(days=90)
"""How long it is known who opened a digest and followed its links, from the first time on. The pages say it, too."""

_MANY = 3
"""So many links of one mail within that time are followed by no person."""

_MOST = 10_000
"""Of what waits; what comes beyond is not counted."""

_PREFETCHING = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_MACHINES = re.compile(
    r"bot\b|crawl|spider|scan|preview|proxy|monitor|headless|phantom|curl|wget|python|java/|go-http|okhttp|libwww|axios"
    r"|node|ruby|perl|facebookexternalhit|whatsapp|slack|telegram|discord|skype|teams|barracuda|proofpoint|mimecast"
    r"|safelinks|symantec|sophos|trend ?micro|fireeye|cisco|forcepoint|zscaler|virustotal",
    re.IGNORECASE,
)
_MAIL_PRIVACY = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself when it loads the pictures of every mail ahead."""


def objects(headers: Mapping[str, str]) -> bool:
    """Whether who asks does not want to be counted (DNT, and GPC §3.2)."""
    return headers.get("dnt") == "1" or headers.get("sec-gpc") == "1"


def is_machine(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a request was made by no person: a proxy that loads pictures ahead, a scanner, a preview."""
    agent = headers.get("user-agent", "").strip()
    ahead = any(re.search("prefetch|preview", headers.get(one, ""), re.IGNORECASE) for one in _PREFETCHING)
    return method == "HEAD" or ahead or agent in ("", _MAIL_PRIVACY) or bool(_MACHINES.search(agent))


@dataclass(frozen=True, slots=True)
class _Click:
    counted: Counted
    client: str
    at: datetime
    reader: int | None


@dataclass(slots=True)
class Settled:
    """What is sure: numbers, and of some of them by which readers."""

    counts: Counter[Counted] = field(default_factory=Counter)
    readers: dict[Did, Times] = field(default_factory=dict)

    def count(self, counted: Counted, number: int = 1) -> None:
        """Adds to a number, or to none when there are too many."""
        if counted in self.counts or len(self.counts) < _MOST:
            self.counts[counted] += number

    def read(self, did: Did, times: Times) -> None:
        """Adds to what a reader did, or not when there are too many."""
        if did in self.readers:
            self.readers[did] += times
        elif len(self.readers) < _MOST:
            self.readers[did] = times


class Tally:
    """What was counted and is not written yet. Used by the threads that answer requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clicks: list[_Click] = []
        self._sure = Settled()

    def click(
        self, digest_id: int, link: int, *, client: str, by_machine: bool, now: datetime, reader: int | None = None
    ) -> None:
        """A link was followed. ``client`` is where from, and forgotten in a moment; ``reader`` a subscription."""
        with self._lock:
            if by_machine:
                self._sure.count(Counted(digest_id, link, True))
            elif len(self._clicks) < _MOST:
                self._clicks.append(_Click(Counted(digest_id, link, False), client, now, reader))

    def open(self, digest_id: int, *, by_machine: bool, now: datetime, reader: int | None = None) -> None:
        """A mail was shown."""
        with self._lock:
            self._sure.count(Counted(digest_id, OPENED, by_machine))
            if reader is not None and not by_machine:
                self._sure.read(Did(digest_id, reader, False), Times(1, now, now))

    def settle(self, now: datetime | None) -> Settled:
        """Takes out what is sure by now: all of it, when ``now`` is None."""
        with self._lock:
            waiting: list[_Click] = []
            ended: list[_Click] = []
            links: dict[tuple[str, int], set[int]] = defaultdict(set)
            for one in self._clicks:
                waits = now is not None and timedelta(0) <= now - one.at < WAIT
                (waiting if waits else ended).append(one)
                links[one.client, one.counted.digest_id].add(one.counted.link)
            found, self._sure, self._clicks = self._sure, Settled(), waiting
        for one in ended:
            by_machine = len(links[one.client, one.counted.digest_id]) >= _MANY
            found.counts[one.counted._replace(by_machine=by_machine)] += 1
            if one.reader is not None and not by_machine:
                found.read(Did(one.counted.digest_id, one.reader, True), Times(1, one.at, one.at))
        return found

    def flush(self, store: Store, now: datetime | None) -> None:
        """Writes what is sure. :raises StoreError: when that can't be; it is kept for the next time."""
        found = self.settle(now)
        if not found.counts:
            return
        try:
            with store.write() as connection:
                engagement.add(connection, found.counts)
                engaged.add(connection, found.readers)
        except BaseException:
            with self._lock:
                for counted, number in found.counts.items():
                    self._sure.count(counted, number)
                for did, times in found.readers.items():
                    self._sure.read(did, times)
            raise


class Targets:
    """Where the links of digests lead, read from what was sent, and kept for the last that were asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._links_of = lru_cache(maxsize=64)(self._read)

    def find(self, digest_id: int, link: int) -> tuple[str, str] | None:
        """The newsletter and the address; None where there is no such link in that digest."""
        newsletter, links = self._links_of(digest_id)
        return (newsletter, links[link]) if link in links else None

    def newsletter(self, digest_id: int) -> str:
        """Whose digest it is."""
        return self._links_of(digest_id)[0]

    def _read(self, digest_id: int) -> tuple[str, dict[int, str]]:
        with self._store.read() as connection:
            return digests.get(connection, digest_id).newsletter, links_of(connection, digest_id)


def links_of(connection: Connection, digest_id: int) -> dict[int, str]:
    """Print → address of every link of a digest."""
    found: dict[int, str] = {}
    for variant in digests.variants_of(connection, digest_id):
        found.update(links_in(variant.parts))
    return found
