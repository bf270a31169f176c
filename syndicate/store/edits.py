"""Editors' own words for articles: they stand in the article, and what its source says is kept here beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from syndicate.model import Content
from syndicate.store.schema import edits

_SomeContent = TypeVar("_SomeContent", bound=Content)


@dataclass(frozen=True, slots=True)
class Words:
    """What of an article an editor may put in other words."""

    title: str
    summary: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Who put it how; None where the source's words stand. ``source`` is what the source says now."""

    title: str | None
    summary: str | None
    tags: tuple[str, ...] | None
    source: Words
    edited_by: str
    edited_at: datetime


def words_of(content: Content) -> Words:
    """Those of an article as they are."""
    return Words(content.title, content.summary, content.tags)


def of(connection: Connection, article_id: int) -> Edit | None:
    """What was edited of an article; None when nothing was."""
    row = connection.execute(select(edits).where(edits.c.article_id == article_id)).one_or_none()
    if row is None:
        return None
    return Edit(
        title=row.title,
        summary=row.summary,
        tags=None if row.tags is None else tuple(row.tags),
        source=Words(row.source_title, row.source_summary, tuple(row.source_tags)),
        edited_by=row.edited_by,
        edited_at=row.edited_at,
    )


def put(connection: Connection, article_id: int, wanted: Words, source: Words, *, by: str, now: datetime) -> None:
    """Keeps in which words it differs from its source; in none: it is as its source says again."""
    connection.execute(delete(edits).where(edits.c.article_id == article_id))
    if wanted != source:
        values = {
            "article_id": article_id,
            "title": _own(wanted.title, source.title),
            "summary": _own(wanted.summary, source.summary),
            "tags": None if wanted.tags == source.tags else list(wanted.tags),
            "edited_by": by,
            "edited_at": now,
        }
        connection.execute(insert(edits), values | _columns(source))


def laid_over(connection: Connection, article_id: int, content: _SomeContent) -> _SomeContent:
    """``content``, which its source shows now, in the editor's words where there are any."""
    edit = of(connection, article_id)
    if edit is None:
        return content
    connection.execute(update(edits).where(edits.c.article_id == article_id).values(_columns(words_of(content))))
    return replace(
        content,
        title=content.title if edit.title is None else edit.title,
        summary=content.summary if edit.summary is None else edit.summary,
        tags=content.tags if edit.tags is None else edit.tags,
    )


def _own(wanted: str, source: str) -> str | None:
    return None if wanted == source else wanted


def _columns(source: Words) -> dict[str, object]:
    return {"source_title": source.title, "source_summary": source.summary, "source_tags": list(source.tags)}
