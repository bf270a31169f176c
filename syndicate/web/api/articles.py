"""``/articles``: what was picked up, listed and whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate import model
from syndicate.desk.tokens import Scope
from syndicate.errors import NotFoundError
from syndicate.model import ArticleState, DigestState
from syndicate.store import articles, browse
from syndicate.store.browse import Place, Wanted
from syndicate.store.words import parse
from syndicate.web.api.call import Called, Id
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
        found = articles.by_ids(connection, [id])
        digests = browse.appeared(connection, [id], most=_MOST_DIGESTS)[id]
    if not found:
        raise NotFoundError("article", id)
    return call.shown(shown(found[0], digests))


def shown(article: model.Article, digests: list[browse.Appeared]) -> Article:
    """As the API shows it."""
    values = {name: getattr(article, name) for name in Article.model_fields if name != "digests"}
    return Article.model_validate(values | {"digests": digests})
