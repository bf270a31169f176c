"""What goes into a digest, for whom. Pure.

Readers who are owed the same form a group; groups that come to the same articles share a variant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from syndicate.model import Choice, DigestState, Draft
from syndicate.settings import Newsletter
from syndicate.store.articles import DigestRow
from syndicate.store.digests import Group
from syndicate.store.subscribers import topics_key, topics_of


@dataclass(frozen=True, slots=True)
class Composition:
    """Per distinct set of articles (ids, in reading order) the groups of readers who get it; ``()`` gets no mail."""

    sets: tuple[tuple[tuple[int, ...], tuple[Group, ...]], ...]
    left_out: frozenset[int] = frozenset()
    """What would be in it, had an editor not said otherwise."""

    @property
    def readers(self) -> int:
        """How many readers are owed a mail."""
        return sum(group.readers for articles, groups in self.sets if articles for group in groups)

    @property
    def widest(self) -> tuple[int, ...]:
        """The set that most readers get, ``()`` when nobody gets any."""
        owed = [(sum(group.readers for group in groups), articles) for articles, groups in self.sets if articles]
        return max(owed, key=lambda one: one[0])[1] if owed else ()


def eligible(rows: Iterable[DigestRow], newsletter: Newsletter) -> list[DigestRow]:
    """The articles that this newsletter is about: of its sources, with one of its tags."""
    sources, tags = set(newsletter.sources), _folded(newsletter.tags)
    return [row for row in rows if (not sources or row.source in sources) and (not tags or tags & _folded(row.tags))]


def compose(
    rows: Sequence[DigestRow], groups: Iterable[Group], draft: Draft, added: Sequence[DigestRow] = ()
) -> Composition:
    """Gives each group the articles above its watermark, and those an editor ``added``, that match its topics.

    A group that chose no topics gets all. What has a place in the draft comes first, in that order.
    """
    out = draft.of(Choice.LEFT_OUT, Choice.POSTPONED)
    places = {one.article_id: one.place for one in draft.chosen if one.place is not None}
    sets: dict[tuple[int, ...], list[Group]] = {}
    for group in groups:
        topics = frozenset(topics_of(group.topics))
        owed = (*(row for row in rows if row.sequence > group.watermark), *added)
        fitting = (row.id for row in owed if row.id not in out and (not topics or topics & _folded(row.tags)))
        chosen = sorted(dict.fromkeys(fitting), key=lambda one: places.get(one, math.inf))
        sets.setdefault(tuple(chosen), []).append(group)
    return Composition(
        tuple((articles, tuple(members)) for articles, members in sets.items()),
        frozenset(row.id for row in rows if row.id in out),
    )


def first_state(newsletter: Newsletter, late: timedelta) -> DigestState:
    """Where a digest that has something for somebody begins."""
    if late > newsletter.max_lateness:
        return DigestState.HELD
    return DigestState.REVIEW if newsletter.review else DigestState.SENDING


def _folded(tags: Sequence[str]) -> frozenset[str]:
    return frozenset(topics_of(topics_key(tags)))
