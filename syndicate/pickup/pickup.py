"""Runs pick-up in order: read the source, decide, keep. Called by the jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from syndicate.errors import NotFoundError, PickupError
from syndicate.model import ArticleState, Content, SourceState, SourceStatus
from syndicate.pickup.bounded.children import parse_now
from syndicate.pickup.bounded.wire import Task
from syndicate.pickup.decide import Decision, Known, decide, fingerprints
from syndicate.pickup.fetch import fetch
from syndicate.pickup.folder import read_folder
from syndicate.settings import FeedSource, Fetch, FolderSource, Settings, SourceSettings
from syndicate.store import Connection, Store, articles, sources

LONGEST_WAIT = timedelta(hours=12)
"""However often a source has failed, it is tried again after this."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """What one pick-up of one source brought. ``error`` is empty when it could be read."""

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

    @property
    def touched(self) -> bool:
        """Whether anything that is published may have changed."""
        return bool(self.new or self.remembered or self.changed or self.withdrawn)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a source shows now; None as contents: the same as last time, says its server."""

    contents: tuple[Content, ...] | None
    complete: bool
    present: Collection[str] = ()
    problems: tuple[PickupError, ...] = ()
    etag: str = ""
    last_modified: str = ""


def pick_up(settings: Settings, store: Store, name: str, *, now: datetime, even_if_failing: bool = False) -> Pickup:
    """Looks at one source once. A source that failed lately is skipped until its wait is over.

    :raises NotFoundError: when the settings have no source of that name. A source's own failure is in the result.
    """
    source = next((one for one in settings.sources if one.name == name), None)
    if source is None:
        raise NotFoundError("source", name, [one.name for one in settings.sources])
    with store.read() as connection:
        status = sources.status(connection, name)
    if status.retry_at and status.retry_at > now and not even_if_failing:
        return Pickup(source=name, error=status.error, skipped=True)
    try:
        shown = look(source, status, settings.fetch)
    except PickupError as error:
        with store.write() as connection:
            sources.save(connection, _failed(status, source, error, now))
        log.warning("source failed", source=name, reason=str(error), failures=status.failures + 1)
        return Pickup(source=name, error=str(error))
    with store.write() as connection:
        found = _keep(connection, source, shown, now)
        sources.save(connection, _succeeded(connection, name, shown, now, held=bool(found.held)))
    if found.held:
        log.warning("source brought too much at once, held", source=name, articles=found.held)
    return replace(found, problems=shown.problems)


def look(source: SourceSettings, status: SourceStatus, limits: Fetch) -> Shown:
    """What it shows now. :raises PickupError: when it can't be read."""
    match source:
        case FolderSource():
            scan = read_folder(source.path)
            return Shown(scan.contents, complete=True, present=scan.present, problems=scan.problems)
        case FeedSource():
            got = fetch(source.url, etag=status.etag, last_modified=status.last_modified, settings=limits)
            if got is None:
                return Shown(None, complete=False, etag=status.etag, last_modified=status.last_modified)
            read = parse_now(Task("feed", got.body, got.url, got.content_type))
            return Shown(read.contents, complete=False, etag=got.etag, last_modified=got.last_modified)


def _keep(connection: Connection, source: SourceSettings, shown: Shown, now: datetime) -> Pickup:
    rows = articles.known(connection, source.name)
    if shown.contents is None:
        return Pickup(source=source.name, unchanged=sum(row.state is ArticleState.CURRENT for row in rows))
    prints = {content.guid: fingerprints(content) for content in shown.contents}
    decision = decide(
        shown.contents,
        [
            Known(id=r.id, guid=r.guid, state=r.state, content_hash=r.content_hash, duplicate_of=r.duplicate_of)
            for r in rows
        ],
        articles.holders(connection, [one for marks in prints.values() for one in marks]),
        first=sources.status(connection, source.name).first_picked_up_at is None,
        first_pickup=source.first_pickup,
        hold_over=source.hold_over,
        complete=shown.complete,
        present=shown.present,
    )
    _apply(connection, source.name, decision, prints, now)
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


def _apply(
    connection: Connection, source: str, decision: Decision, prints: Mapping[str, Sequence[str]], now: datetime
) -> None:
    ids: dict[str, int] = {}
    for content in decision.remembered:
        ids[content.guid] = articles.add(connection, source, content, now=now, prints=prints[content.guid])
    for content in decision.held:
        state = ArticleState.HELD
        ids[content.guid] = articles.add(connection, source, content, now=now, prints=prints[content.guid], state=state)
    for content in decision.new:
        ids[content.guid] = articles.add(
            connection, source, content, now=now, prints=prints[content.guid], numbered=True
        )
    for content, original in decision.duplicates:
        articles.add(
            connection,
            source,
            content,
            now=now,
            state=ArticleState.DUPLICATE,
            duplicate_of=ids[original] if isinstance(original, str) else original,
        )
    for article_id, content in (*decision.changed, *decision.moved, *decision.returned):
        articles.change(connection, article_id, content, now=now, prints=prints[content.guid])
    articles.set_state(connection, decision.withdrawn, ArticleState.WITHDRAWN, now=now)
    articles.readmit(connection, [article_id for article_id, _ in (*decision.moved, *decision.returned)], now=now)


def _succeeded(connection: Connection, name: str, shown: Shown, now: datetime, *, held: bool) -> SourceStatus:
    status = sources.status(connection, name)
    still_held = held or status.state is SourceState.HELD
    return replace(
        status,
        state=SourceState.HELD if still_held else SourceState.OK,
        first_picked_up_at=status.first_picked_up_at or now,
        checked_at=now,
        succeeded_at=now,
        retry_at=None,
        failures=0,
        error="; ".join(str(problem) for problem in shown.problems)[:2000],
        etag=shown.etag,
        last_modified=shown.last_modified,
    )


def _failed(status: SourceStatus, source: SourceSettings, error: PickupError, now: datetime) -> SourceStatus:
    wait = min(LONGEST_WAIT, source.every * (1 << min(status.failures, 10)))
    return replace(
        status,
        state=status.state if status.state is SourceState.HELD else SourceState.FAILING,
        checked_at=now,
        retry_at=now + wait,
        failures=status.failures + 1,
        error=str(error)[:2000],
    )
