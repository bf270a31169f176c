"""Articles: kept by pick-up, read by feeds, digests and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Text, and_, bindparam, case, cast, delete, func, insert, or_, select, update

from syndicate.model import Article, ArticleState, Content, Enclosure, Event
from syndicate.store import edits, originals, outbox
from syndicate.store.edits import Words
from syndicate.store.engine import fulltext
from syndicate.store.outbox import Happened
from syndicate.store.schema import OWN_PAGE, article_tags, articles, counters, fingerprints

_TUPLES = ("authors", "tags", "takeaways", "related")
_CONTENT = tuple(f.name for f in fields(Content) if f.name != "original")
_COLUMNS = [articles.c[f.name] for f in fields(Article) if f.name != "original"]
_FEED_ROW = (
    *(articles.c.id, articles.c.source, articles.c.guid, articles.c.slug),
    cast(articles.c.tags, Text).label("tags"),
    articles.c.content_hash + " " + cast(articles.c.changed_at, Text) + " " + cast(articles.c.dated_at, Text),
)


class KnownRow(NamedTuple):
    """What pick-up must know of an article to decide about it again."""

    id: int
    guid: str
    state: ArticleState
    content_hash: str
    duplicate_of: int | None


class DigestRow(NamedTuple):
    """What composing must know of an article to choose it."""

    id: int
    source: str
    tags: tuple[str, ...]
    sequence: int


class FeedRow(NamedTuple):
    """What publishing must know of an article to see whether a feed changed: ``version`` is another one whenever any
    of the article is. ``tags`` is a JSON array. ``changed_at`` is only known of those that were withdrawn."""

    id: int
    source: str
    guid: str
    slug: str
    tags: str
    version: str
    changed_at: datetime | None = None


def known(connection: Connection, source: str) -> list[KnownRow]:
    """Every article of that source, in the order of pick-up."""
    c = articles.c
    query = select(c.id, c.guid, c.state, c.content_hash, c.duplicate_of).where(c.source == source).order_by(c.id)
    return [
        KnownRow(r.id, r.guid, ArticleState(r.state), r.content_hash, r.duplicate_of) for r in connection.execute(query)
    ]


def of_guid(connection: Connection, source: str, guid: str) -> KnownRow | None:
    """The article that has that identity within the source."""
    c = articles.c
    query = select(c.id, c.guid, c.state, c.content_hash, c.duplicate_of).where(c.source == source, c.guid == guid)
    r = connection.execute(query).one_or_none()
    return KnownRow(r.id, r.guid, ArticleState(r.state), r.content_hash, r.duplicate_of) if r else None


def holders(connection: Connection, prints: Iterable[str]) -> dict[str, int]:
    """Which article already holds each of these fingerprints; those that none holds are left out."""
    wanted = list(dict.fromkeys(prints))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        query = select(fingerprints.c.fingerprint, fingerprints.c.article_id).where(
            fingerprints.c.fingerprint.in_(wanted[start : start + 500])
        )
        found.update((row.fingerprint, row.article_id) for row in connection.execute(query))
    return found


def add(
    connection: Connection,
    source: str,
    content: Content,
    *,
    now: datetime,
    prints: Sequence[str] = (),
    state: ArticleState = ArticleState.CURRENT,
    numbered: bool = False,
    duplicate_of: int | None = None,
) -> int:
    """Stores a new article and returns its id; ``numbered`` gives it the next sequence number."""
    values = _columns(content) | {
        "source": source,
        "state": state,
        "sequence": next_sequence(connection) if numbered else None,
        "duplicate_of": duplicate_of,
        "slug": _free_slug(connection, content.slug),
        "dated_at": content.published_at or now,
        "picked_up_at": now,
        "changed_at": now,
    }
    article_id = int(connection.execute(insert(articles).returning(articles.c.id), values).scalar_one())
    _hold(connection, article_id, prints)
    originals.keep(connection, article_id, content.original)
    _index(connection, article_id, content)
    if numbered and state is ArticleState.CURRENT:
        _published(connection, [article_id], now=now)
    return article_id


def change(connection: Connection, article_id: int, content: Content, *, now: datetime, prints: Sequence[str]) -> None:
    """Replaces what the article says, but for what an editor put in other words; its identity, slug, place and state
    stay. ``content_hash`` is that of what the source shows.

    It counts as changed when readers see something else: a file that only moved is the same article.
    """
    shown = edits.laid_over(connection, article_id, content)
    values = _columns(shown) | {"content_hash": content.content_hash}
    is_same = articles.c.content_hash == content.content_hash
    values["changed_at"] = case(
        (is_same, articles.c.changed_at), else_=bindparam("now", now, articles.c.changed_at.type)
    )
    del values["slug"]
    if content.published_at:
        values["dated_at"] = content.published_at
    connection.execute(update(articles).where(articles.c.id == article_id).values(values))
    connection.execute(delete(fingerprints).where(fingerprints.c.article_id == article_id))
    _hold(connection, article_id, prints)
    originals.keep(connection, article_id, content.original)
    _index(connection, article_id, shown)


def reword(connection: Connection, article: Article, wanted: Words, *, by: str, now: datetime) -> None:
    """Puts it in an editor's words: feeds and the digests to come have them, whatever its source says later."""
    edit = edits.of(connection, article.id)
    edits.put(connection, article.id, wanted, edit.source if edit else edits.words_of(article), by=by, now=now)
    values = {"title": wanted.title, "summary": wanted.summary, "tags": list(wanted.tags), "changed_at": now}
    connection.execute(update(articles).where(articles.c.id == article.id).values(values))
    _index(connection, article.id, replace(article, title=wanted.title, summary=wanted.summary, tags=wanted.tags))


