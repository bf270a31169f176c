"""Today's charts: readers over time, what became of the last digests' mails, and what came back. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from markupsafe import Markup

from syndicate.model import SHOWN, Digest
from syndicate.render.charts import Chart, Series, grouped, line, stacked
from syndicate.settings import Newsletter, Settings
from syndicate.store import Connection, digests, growth, returns, standing
from syndicate.store.growth import Day

DAYS = 90
_DIGESTS = 12
_LINES = 4
_OUTCOMES = ("accepted", "rejected", "expired", "suppressed", "uncertain", "cancelled", "outstanding")
_RETURNS = (("hard bounces", "hard"), ("soft bounces", "soft"), ("late", "late"), ("complaints", "complaints"))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, and how it looks."""

    chart: Chart
    svg: Markup


def drawings(settings: Settings, connection: Connection, now: datetime) -> list[Drawing]:
    """Those for which there is something to show."""
    newsletters = {one.slug: one for one in settings.newsletters}
    since = now.astimezone(UTC).date() - timedelta(days=DAYS)
    kept = growth.since(connection, newsletters, since)
    sent = digests.latest(connection, states=SHOWN, limit=_DIGESTS)[::-1]
    ids = [one.id for one in sent]
    counts = standing.by_digest(connection, ids)
    came = returns.counts(connection, ids)
    labels = tuple(_day(one.due_at.astimezone(_zone(newsletters, one))) for one in sent)
    names = tuple(f"{label}, {one.subject}" for label, one in zip(labels, sent, strict=True))

    def bars(name: str, title: str, kinds: Sequence[tuple[str, str]], found: Callable[[str], tuple[int, ...]]) -> Chart:
        series = [Series(said, kind, found(kind)) for said, kind in kinds]
        return Chart(name, title, labels, names, tuple(one for one in series if any(one.values)))

    outcomes = bars(
        "outcomes",
        "Deliveries by outcome",
        [(one, one) for one in _OUTCOMES],
        lambda kind: tuple(getattr(counts[one], kind) for one in ids),
    )
    back = bars(
        "returns",
        "Bounces and complaints",
        _RETURNS,
        lambda kind: tuple(getattr(came[one], kind) for one in ids),
    )
    found = [(readers(kept, newsletters), line), (outcomes, stacked), (back, grouped)]
    return [Drawing(chart, draw(chart)) for chart, draw in found if chart.series]


def readers(kept: Sequence[Day], newsletters: dict[str, Newsletter]) -> Chart:
    """A line for each of the largest newsletters and one for the rest; days that were not kept are as the last one."""
    days = [kept[0].day + timedelta(days=n) for n in range((kept[-1].day - kept[0].day).days + 1)] if kept else []
    known = {(one.newsletter, one.day): one.readers for one in kept}
    lines = {slug: _filled([known.get((slug, day)) for day in days]) for slug in newsletters}
    largest = sorted((slug for slug in lines if any(lines[slug])), key=lambda slug: -lines[slug][-1])
    shown = largest if len(largest) <= _LINES + 1 else largest[:_LINES]
    series = [Series(newsletters[slug].title, str(n), lines[slug]) for n, slug in enumerate(shown, 1)]
    if rest := largest[len(shown) :]:
        summed = tuple(map(sum, zip(*(lines[slug] for slug in rest), strict=True)))
        series.append(Series(f"{len(rest)} others", str(_LINES + 1), summed))
    labels = tuple(_day(day) for day in days)
    return Chart("readers", f"Readers over {DAYS} days", labels, labels, tuple(series))


def _filled(values: Sequence[int | None]) -> tuple[int, ...]:
    last, filled = 0, []
    for value in values:
        last = last if value is None else value
        filled.append(last)
    return tuple(filled)


def _day(day: date) -> str:
    return day.strftime("%-d %b")


def _zone(newsletters: dict[str, Newsletter], digest: Digest) -> tzinfo:
    newsletter = newsletters.get(digest.newsletter)
    return newsletter.zone if newsletter else UTC
