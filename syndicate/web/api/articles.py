"""``/articles``: what was picked up, listed and whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate import model
from syndicate.desk import words
from syndicate.desk.tokens import Scope
from syndicate.errors import ConflictError, NotFoundError, SyndicateError
from syndicate.model import ArticleState, DigestState
from syndicate.pickup.release import release
from syndicate.store import Connection, articles, audit, browse, edits
from syndicate.store.browse import Place, Wanted
from syndicate.store.words import parse
from syndicate.web.api.call import Call, Called, Id, done
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word
from syndicate.web.api.paging import Page, Paged

router = room("articles")

_MOST_DIGESTS = 100


class ArticleInList(BaseModel):
    """An article, without what it says."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[7])
    source: str = Field(examples=["newsroom"])
    title: str = Field(examples=["The ferry sails again"])
    tags: list[str]
    dated_at: datetime = Field(description="When it was published, as far as is known; lists are ordered by it.")
    sequence: int | None = Field(description="Its place in the order of pick-up; null: it is in no digest by itself.")


class Enclosure(BaseModel):
    """A file that belongs to it."""

    model_config = ConfigDict(from_attributes=True)

    url: str
    type: str = Field(examples=["audio/mpeg"])
    length: int = Field(description="In bytes; 0 when it is not known.")


class Appearance(BaseModel):
    """A digest that has it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    newsletter: str
    state: DigestState
    due_at: datetime


class Article(ArticleInList):
    """One published piece, cleaned."""

    guid: str = Field(description="Its identity within the source.", examples=["2026/ferry.md"])
    state: ArticleState
    slug: str = Field(description="Its name in addresses here.")
    url: str | None = Field(description="Its own page; null when that is here.")
    summary: str = Field(description="Plain text.")
    html: str
    text: str
    authors: list[str]
    language: str | None
    image: str | None
    enclosures: list[Enclosure]
    published_at: datetime | None
    updated_at: datetime | None
    picked_up_at: datetime
    changed_at: datetime
    duplicate_of: int | None
    digests: list[Appearance] = Field(description="The newest hundred that have it.")


@router.get("/articles", response_model=Page[ArticleInList], **needs(Scope.READ))
def list_articles(
    call: Called,
    paging: Paged,
    state: ArticleState = ArticleState.CURRENT,
    source: Word = "",
    tag: Word = "",
    q: Annotated[Word, Query(description="Words that stand in it; the newest thousand that fit are found.")] = "",
) -> Response:
    """The newest by date first."""
    wanted = Wanted(state=state, source=source, tag=tag, query=parse(q))
    after = paging.after
    place = Place(datetime.fromisoformat(after[0]), after[1]) if after else None
    nothing = q and not wanted.query
    with call.store.read() as connection:
        found = [] if nothing else browse.page(connection, wanted, after=place, limit=paging.more)
    return call.shown(paging.page(found, ArticleInList.model_validate, lambda one: (one.dated_at.isoformat(), one.id)))


@router.get("/articles/{id}", response_model=Article, **needs(Scope.READ, 404))
def get_article(call: Called, id: Id) -> Response:  # noqa: A002 - the address names it so
    """All of one article."""
    with call.store.read() as connection:
        return call.shown(_whole(connection, id))


class Wording(BaseModel):
    """An article in other words than its source's; what is left out stays. They outlive what the source says later."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, min_length=1, max_length=words.LONGEST_TITLE)
    summary: str | None = Field(None, max_length=words.LONGEST_SUMMARY)
    tags: list[str] | None = Field(None, max_length=words.MOST_TAGS)


class Release(BaseModel):
    """Where a held article is to go."""

    model_config = ConfigDict(extra="forbid")

    into: Literal["digests", "feeds"] = Field("digests", description="`digests`: into both.")


@router.patch("/articles/{id}", response_model=Article, **needs(Scope.ARTICLES_WRITE, 404, 412))
def change_article(call: Called, id: Id, wording: Wording) -> Response:  # noqa: A002
    """Put it in other words. With `If-Match` only if nobody else did meanwhile."""
    with call.store.write() as connection:
        found = _one(connection, id)
        call.expects(_whole(connection, id))
        said = edits.words_of(found)
        tags = said.tags if wording.tags is None else wording.tags
        wanted, problems = words.read(
            said.title if wording.title is None else wording.title,
            said.summary if wording.summary is None else wording.summary,
            ",".join(tags),
        )
        if problems:
            raise SyndicateError("; ".join(f"{name}: {why}" for name, why in problems.items()))
        changed = [name for name in ("title", "summary", "tags") if getattr(wanted, name) != getattr(said, name)]
        if changed:
            articles.reword(connection, found, wanted, by=call.by.name, now=call.now)
            _note(connection, call, "edited", id, ", ".join(changed))
        after = _whole(connection, id)
    call.app.jobs.fresh.ring()
    return done(after)


@router.post("/articles/{id}/release", response_model=Article, **needs(Scope.ARTICLES_WRITE, 404))
def release_article(call: Called, id: Id, wanted: Release | None = None) -> Response:  # noqa: A002
    """Let a held one go."""
    feeds_only = bool(wanted and wanted.into == "feeds")
    with call.store.write() as connection:
        found = _one(connection, id)
        if found.state is not ArticleState.HELD:
            raise ConflictError(f"article {id} is {found.state}; only one that is held can be released")
        release(connection, found.source, now=call.now, publish_only=feeds_only, article_id=id)
        _note(connection, call, "released", id, "into feeds only" if feeds_only else "into feeds and digests")
        after = _whole(connection, id)
    call.app.jobs.fresh.ring()
    return done(after)


def _note(connection: Connection, call: Call, act: str, article_id: int, detail: str) -> None:
    about = f"article {article_id}"
    audit.note(connection, call.by.name, act, about=about, detail=detail, ip=call.by.ip, now=call.now)


def _one(connection: Connection, article_id: int) -> model.Article:
    found = articles.by_ids(connection, [article_id])
    if not found:
        raise NotFoundError("article", article_id)
    return found[0]


def _whole(connection: Connection, article_id: int) -> Article:
    digests = browse.appeared(connection, [article_id], most=_MOST_DIGESTS)[article_id]
    return _shown(_one(connection, article_id), digests)


def _shown(article: model.Article, digests: list[browse.Appeared]) -> Article:
    values = {name: getattr(article, name) for name in Article.model_fields if name != "digests"}
    return Article.model_validate(values | {"digests": digests})
