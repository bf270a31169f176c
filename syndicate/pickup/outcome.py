"""What is known of a source after a look at it, and when the next one is due. Pure; pick-up keeps the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from syndicate.model import SourceState, SourceStatus
from syndicate.pickup.look import Shown
from syndicate.pickup.schedule import LONGEST_WISH, Next, Rhythm, after_failure, after_success, rhythm_of
from syndicate.settings import FolderSource, PolledSource

_GONE = 410
_DOUBTED_AFTER = 3
"""Failures in a row after which an address that was moved to is given up for the one in the settings."""


def after(
    before: SourceStatus,
    source: PolledSource,
    shown: Shown,
    ceiling: timedelta,
    *,
    now: datetime,
    held: bool,
    is_told: bool,
) -> SourceStatus:
    """The status to keep. ``held``: this look brought too much at once. ``is_told``: a hub tells us of changes."""
    if not isinstance(source, FolderSource) and before.url != source.url:
        before = _forgotten(before, source.url)
    if shown.error:
        return _failed(before, source, shown, now)
    status = _read(before, shown, now) if shown.contents is not None else before
    if shown.answer:
        status = _moved(_validated(status, shown), shown)
    planned = _next(status, source, shown, ceiling, now, is_told=is_told)
    still_held = held or before.state is SourceState.HELD
    return replace(
        status,
        state=SourceState.HELD if still_held else SourceState.OK,
        first_picked_up_at=before.first_picked_up_at or now,
        checked_at=now,
        succeeded_at=now,
        next_at=planned.at,
        why=planned.why,
        failures=0,
        error="; ".join(str(problem) for problem in shown.problems)[:2000],
    )


def _forgotten(before: SourceStatus, url: str) -> SourceStatus:
    """What was learned of another address says nothing of this one."""
    return replace(
        SourceStatus(name=before.name, url=url),
        state=SourceState.HELD if before.state is SourceState.HELD else SourceState.OK,
        first_picked_up_at=before.first_picked_up_at,
    )


def _read(status: SourceStatus, shown: Shown, now: datetime) -> SourceStatus:
    rhythm = rhythm_of([one.published_at or one.updated_at for one in shown.contents or ()], now)
    return replace(
        status,
        read_at=now,
        body_hash=shown.body_hash,
        asks_every_s=int(min(shown.asks_every, LONGEST_WISH).total_seconds()) if shown.asks_every else None,
        gap_s=int(rhythm.gap.total_seconds()) if rhythm else None,
        newest_at=rhythm.newest if rhythm else None,
    )


def _validated(status: SourceStatus, shown: Shown) -> SourceStatus:
    """An answer *unchanged* need not repeat the validators (RFC 9110 §15.4.5)."""
    answer = shown.answer
    if answer is None or answer.is_unchanged:
        return status
    return replace(status, etag=answer.etag, last_modified=answer.last_modified)


def _moved(status: SourceStatus, shown: Shown) -> SourceStatus:
    """An address that it was moved to for good counts when it was named twice in a row."""
    moved_to = shown.answer.moved_to if shown.answer else ""
    if moved_to and moved_to == status.moving_to:
        return replace(status, location=moved_to, moving_to="")
    return replace(status, moving_to=moved_to)


def _next(
    status: SourceStatus, source: PolledSource, shown: Shown, ceiling: timedelta, now: datetime, *, is_told: bool
) -> Next:
    if isinstance(source, FolderSource):
        return Next(now + source.every, "`every` says so")
    rhythm = None
    if status.gap_s is not None and status.newest_at is not None:
        rhythm = Rhythm(gap=timedelta(seconds=status.gap_s), newest=status.newest_at)
    return after_success(
        now=now,
        rhythm=rhythm,
        floor=source.every,
        ceiling=ceiling,
        max_age=shown.answer.max_age if shown.answer else None,
        asks_every=timedelta(seconds=status.asks_every_s) if status.asks_every_s else None,
        is_told=is_told,
    )


def _failed(before: SourceStatus, source: PolledSource, shown: Shown, now: datetime) -> SourceStatus:
    failures = before.failures + 1
    answer = shown.answer
    planned = after_failure(
        now=now, floor=source.every, failures=failures, retry_after=answer.retry_after if answer else None
    )
    state = SourceState.FAILING
    if answer and answer.status == _GONE and not before.location:
        state, planned = SourceState.RETIRED, Next(None, "it is gone for good (410)")
    if before.state is SourceState.HELD and state is SourceState.FAILING:
        state = SourceState.HELD
    return replace(
        before,
        state=state,
        checked_at=now,
        next_at=planned.at,
        why=planned.why,
        failures=failures,
        error=str(shown.error)[:2000],
        location="" if failures >= _DOUBTED_AFTER or (answer and answer.status == _GONE) else before.location,
        moving_to="",
    )
