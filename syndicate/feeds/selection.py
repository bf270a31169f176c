"""Which feeds there are, and which articles each tells of. Called by ``publish``; nothing here reads or writes."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from syndicate.feeds.tags import slug_of
from syndicate.settings.newsletter import Newsletter
from syndicate.store.articles import FeedRow

ALL = "all"
"""Stands where a newsletter's slug would, for all of them together."""


@dataclass(slots=True)
class Selection:
    """The articles of one feed, newest first, and those that were withdrawn. ``newsletter`` is None for all of them.

    ``tag`` is as the newest article writes it, empty when the feed is not about one.
    """

    newsletter: Newsletter | None
    tag: str = ""
    rows: list[FeedRow] = field(default_factory=list)
    gone: list[FeedRow] = field(default_factory=list)


def select(
    rows: Iterable[FeedRow], gone: Iterable[FeedRow], newsletters: Sequence[Newsletter], sources: Sequence[str]
) -> dict[str, Selection]:
    """Every feed by its folder: all together, each newsletter, and each tag in both. ``rows`` come newest first.

    Feeds of tags that only withdrawn articles have are among them: they may have been published before.
    """
    found = {ALL: Selection(None)} | {one.slug: Selection(one) for one in newsletters}
    places: dict[tuple[str, str], list[Selection]] = {}

    def placed(row: FeedRow) -> list[Selection]:
        key = row.source, row.tags
        if key not in places:
            tags = [str(tag) for tag in json.loads(row.tags)]
            takers = [one for one in newsletters if row.source in (one.sources or sources) and _wants(one, tags)]
            places[key] = []
            for taker in [None, *takers] if takers else []:
                slug = taker.slug if taker else ALL
                places[key].append(found[slug])
                for name, tag in {slug_of(tag): tag for tag in reversed(tags)}.items():
                    if name:
                        places[key].append(found.setdefault(tag_folder(slug, name), Selection(taker, tag)))
        return places[key]

    for row in rows:
        for selection in placed(row):
            selection.rows.append(row)
    for row in gone:
        for selection in placed(row):
            selection.gone.append(row)
    return found


def tag_folder(slug: str, name: str) -> str:
    """Where a tag's feeds are."""
    return f"{slug}/tags/{name}"


def shadowed(rows: Iterable[FeedRow]) -> frozenset[int]:
    """The articles that came with an id that an older article of another source has."""
    first: dict[str, FeedRow] = {}
    for row in rows:
        holder = first.get(row.guid)
        if holder is None or row.id < holder.id:
            first[row.guid] = row
    return frozenset(row.id for row in rows if first[row.guid].source != row.source)


def close_pages(rows: Sequence[FeedRow], ends: Sequence[int], size: int) -> list[int]:
    """Where further archived pages of ``size`` articles end, behind those that end at ``ends``, in order of pick-up.

    What one feed holds stays outside.
    """
    last = ends[-1] if ends else 0
    rest = sorted(row.id for row in rows if row.id > last)
    return [rest[number - 1] for number in range(size, len(rest), size)]


def pages(rows: Iterable[FeedRow], ends: Sequence[int]) -> Mapping[int, list[FeedRow]]:
    """Page → what is on it, from 1; what is on none yet is on page 0."""
    found: dict[int, list[FeedRow]] = {number: [] for number in range(len(ends) + 1)}
    for row in rows:
        place = bisect_left(ends, row.id)
        found[place + 1 if place < len(ends) else 0].append(row)
    return found


def current(rows: Sequence[FeedRow], unarchived: Collection[FeedRow], size: int) -> list[FeedRow]:
    """The newest ``size``, and what else is on no archived page, so that nothing is in neither."""
    waiting = {row.id for row in unarchived}
    return [row for number, row in enumerate(rows) if number < size or row.id in waiting]


def _wants(newsletter: Newsletter, tags: Sequence[str]) -> bool:
    wanted = {tag.casefold() for tag in newsletter.tags}
    return not wanted or not wanted.isdisjoint(tag.casefold() for tag in tags)
