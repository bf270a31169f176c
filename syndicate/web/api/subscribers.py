"""``/subscribers``: who reads, and what each of them gets."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.desk.tokens import Scope
from syndicate.errors import NotFoundError
from syndicate.model import Channel, DeliveryState, SubscriptionState
from syndicate.store import history, seek
from syndicate.store.seek import Found, Sought
from syndicate.web.api.call import Called, Id
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word
from syndicate.web.api.paging import Page, Paged

router = room("subscribers")


class Subscription(BaseModel):
    """One subscriber × one newsletter."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[77])
    newsletter: str = Field(examples=["daily"])
    state: SubscriptionState
    cadence: str = Field(examples=["weekly"])
    topics: list[str] = Field(description="Only articles with one of these; empty means all.", examples=[["harbour"]])
    channel: Channel
    resume_at: datetime | None = Field(description="When a pause ends; null while paused: when the reader says so.")


class Subscriber(BaseModel):
    """A person, known by one address."""

    id: int = Field(examples=[7])
    email: str = Field(examples=["ana@reader.example"])
    name: str = Field(examples=["Ana"])
    language: str | None = Field(examples=["sr-Latn"])
    timezone: str | None = Field(examples=["Europe/Belgrade"])
    tags: list[str] = Field(examples=[["member"]])
    attributes: dict[str, str] = Field(examples=[{"city": "Lakeside"}])
    created_at: datetime
    is_suppressed: bool = Field(description="Whether the address is banned from mail.")
    subscriptions: list[Subscription]


class Sent(BaseModel):
    """One mail that a digest owed them."""

    model_config = ConfigDict(from_attributes=True)

    digest: int
    newsletter: str
    subject: str
    state: DeliveryState
    attempts: int
    planned_at: datetime
    finished_at: datetime | None
    reply: str = Field(description="The server's last words.")


@router.get("/subscribers", response_model=Page[Subscriber], **needs(Scope.READERS_READ))
def list_subscribers(
    call: Called,
    paging: Paged,
    newsletter: Word = "",
    state: SubscriptionState | None = None,
    topic: Word = "",
    tag: Word = "",
    *,
    suppressed: bool = False,
) -> Response:
    """Who fits, the newest first. `newsletter`, `state` and `topic` are those of one subscription."""
    sought = Sought(newsletter=newsletter, state=state, topic=topic, tag=tag, suppressed=suppressed)
    with call.store.read() as connection:
        found = seek.find(connection, sought, limit=paging.more, before_id=paging.after_id)
    return call.shown(paging.page(found, shown, lambda one: (one.subscriber.id,)))


@router.get("/subscribers/{id}", response_model=Subscriber, **needs(Scope.READERS_READ, 404))
def get_subscriber(call: Called, id: Id) -> Response:  # noqa: A002 - the address names it so, here and below
    """One subscriber."""
    with call.store.read() as connection:
        found = seek.person(connection, id)
    if found is None:
        raise NotFoundError("subscriber", id)
    return call.shown(shown(found))


@router.get("/subscribers/{id}/deliveries", response_model=Page[Sent], **needs(Scope.READERS_READ, 404))
def list_sent(call: Called, id: Id, paging: Paged) -> Response:  # noqa: A002
    """What digests owed them, the newest first."""
    with call.store.read() as connection:
        if seek.person(connection, id) is None:
            raise NotFoundError("subscriber", id)
        found = history.sent(connection, id, limit=paging.more, before_digest=paging.after_id)
    return call.shown(paging.page(found, Sent.model_validate, lambda one: (one.digest,)))


def shown(found: Found) -> Subscriber:
    """As the API shows them."""
    person = found.subscriber
    return Subscriber(
        id=person.id,
        email=person.email,
        name=person.name,
        language=person.language,
        timezone=person.timezone,
        tags=list(person.tags),
        attributes=dict(person.attributes),
        created_at=found.created_at,
        is_suppressed=found.is_suppressed,
        subscriptions=[Subscription.model_validate(one) for one in found.subscriptions],
    )
