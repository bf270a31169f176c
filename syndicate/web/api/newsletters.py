"""``/newsletters``: what readers can subscribe to, how many do, and what is due next."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from fastapi.responses import Response
from pydantic import BaseModel, Field

from syndicate import settings
from syndicate.desk.tokens import Scope
from syndicate.digest.upcoming import Upcoming, upcoming
from syndicate.errors import NotFoundError
from syndicate.model import SubscriptionState
from syndicate.store import subscribers
from syndicate.web.api.call import Call, Called
from syndicate.web.api.entrance import needs, room

router = room("newsletters")


class Due(BaseModel):
    """The next digest of a cadence."""

    cadence: str = Field(examples=["weekly"])
    due_at: datetime | None = Field(description="Null: as soon as there is an article.")
    articles: int = Field(description="How many are new since its last digest.", examples=[3])
    readers: int = Field(description="How many chose this cadence.", examples=[1200])


class Newsletter(BaseModel):
    """What a reader subscribes to. It is set in `syndicate.toml`, or in the console."""

    slug: str = Field(description="Its name in addresses.", examples=["daily"])
    title: str = Field(examples=["The Daily Brief"])
    description: str
    url: str = Field(description="Its page.", examples=["https://news.example/daily"])
    language: str = Field(examples=["en"])
    sender: str = Field(examples=["Lakeside Courier <news@lakeside.example>"])
    reply_to: str | None
    sources: list[str] = Field(description="Names of sources; empty means all.")
    tags: list[str] = Field(description="Only articles with one of these; empty means all.")
    timezone: str = Field(examples=["Europe/Belgrade"])
    cadences: dict[str, str] = Field(
        description="Name → five-field cron expression, or `instant`.", examples=[{"weekly": "0 7 * * mon"}]
    )
    review: bool = Field(description="Whether digests wait until somebody approves them.")
    readers: dict[SubscriptionState, int] = Field(description="Subscriptions by state.", examples=[{"active": 1200}])
    next: list[Due] = Field(description="What is due next, the soonest first.")


class Newsletters(BaseModel):
    """All of them; there are never so many that pages are needed."""

    data: list[Newsletter]


@router.get("/newsletters", response_model=Newsletters, **needs(Scope.READ))
def list_newsletters(call: Called) -> Response:
    """Every newsletter, in the order of the settings."""
    return call.shown(Newsletters(data=_shown(call, call.app.settings.newsletters)))


@router.get("/newsletters/{slug}", response_model=Newsletter, **needs(Scope.READ, 404))
def get_newsletter(call: Called, slug: str) -> Response:
    """One newsletter."""
    known = call.app.settings.newsletters
    found = [one for one in known if one.slug == slug]
    if not found:
        raise NotFoundError("newsletter", slug, [one.slug for one in known])
    return call.shown(_shown(call, found)[0])


def _shown(call: Call, found: list[settings.Newsletter] | tuple[settings.Newsletter, ...]) -> list[Newsletter]:
    app = call.app
    with call.store.read() as connection:
        coming = upcoming(app.settings, connection, call.now)
        counts = subscribers.counts(connection)
    readers: dict[str, Counter[SubscriptionState]] = {one.slug: Counter() for one in found}
    for (slug, _, state), count in counts.items():
        if slug in readers:
            readers[slug][state] += count
    return [_one(app.settings, one, readers[one.slug], coming) for one in found]


def _one(
    all_: settings.Settings, one: settings.Newsletter, readers: Counter[SubscriptionState], coming: list[Upcoming]
) -> Newsletter:
    return Newsletter(
        slug=one.slug,
        title=one.title,
        description=one.description,
        url=f"{all_.site.url}/{one.slug}",
        language=one.language or all_.site.language,
        sender=one.sender,
        reply_to=one.reply_to,
        sources=list(one.sources),
        tags=list(one.tags),
        timezone=one.timezone,
        cadences=one.cadences,
        review=one.review,
        readers={state: readers[state] for state in SubscriptionState},
        next=[
            Due(cadence=due.cadence, due_at=due.due_at, articles=due.articles, readers=due.readers)
            for due in coming
            if due.newsletter.slug == one.slug
        ],
    )