def set_state(connection: Connection, ids: Sequence[int], state: ArticleState, *, now: datetime) -> None:
    """Moves articles to a state, as withdrawing does."""
    if ids:
        query = update(articles).where(articles.c.id == bindparam("article_id")).values(state=state, changed_at=now)
        connection.execute(query, [{"article_id": one} for one in ids])


def readmit(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Makes those of ``ids`` current that were withdrawn, or duplicates again that were duplicates."""
    c = articles.c
    back = case((c.duplicate_of.is_(None), ArticleState.CURRENT.value), else_=ArticleState.DUPLICATE.value)
    query = update(articles).where(c.id.in_(ids), c.state == ArticleState.WITHDRAWN)
    connection.execute(query.values(state=back, changed_at=now))


def release(
    connection: Connection, source: str, *, now: datetime, numbered: bool, article_id: int | None = None
) -> int:
    """Lets the held articles of a source go, or one of them: current, and with ``numbered`` into the next digests.

    Returns how many.
    """
    held = and_(articles.c.source == source, articles.c.state == ArticleState.HELD)
    if article_id is not None:
        held = and_(held, articles.c.id == article_id)
    ids = (
        connection.execute(select(articles.c.id).where(held).order_by(articles.c.dated_at, articles.c.id))
        .scalars()
        .all()
    )
    for one in ids:
        number = next_sequence(connection) if numbered else None
        connection.execute(
            update(articles)
            .where(articles.c.id == one)
            .values(state=ArticleState.CURRENT, sequence=number, picked_up_at=now, changed_at=now)
        )
    _published(connection, ids, now=now)
    return len(ids)


def next_sequence(connection: Connection) -> int:
    """Takes the next pick-up number; its row stays locked to the transaction's end, so order is commit order."""
    query = update(counters).where(counters.c.name == "sequence").values(value=counters.c.value + 1)
    return int(connection.execute(query.returning(counters.c.value)).scalar_one())


def newest_sequence(connection: Connection) -> int:
    """The newest pick-up number given, 0 at the beginning."""
    return int(connection.execute(select(counters.c.value).where(counters.c.name == "sequence")).scalar_one())


def numbered_since(connection: Connection, watermark: int, upto: int) -> list[DigestRow]:
    """Current articles with ``watermark < sequence <= upto``, newest by date first."""
    c = articles.c
    # Asked for the state as well, SQLite would go through all articles in order of date.
    query = select(c.id, c.source, c.tags, c.sequence, c.state, c.dated_at)
    rows = connection.execute(query.where(c.sequence > watermark, c.sequence <= upto))
    current = [row for row in rows if row.state == ArticleState.CURRENT]
    current.sort(key=lambda row: (row.dated_at, row.sequence), reverse=True)
    return [DigestRow(r.id, r.source, tuple(r.tags), r.sequence) for r in current]


def current(connection: Connection, ids: Iterable[int]) -> list[DigestRow]:
    """Those of ``ids`` that are current, by id; ``sequence`` is 0 for one that has none."""
    c = articles.c
    query = select(c.id, c.source, c.tags, c.sequence).where(c.state == ArticleState.CURRENT, c.id.in_(ids))
    return [DigestRow(r.id, r.source, tuple(r.tags), r.sequence or 0) for r in connection.execute(query.order_by(c.id))]


def latest(
    connection: Connection,
    sources: Sequence[str],
    tags: Sequence[str],
    limit: int,
    *,
    state: ArticleState = ArticleState.CURRENT,
) -> list[Article]:
    """The newest articles by date of those sources that have one of ``tags`` (all when empty)."""
    c = articles.c
    query = select(*_COLUMNS).where(c.state == state, c.source.in_(sources)).order_by(c.dated_at.desc(), c.id.desc())
    wanted = {tag.casefold() for tag in tags}
    found: list[Article] = []
    for row in connection.execute(query, execution_options={"yield_per": limit}):
        if not wanted or wanted & {tag.casefold() for tag in row.tags}:
            found.append(_article(row))
            if len(found) == limit:
                break
    return found


def for_feeds(connection: Connection, sources: Sequence[str]) -> list[FeedRow]:
    """Every current article of those sources, newest by date first, without what it says."""
    c = articles.c
    query = select(*_FEED_ROW).where(c.state == ArticleState.CURRENT, c.source.in_(sources))
    rows = connection.execute(query.order_by(c.dated_at.desc(), c.id.desc()))
    return [FeedRow(*row) for row in rows]


def withdrawn(connection: Connection, sources: Sequence[str]) -> list[FeedRow]:
    """Every article of those sources that was withdrawn, the newest withdrawal first."""
    c = articles.c
    query = select(*_FEED_ROW, c.changed_at).where(
        c.state == ArticleState.WITHDRAWN, c.source.in_(sources), c.duplicate_of.is_(None)
    )
    return [FeedRow(*row) for row in connection.execute(query.order_by(c.changed_at.desc(), c.id.desc()))]


def by_ids(connection: Connection, ids: Sequence[int]) -> list[Article]:
    """The articles of those ids, in that order."""
    found: dict[int, Article] = {}
    for start in range(0, len(ids), 500):
        query = select(*_COLUMNS).where(articles.c.id.in_(ids[start : start + 500]))
        found.update((row.id, _article(row)) for row in connection.execute(query))
    return [found[one] for one in ids if one in found]


def by_slug(connection: Connection, slug: str) -> Article | None:
    """The article that pages know by that name."""
    row = connection.execute(select(*_COLUMNS).where(articles.c.slug == slug)).one_or_none()
    return _article(row) if row else None


def neighbours(connection: Connection, article: Article) -> tuple[Article | None, Article | None]:
    """The articles before and after, by date, of those that have their page here."""
    c = articles.c
    earlier = or_(c.dated_at < article.dated_at, and_(c.dated_at == article.dated_at, c.id < article.id))
    later = or_(c.dated_at > article.dated_at, and_(c.dated_at == article.dated_at, c.id > article.id))
    own = select(*_COLUMNS).where(OWN_PAGE).limit(1)
    before = connection.execute(own.where(earlier).order_by(c.dated_at.desc(), c.id.desc())).one_or_none()
    after = connection.execute(own.where(later).order_by(c.dated_at, c.id)).one_or_none()
    return _article(before) if before else None, _article(after) if after else None


def counts(connection: Connection) -> Mapping[tuple[str, ArticleState], int]:
    """How many articles each source has in each state."""
    query = select(articles.c.source, articles.c.state, func.count().label("n")).group_by(
        articles.c.source, articles.c.state
    )
    return {(row.source, ArticleState(row.state)): row.n for row in connection.execute(query)}


def tag_key(tag: str) -> str:
    """What two tags have in common that are the same to newsletters."""
    return tag.casefold()


def _published(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Has programs told."""
    c = articles.c
    happened = [
        Happened(
            Event.ARTICLE_PUBLISHED,
            f"article {row.id}",
            {"article_id": row.id, "source": row.source, "title": row.title, "url": row.url},
        )
        for row in connection.execute(select(c.id, c.source, c.title, c.url).where(c.id.in_(ids)).order_by(c.id))
    ]
    outbox.note(connection, happened, now=now)


def _index(connection: Connection, article_id: int, content: Content) -> None:
    """Keeps what an article is found by."""
    fulltext.keep(connection, article_id, content)
    connection.execute(delete(article_tags).where(article_tags.c.article_id == article_id))
    keys = {tag_key(tag) for tag in content.tags}
    if keys:
        connection.execute(insert(article_tags), [{"tag": key, "article_id": article_id} for key in sorted(keys)])


def _columns(content: Content) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(content, name) for name in _CONTENT}
    values["enclosures"] = [asdict(one) for one in content.enclosures]
    values |= {name: list(values[name]) for name in _TUPLES}
    values["content_hash"] = content.content_hash
    return values


def _article(row: Row[Any]) -> Article:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to see a row as a mapping
    values |= {name: tuple(values[name]) for name in _TUPLES}
    values["enclosures"] = tuple(Enclosure(**one) for one in values["enclosures"])
    values["state"] = ArticleState(values["state"])
    return Article(**values)


def _hold(connection: Connection, article_id: int, prints: Sequence[str]) -> None:
    taken = holders(connection, prints)
    free = [{"fingerprint": one, "article_id": article_id} for one in dict.fromkeys(prints) if one not in taken]
    if free:
        connection.execute(insert(fingerprints), free)


def _free_slug(connection: Connection, wanted: str) -> str:
    """``wanted``, or with the next number behind it when another article has that name.

    Numbers are taken one after the other, so the next is found by halving: articles without a name are many.
    """
    base = wanted or "article"
    if not _is_taken(connection, base):
        return base
    taken, free = 1, 2
    while _is_taken(connection, f"{base}-{free}"):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        if _is_taken(connection, f"{base}-{middle}"):
            taken = middle
        else:
            free = middle
    return f"{base}-{free}"


def _is_taken(connection: Connection, slug: str) -> bool:
    return connection.execute(select(articles.c.id).where(articles.c.slug == slug)).first() is not None
