"""Runs pick-up in order: read the source, decide, keep. Called by the jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from syndicate import metrics
from syndicate.errors import NotFoundError, PickupError, StoreError
from syndicate.model import ArticleState, SourceState, SourceStatus
from syndicate.pickup import follow
from syndicate.pickup.bounded.children import parse
from syndicate.pickup.bounded.wire import Task
from syndicate.pickup.fetch import Fetcher, Hop
from syndicate.pickup.fulltext import fill
from syndicate.pickup.keep import Rules, keep
from syndicate.pickup.look import Shown, look
from syndicate.pickup.outcome import after
from syndicate.settings import FeedSource, PolledSource, Settings
from syndicate.store import Connection, Store, articles, browse, follows, pages, sources
from syndicate.store.pages import PageText

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """What one pick-up of one source brought. ``error`` is empty when it could be read.

    ``hops`` are the requests that were made, ``next_at`` and ``why`` tell of the next look.
    """

    source: str
    new: int = 0
    remembered: int = 0
    changed: int = 0
    withdrawn: int = 0
    duplicates: int = 0
    held: int = 0
    unchanged: int = 0
    error: str = ""
    problems: tuple[PickupError, ...] = ()
    skipped: bool = False
    hops: tuple[Hop, ...] = ()
    next_at: datetime | None = None
    why: str = ""

    @property
    def touched(self) -> bool:
        """Whether anything that is published may have changed."""
        return bool(self.new or self.remembered or self.changed or self.withdrawn)


async def pick_up(
    settings: Settings, store: Store, fetcher: Fetcher, name: str, *, now: datetime, even_if_not_due: bool = False
) -> Pickup:
    """Looks at one source once, if it is due.

    A source's own failure is in the result.

    :raises NotFoundError: when the settings have no source of that name that is looked at.
    """
    source = next((one for one in settings.polled if one.name == name), None)
    if source is None:
        raise NotFoundError("source", name, [one.name for one in settings.polled])
    before, texts = await asyncio.to_thread(_before, store, source)
    if not even_if_not_due and not is_due(source, before, now):
        return Pickup(source=name, error=before.error, skipped=True, next_at=before.next_at, why=before.why)
    began = time.perf_counter()
    found = await _look_and_keep(settings, store, fetcher, source, before, texts, now)
    metrics.PICKUP_SECONDS.labels(source.kind).observe(time.perf_counter() - began)
    _count(found)
    return found


async def _look_and_keep(
    settings: Settings,
    store: Store,
    fetcher: Fetcher,
    source: PolledSource,
    before: SourceStatus,
    texts: Mapping[str, PageText],
    now: datetime,
) -> Pickup:
    name = source.name
    try:
        shown = await look(source, before, fetcher, now)
        if isinstance(source, FeedSource) and source.full_text and shown.contents is not None:
            shown = await _with_full_texts(shown, texts, fetcher)
        async with fetcher.keeping:
            return await asyncio.to_thread(_keep, settings, store, source, shown, now)
    except StoreError as error:
        log.warning("a source could not be kept, it is tried again", source=name, reason=str(error))
        return Pickup(source=name, error=str(error))
    except Exception as error:
        # Whatever one source brings that nobody thought of: the others go on, and it waits as any that fails.
        log.exception("a source broke its pick-up", source=name)
        broken = Shown(error=PickupError(name, f"can't be picked up ({type(error).__name__}); the log has the rest"))
        async with fetcher.keeping:
            return await asyncio.to_thread(_keep, settings, store, source, broken, now)


async def take_pushed(
    settings: Settings, store: Store, name: str, topic: str, body: bytes, content_type: str | None, *, now: datetime
) -> Pickup:
    """Keeps what a hub brings of a source, as if it had been fetched; when to look next stays. Raises ParseError."""
    source = next(one for one in settings.polled if one.name == name)
    read = await parse(Task("feed", body, topic, content_type))

    def kept() -> Pickup:
        with store.write() as connection:
            found = _keep_articles(connection, source, Shown(contents=read.contents), now)
            if found.held:
                status = replace(sources.status(connection, name), state=SourceState.HELD)
                sources.save(connection, status)
            return found

    found = await asyncio.to_thread(kept)
    _count(found)
    return found


def _count(found: Pickup) -> None:
    outcome = "failed" if found.error else "held" if found.held else "ok"
    metrics.PICKUPS.labels(found.source, outcome).inc()
    for change, number in (("new", found.new), ("changed", found.changed), ("withdrawn", found.withdrawn)):
        metrics.ARTICLES.labels(found.source, change).inc(number)


def is_due(source: PolledSource, status: SourceStatus, now: datetime) -> bool:
    """Whether it is time to look. What was learned of another address, or by a clock that was ahead, does not count."""
    if source.kind != "folder" and status.url != source.url:
        return True
    if status.state is SourceState.RETIRED:
        return False
    return status.next_at is None or status.next_at <= now or (status.checked_at or now) > now


def _before(store: Store, source: PolledSource) -> tuple[SourceStatus, dict[str, PageText]]:
    wants_texts = isinstance(source, FeedSource) and source.full_text
    with store.read() as connection:
        texts = pages.of_source(connection, source.name) if wants_texts else {}
        return sources.status(connection, source.name), texts


async def _with_full_texts(shown: Shown, texts: Mapping[str, PageText], fetcher: Fetcher) -> Shown:
    """What is left for the next look makes that one read the feed again."""
    filled = await fill(shown.contents or (), texts, fetcher)
    found = replace(shown, contents=filled.contents, texts=filled.texts, problems=(*shown.problems, *filled.problems))
    if filled.left and shown.answer:
        return replace(found, body_hash="", answer=replace(shown.answer, etag="", last_modified=""))
    return found


def _keep(settings: Settings, store: Store, source: PolledSource, shown: Shown, now: datetime) -> Pickup:
    with store.write() as connection:
        found = _keep_articles(connection, source, shown, now)
        before = sources.status(connection, source.name)
        if shown.contents is not None and source.kind == "feed":
            if source.full_text:
                pages.keep(connection, source.name, shown.texts, {one.guid for one in shown.contents})
            follow.notice(connection, settings, source.name, shown.hub, now=now)
        known = follows.of_source(connection, source.name)
        is_told = bool(known and known.until and known.until > now)
        status = after(
            before, source, shown, settings.fetch.at_least_every, now=now, held=bool(found.held), is_told=is_told
        )
        sources.save(connection, status)
    if shown.error:
        log.warning("source failed", source=source.name, reason=str(shown.error), failures=status.failures)
    if status.state is SourceState.RETIRED and before.state is not SourceState.RETIRED:
        log.error("source is gone for good, it is asked no more", source=source.name)
    if status.location and status.location != before.location:
        log.warning("source has moved for good, set its new address", source=source.name, url=status.location)
    if found.held:
        log.warning("source brought too much at once, held", source=source.name, articles=found.held)
    return replace(
        found,
        error=str(shown.error or ""),
        problems=shown.problems,
        hops=shown.answer.hops if shown.answer else (),
        next_at=status.next_at,
        why=status.why,
    )


def _keep_articles(connection: Connection, source: PolledSource, shown: Shown, now: datetime) -> Pickup:
    if shown.contents is None:
        unchanged = 0 if shown.error else browse.states(connection, source.name).get(ArticleState.CURRENT, 0)
        return Pickup(source=source.name, unchanged=unchanged)
    rules = Rules(
        first=sources.status(connection, source.name).first_picked_up_at is None,
        first_pickup=source.first_pickup,
        hold_over=source.hold_over,
        complete=shown.complete,
        present=shown.present,
    )
    rows = articles.known(connection, source.name)
    decision = keep(connection, source.name, shown.contents, rows, rules, now=now)
    return Pickup(
        source=source.name,
        new=len(decision.new),
        remembered=len(decision.remembered),
        changed=len(decision.changed) + len(decision.moved) + len(decision.returned),
        withdrawn=len(decision.withdrawn),
        duplicates=len(decision.duplicates),
        held=len(decision.held),
        unchanged=decision.unchanged,
    )
