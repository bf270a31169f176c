"""Articles by their words: FTS5 on SQLite, tsvector on PostgreSQL.

``articles`` keeps the words with whatever it writes. Whether an article may be shown stands in its row alone, and is
asked there with every search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Float, Select, Text, cast, column, func, literal, literal_column, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.elements import ColumnElement

from syndicate.model import ArticleState, Content
from syndicate.store.schema import articles
from syndicate.store.words import MOST_WORDS, Query, words

TABLE = "article_words"
"""Each database has its own kind, which is no part of ``schema``; FTS5 adds tables whose names begin with it."""

CANDIDATES = 1000
"""Of what fits, so many of the newest are ranked."""

_LONGEST_TEXT = 100_000
"""Characters of an article that are searched: a tsvector holds a megabyte, and 16,383 places."""

_ADDRESS = re.compile(r"<[^<>\s]+>")


class Hit(NamedTuple):
    """An article that fits, by its id, with what newsletters choose by."""

    id: int
    source: str
    tags: tuple[str, ...]


def prose(content: Content) -> str:
    """What is searched of an article's text: its beginning, without the addresses that stand behind links."""
    return _ADDRESS.sub("", content.text[:_LONGEST_TEXT])


def create(connection: Connection) -> None:
    """Builds the table; the migration calls it."""
    for statement in _CREATE[connection.dialect.name]:
        connection.execute(text(statement))


def keep(connection: Connection, article_id: int, content: Content) -> None:
    """Takes an article's words in, in place of those that it had."""
    columns = {
        "title": words(content.title[:_LONGEST_TEXT]),
        "about": words(" ".join([*content.authors, *content.tags])[:_LONGEST_TEXT]),
        "body": words(prose(content)),
    }
    statement, values = _KEEP[connection.dialect.name]
    connection.execute(text(statement), {"id": article_id, **values(columns)})


def find(connection: Connection, query: Query, sources: Sequence[str], limit: int) -> list[Hit]:
    """What fits best among the current articles of those sources, best first. An empty query fits nothing."""
    if not query:
        return []
    matching = _MATCHING[connection.dialect.name]
    id_, fits, score = matching(query)
    a = articles.c
    newest = (
        select(id_.label("id"), a.source, a.tags, score.label("score"))
        .join_from(articles, _words, a.id == id_)
        .where(fits, a.state == ArticleState.CURRENT, a.source.in_(sources))
        .order_by(id_.desc())
        .limit(CANDIDATES)
        .subquery()
    )
    best = select(newest.c.id, newest.c.source, newest.c.tags).order_by(newest.c.score, newest.c.id.desc())
    return [Hit(row.id, row.source, tuple(row.tags)) for row in connection.execute(best.limit(limit))]


def fitting(connection: Connection, query: Query, where: ColumnElement[bool]) -> Select[tuple[int]]:
    """The ids of the newest articles that fit, whatever their state; ``where`` is asked of ``articles``."""
    id_, fits, _ = _MATCHING[connection.dialect.name](query)
    found = select(articles.c.id).join_from(articles, _words, articles.c.id == id_).where(fits, where)
    return found.order_by(id_.desc()).limit(CANDIDATES)


_CREATE = {
    # The words come folded and parted by spaces: for this tokenizer all that is not ASCII is part of a word.
    "sqlite": (f"CREATE VIRTUAL TABLE {TABLE} USING fts5(title, about, body, tokenize = 'ascii', prefix = '2 3')",),
    "postgresql": (
        f"CREATE TABLE {TABLE} (article_id bigint PRIMARY KEY REFERENCES articles (id), words tsvector NOT NULL)",
        f"CREATE INDEX ix_{TABLE} ON {TABLE} USING gin (words)",
    ),
}
_words = table(TABLE, column("article_id"), column("words"))
_Matching = tuple[ColumnElement[Any], ColumnElement[bool], ColumnElement[float]]


def _matching_sqlite(query: Query) -> _Matching:
    """The id, whether it fits (FTS5 §3), and the score, of which less is better (§5.1.1)."""
    phrases = " AND ".join(f'"{" ".join(phrase)}"' for phrase in query.phrases)
    wanted = literal(f"{phrases}*" if query.is_open else phrases, Text)
    whole: ColumnElement[Any] = literal_column(TABLE)
    score = func.bm25(whole, 10.0, 4.0, 1.0, type_=Float)
    return literal_column(f"{TABLE}.rowid"), whole.op("MATCH", is_comparison=True)(wanted), score


def _kept_sqlite(columns: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: " ".join(found) for name, found in columns.items()}


def _kept_postgresql(columns: Mapping[str, list[str]]) -> dict[str, str]:
    """A tsvector as it is written out (PostgreSQL §8.11.1); between two columns no phrase can pass."""
    places, place = [], 0
    for weight, found in zip("ABD", columns.values(), strict=True):
        places += [f"{word}:{at}{weight}" for at, word in enumerate(found, place + 1)]
        place += len(found) + MOST_WORDS
    return {"words": " ".join(places)}


def _matching_postgresql(query: Query) -> _Matching:
    """The same; a tsquery that is written out is taken as it is (PostgreSQL §8.11.2)."""
    phrases = " & ".join(f"({' <-> '.join(phrase)})" for phrase in query.phrases)
    wanted = cast(f"{phrases[:-1]}:*)" if query.is_open else phrases, TSQUERY)
    fits = _words.c.words.op("@@", is_comparison=True)(wanted)
    return _words.c.article_id, fits, -func.ts_rank_cd(_words.c.words, wanted, 1, type_=Float)


_REPLACING = "ON CONFLICT (article_id) DO UPDATE SET words = excluded.words"
_KEEP: Mapping[str, tuple[str, Callable[[Mapping[str, list[str]]], dict[str, str]]]] = {
    "sqlite": (
        f"REPLACE INTO {TABLE} (rowid, title, about, body) VALUES (:id, :title, :about, :body)",  # noqa: S608
        _kept_sqlite,
    ),
    "postgresql": (
        f"INSERT INTO {TABLE} VALUES (:id, CAST(:words AS tsvector)) {_REPLACING}",  # noqa: S608
        _kept_postgresql,
    ),
}
_MATCHING = {"sqlite": _matching_sqlite, "postgresql": _matching_postgresql}
