"""Keeps what a source shows, or what was brought to it: decides what is new of it, and writes that down."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.model import ArticleState, Content
from syndicate.pickup.decide import Decision, Known, decide, fingerprints
from syndicate.store import Connection, articles
from syndicate.store.articles import KnownRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What counts as new, and as too much; see ``decide``."""

    first: bool
    first_pickup: int
    hold_over: int
    complete: bool
    present: Collection[str] = ()


def keep(
    connection: Connection,
    source: str,
    contents: Sequence[Content],
    rows: Sequence[KnownRow],
    rules: Rules,
    *,
    now: datetime,
) -> Decision:
    """``rows`` are what is known of the source: all of it, or, unless ``rules.complete``, of these contents."""
    prints = {content.guid: fingerprints(content) for content in contents}
    decision = decide(
        contents,
        [
            Known(id=r.id, guid=r.guid, state=r.state, content_hash=r.content_hash, duplicate_of=r.duplicate_of)
            for r in rows
        ],
        articles.holders(connection, [one for marks in prints.values() for one in marks]),
        first=rules.first,
        first_pickup=rules.first_pickup,
        hold_over=rules.hold_over,
        complete=rules.complete,
        present=rules.present,
    )
    _apply(connection, source, decision, prints, now)
    return decision


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
