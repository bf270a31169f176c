"""``/deliveries``: what became of a digest for each reader, with every attempt and what came back."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.desk.tokens import Scope
from syndicate.errors import NotFoundError
from syndicate.model import DeliveryState, ReturnKind
from syndicate.store import digests, results
from syndicate.store.results import Result, Standing, Wanted
from syndicate.web.api.call import Called, Id
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word
from syndicate.web.api.paging import Page, Paged

router = room("deliveries")


class Attempt(BaseModel):
    """One try, with what the relay said at its end."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(examples=[1])
    began_at: datetime
    ended_at: datetime
    outcome: DeliveryState
    code: int | None = Field(description="Of SMTP; null where the relay gave none.", examples=[250])
    relay: str
    reply: str = Field(examples=["250 2.0.0 queued"])


class CameBack(BaseModel):
    """A bounce or a complaint."""

    model_config = ConfigDict(from_attributes=True)

    kind: ReturnKind
    reason: str = Field(examples=["no such mailbox"])
    status: str = Field(description="RFC 3463; empty where none was told.", examples=["5.1.1"])
    said: str
    came_at: datetime


class Delivery(BaseModel):
    """One mail owed, and what became of it."""

    id: int = Field(examples=[901])
    digest: int = Field(examples=[12])
    subscription: int = Field(examples=[77])
    subscriber: int = Field(examples=[7])
    email: str | None = Field(description="Null when its reader was erased.", examples=["ana@reader.example"])
    state: DeliveryState
    is_open: bool = Field(description="Whether it is uncertain and waits for a decision.")
    due_at: datetime | None = Field(description="When a queued one may be tried.")
    reply: str = Field(description="Why it stands so, where no attempt says it.")
    attempts: list[Attempt]
    came_back: list[CameBack]


@router.get("/digests/{id}/deliveries", response_model=Page[Delivery], **needs(Scope.READERS_READ, 404))
def list_deliveries(
    call: Called,
    id: Id,  # noqa: A002 - the address names it so
    paging: Paged,
    standing: Standing | None = None,
    domain: Word = "",
) -> Response:
    """Those of a digest, in the order of their subscriptions."""
    wanted = Wanted(standing=standing, domain=domain.lower())
    with call.store.read() as connection:
        digests.get(connection, id)
        found = results.of_digest(connection, id, wanted, after=paging.after_id or 0, limit=paging.more)
    return call.shown(paging.page(found, lambda one: _one(id, one), lambda one: (one.subscription_id,)))


@router.get("/deliveries/{id}", response_model=Delivery, **needs(Scope.READERS_READ, 404))
def get_delivery(call: Called, id: Id) -> Response:  # noqa: A002
    """One delivery."""
    with call.store.read() as connection:
        owed = results.whose(connection, id)
        if owed is None:
            raise NotFoundError("delivery", id)
        digest_id, subscription_id = owed
        [found] = results.of_digest(connection, digest_id, Wanted(subscription_id=subscription_id), limit=1)
    return call.shown(_one(digest_id, found))


def _one(digest_id: int, found: Result) -> Delivery:
    return Delivery(
        id=found.id,
        digest=digest_id,
        subscription=found.subscription_id,
        subscriber=found.subscriber_id,
        email=None if found.is_erased else found.email,
        state=found.state,
        is_open=found.is_open,
        due_at=found.due_at,
        reply=found.reply,
        attempts=[Attempt.model_validate(one) for one in found.tries],
        came_back=[CameBack.model_validate(one) for one in found.came],
    )
