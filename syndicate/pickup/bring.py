"""Articles that are brought to a source of kind ``api``: kept at once, one by one. Called by the web's API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syndicate.model import ArticleState, Content
from syndicate.pickup.keep import Rules, keep
from syndicate.store import Connection, articles, audit

_RULES = Rules(first=False, first_pickup=0, hold_over=1, complete=False)


class Became(StrEnum):
    """What an article that was brought turned out to be."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Brought:
    """``id`` is the article's, None when there is none."""

    guid: str
    became: Became
    id: int | None = None


def bring(connection: Connection, source: str, content: Content, *, by: str, now: datetime) -> Brought:
    """Keeps an article under its guid: the first time it is new, afterwards it changes. ``by`` is for the audit log."""
    known = articles.of_guid(connection, source, content.guid)
    decision = keep(connection, source, [content], [known] if known else [], _RULES, now=now)
    if decision.new:
        became = Became.NEW
    elif decision.changed or decision.returned:
        became = Became.CHANGED
    else:
        became = Became.DUPLICATE if decision.duplicates else Became.UNCHANGED
    kept = articles.of_guid(connection, source, content.guid)
    found = Brought(content.guid, became, kept.id if kept else None)
    if became is not Became.UNCHANGED:
        audit.note(connection, by, f"brought ({became})", about=f"article {found.id}", detail=source, now=now)
    return found


def withdraw(connection: Connection, source: str, guid: str, *, by: str, now: datetime) -> Brought:
    """Takes an article back: out of feeds, and out of digests to come."""
    known = articles.of_guid(connection, source, guid)
    if known is None:
        return Brought(guid, Became.UNKNOWN)
    if known.state is ArticleState.WITHDRAWN:
        return Brought(guid, Became.UNCHANGED, known.id)
    articles.set_state(connection, [known.id], ArticleState.WITHDRAWN, now=now)
    audit.note(connection, by, "withdrew", about=f"article {known.id}", detail=source, now=now)
    return Brought(guid, Became.WITHDRAWN, known.id)
