"""Publishing: all feeds, the feeds that one article touches, and a feed with a long past; beside feedgen alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from feedgen.feed import FeedGenerator

from benchmarks.articles import prose
from benchmarks.children import Meter, Run, measured
from benchmarks.figures import OURS, Outcome, Plan, Side, Target, alternating, row
from syndicate.app import App, open_app
from syndicate.feeds.formats import FORMATS
from syndicate.model import Article, Content
from syndicate.settings import Settings
from syndicate.store import articles, published

_ENTRIES = 50
_OCTETS = 5000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_MORE, _ALL = 0.1, 2.0
"""Seconds, for 200 feeds."""

_FEW, _MEGABYTES = 10, 40.0
_FEEDGEN = "feedgen, in memory"


def publishing(folder: Path, plan: Plan) -> list[Outcome]:
    """``plan.count`` feeds, each in one format: every newsletter has three, and so have all of them together."""
    newsletters = max(1, -(-plan.count // len(FORMATS)) - 1)
    plan.say(f"publishing: making {newsletters * _ENTRIES:,} articles")
    measured(_prepare, folder, newsletters, _ENTRIES)
    sides = {
        "after one article": partial(measured, _publish_one, folder, newsletters),
        "all feeds from nothing": partial(measured, _publish_all, folder, newsletters),
        "and the pages of their archive": partial(measured, _publish_everything, folder, newsletters),
        _FEEDGEN: partial(measured, _feedgen, folder, newsletters),
    }
    runs = alternating(sides, plan, "publishing")
    bounds = {"after one article": _MORE, "all feeds from nothing": _ALL}
    rows = tuple(_seconds(name, found, bounds.get(name)) for name, found in runs.items())
    feeds = (newsletters + 1) * len(FORMATS)
    about = (
        f"{feeds} feeds of {_ENTRIES} articles of {_OCTETS / 1000:g} kB, each also as .gz and .br, until all is written"
    )
    return [Outcome("publishing", about, "s", rows), _long(folder.parent / "long", plan)]


def _long(folder: Path, plan: Plan) -> Outcome:
    """One newsletter with a past of ``plan.count`` × 50 articles, and one with a tenth of it."""
    count = plan.count * _ENTRIES
    peaks: list[Run] = []
    for number in (max(1, count // _FEW), count):
        plan.say(f"publishing: making {number:,} articles")
        measured(_prepare, folder / str(number), 1, number)
        peaks.append(measured(_publish_everything, folder / str(number), 1))
    less, more = peaks
    whole = measured(_feedgen_whole, folder / str(count))
    target = Target("more than for few", more.peak - less.peak, _MEGABYTES, is_most=True, unit="MB")
    rows = (
        row(f"{OURS}, {max(1, count // _FEW):,} articles", [less.peak], [less]),
        row(f"{OURS}, {count:,} articles", [more.peak], [more], target),
        row(f"feedgen, {count:,} in one document", [whole.peak], [whole]),
    )
    return Outcome("publishing, a long past", "peak memory while all of its archive is published", "MB", rows)


def _seconds(name: str, runs: Sequence[Run], bound: float | None) -> Side:
    figures = [run.seconds for run in runs]
    target = None if bound is None else Target("seconds", median(figures), bound, is_most=True, unit="s")
    return row(name, figures, runs, target)


def _publish_one(folder: Path, newsletters: int) -> Run:
    with closing(_opened(folder, newsletters)) as app:
        app.jobs.publish(_BEGAN)
        with app.store.write() as connection:
            number = articles.next_sequence(connection)
            articles.add(connection, _source(0), _content(0, 10**6 + number), now=_BEGAN, numbered=True)
        meter = Meter()
        names = app.jobs.publish(_BEGAN).names
        if not 0 < len(names) <= 4 * len(FORMATS):
            raise RuntimeError(f"an article changed {names}")
        return meter.read(len(names))


def _publish_all(folder: Path, newsletters: int) -> Run:
    """Archived pages stay: they are written once."""
    with closing(_opened(folder, newsletters)) as app:
        app.jobs.publish(_BEGAN)
        with app.store.read() as connection:
            known = [name for name in published.folders(connection) if name and "/archive/" not in name]
        for name in known:
            for path in (app.settings.feeds.directory / name).iterdir():
                if path.is_file():
                    path.unlink()
        meter = Meter()
        names = app.jobs.publish(_BEGAN).names
        if len(names) != (newsletters + 1) * len(FORMATS):
            raise RuntimeError(f"{len(names)} feeds were written")
        return meter.read(len(names))


def _publish_everything(folder: Path, newsletters: int) -> Run:
    with closing(_opened(folder, newsletters)) as app:
        shutil.rmtree(app.settings.feeds.directory, ignore_errors=True)
        meter = Meter()
        return meter.read(len(app.jobs.publish(_BEGAN).names))


def _feedgen(folder: Path, newsletters: int) -> Run:
    """The same articles as RSS and as Atom, as feedgen writes them, and not to disk."""
    with closing(_opened(folder, newsletters)) as app, app.store.read() as connection:
        sources = [(_source(number),) for number in range(newsletters)]
        found = [articles.latest(connection, one, (), _ENTRIES) for one in [*sources, sum(sources, ())]]
        meter = Meter()
        for one in found:
            _plain(one).rss_str(pretty=True)
            _plain(one).atom_str(pretty=True)
        return meter.read(2 * len(found))


def _feedgen_whole(folder: Path) -> Run:
    with closing(_opened(folder, 1)) as app, app.store.read() as connection:
        meter = Meter()
        _plain(_all_of(app)).rss_str(pretty=True)
        del connection
        return meter.read(1)


def _all_of(app: App) -> Iterator[Article]:
    with app.store.read() as connection:
        rows = articles.for_feeds(connection, [_source(0)])
        for start in range(0, len(rows), _ENTRIES):
            yield from articles.by_ids(connection, [one.id for one in rows[start : start + _ENTRIES]])


def _plain(shown: Sequence[Article] | Iterator[Article]) -> FeedGenerator:
    out = FeedGenerator()
    out.id("https://news.bench.example/feeds/")
    out.title("Bench")
    out.description("Bench")
    out.link(href="https://news.bench.example/", rel="alternate")
    for article in shown:
        entry = out.add_entry(order="append")
        entry.id(article.guid)
        entry.title(article.title)
        entry.link(href=f"https://news.bench.example/{article.slug}", rel="alternate")
        entry.content(article.html, type="html")
        entry.summary(article.summary)
        entry.published(article.dated_at)
        entry.updated(article.dated_at)
    return out


def _prepare(folder: Path, newsletters: int, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(_opened(folder, newsletters)) as app, app.store.write() as connection:
        for number in range(newsletters):
            for one in range(count):
                articles.add(connection, _source(number), _content(number, one), now=_BEGAN, numbered=True)


def _content(newsletter: int, number: int) -> Content:
    text = prose(newsletter * 10**7 + number, _OCTETS)
    return Content(
        guid=f"{newsletter}/{number}.md",
        slug=f"{newsletter}-{number}",
        title=text[:60],
        html=f"<p>{text}</p>",
        text=text,
        summary=text[:200],
        published_at=_BEGAN + timedelta(minutes=number),
    )


def _source(number: int) -> str:
    return f"source-{number}"


def _opened(folder: Path, newsletters: int) -> App:
    given = [
        {"slug": f"letter-{number}", "sources": [_source(number)], "title": f"Letter {number}"}
        for number in range(newsletters)
    ]
    shared = {"sender": "Bench <news@bench.example>", "cadences": {"daily": "0 7 * * *"}}
    return open_app(
        Settings.model_validate(
            {
                "directory": folder,
                "site": {
                    "name": "Bench",
                    "url": "https://news.bench.example",
                    "postal_address": "1 Bench Street",
                    "secret": "a secret that is long enough for a benchmark",
                },
                "smtp": {"url": "smtp://127.0.0.1:9"},
                "feeds": {"entries": _ENTRIES},
                "sources": [
                    {"name": _source(number), "kind": "folder", "path": "articles"} for number in range(newsletters)
                ],
                "newsletters": [one | shared for one in given],
            }
        )
    )
