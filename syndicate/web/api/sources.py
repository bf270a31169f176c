"""``/sources``: where articles come from, and how each source was at the last look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from fastapi.responses import Response
from pydantic import BaseModel, Field

from syndicate.desk.tokens import Scope
from syndicate.errors import NotFoundError
from syndicate.model import ArticleState, SourceState, SourceStatus
from syndicate.settings import ApiSource, FolderSource, SourceSettings
from syndicate.settings.masked import without_password
from syndicate.store import articles, sources
from syndicate.web.api.call import Call, Called
from syndicate.web.api.entrance import needs, room

router = room("sources")


class Source(BaseModel):
    """Where articles are picked up. It is set in `syndicate.toml`, or in the console."""

    name: str = Field(examples=["newsroom"])
    kind: Literal["folder", "feed", "wordpress", "api"]
    place: str | None = Field(description="A folder, or an address without its password; null for kind `api`.")
    state: SourceState
    checked_at: datetime | None = Field(description="When it was looked at last.")
    succeeded_at: datetime | None
    next_at: datetime | None = Field(description="When it is looked at next.")
    failures: int = Field(description="How many looks in a row failed.", examples=[0])
    error: str = Field(description="What went wrong at the last one.")
    articles: dict[ArticleState, int] = Field(description="How many there are of it, by state.")


class Sources(BaseModel):
    """All of them; there are never so many that pages are needed."""

    data: list[Source]


@router.get("/sources", response_model=Sources, **needs(Scope.READ))
def list_sources(call: Called) -> Response:
    """Every source, in the order of the settings."""
    return call.shown(Sources(data=_shown(call, list(call.app.settings.sources))))


@router.get("/sources/{name}", response_model=Source, **needs(Scope.READ, 404))
def get_source(call: Called, name: str) -> Response:
    """One source."""
    known = call.app.settings.sources
    found = [one for one in known if one.name == name]
    if not found:
        raise NotFoundError("source", name, [one.name for one in known])
    return call.shown(_shown(call, found)[0])


def _shown(call: Call, found: list[SourceSettings]) -> list[Source]:
    with call.store.read() as connection:
        states, counts = sources.every(connection), articles.counts(connection)
    return [_one(one, states.get(one.name, SourceStatus(name=one.name)), counts) for one in found]


def _one(one: SourceSettings, status: SourceStatus, counts: Mapping[tuple[str, ArticleState], int]) -> Source:
    return Source(
        name=one.name,
        kind=one.kind,
        place=_place(one),
        state=status.state,
        checked_at=status.checked_at,
        succeeded_at=status.succeeded_at,
        next_at=status.next_at,
        failures=status.failures,
        error=status.error,
        articles={state: counts.get((one.name, state), 0) for state in ArticleState},
    )


def _place(one: SourceSettings) -> str | None:
    if isinstance(one, ApiSource):
        return None
    return str(one.path) if isinstance(one, FolderSource) else without_password(one.url)
