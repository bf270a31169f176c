"""``/subscriptions``: what one subscriber gets of one newsletter: chosen, paused, resumed, ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from syndicate import model
from syndicate.audience import preferences
from syndicate.audience.moves import existing
from syndicate.audience.subscribe import Evidence, leave
from syndicate.desk.tokens import Scope
from syndicate.errors import ConflictError
from syndicate.model import SubscriptionState, Via
from syndicate.store import Connection, subscribers
from syndicate.web.api.call import Call, Called, Id, done
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word
from syndicate.web.api.paging import Page, Paged
from syndicate.web.api.people import note
from syndicate.web.api.subscribers import Subscription

router = room("subscriptions")


class OwnedSubscription(Subscription):
    """One subscriber × one newsletter."""

    subscriber_id: int = Field(examples=[7])


class Choice(BaseModel):
    """What is to change of it; what is left out stays. Nothing is missed, and nothing comes twice."""

    model_config = ConfigDict(extra="forbid")

    cadence: str | None = Field(None, max_length=60, examples=["weekly"])
    topics: list[str] | None = Field(None, max_length=100, description="Empty means all.", examples=[["harbour"]])


class Pause(BaseModel):
    """How long nothing is sent."""

    model_config = ConfigDict(extra="forbid")

    until: AwareDatetime = Field(description="Within 52 weeks; what was missed comes with the first digest afterwards.")


_CHANGES = needs(Scope.READERS_WRITE, 404, 412)


@router.get("/subscriptions", response_model=Page[OwnedSubscription], **needs(Scope.READERS_READ))
def list_subscriptions(
    call: Called, paging: Paged, newsletter: Word = "", state: SubscriptionState | None = None
) -> Response:
    """Those of readers who were not erased, the oldest first."""
    with call.store.read() as connection:
        found = subscribers.page(
            connection, newsletter=newsletter, state=state, after=paging.after_id or 0, limit=paging.more
        )
    return call.shown(paging.page(found, _shown, lambda one: (one.id,)))


@router.get("/subscriptions/{id}", response_model=OwnedSubscription, **needs(Scope.READERS_READ, 404))
def get_subscription(call: Called, id: Id) -> Response:  # noqa: A002 - the address names it so, here and below
    """One subscription."""
    with call.store.read() as connection:
        return call.shown(_shown(existing(connection, id)))


@router.patch("/subscriptions/{id}", response_model=OwnedSubscription, **_CHANGES)
def change_subscription(call: Called, id: Id, choice: Choice) -> Response:  # noqa: A002
    """Change how often, and about what. With `If-Match` only if nobody else did meanwhile."""
    newsletters = call.app.settings.newsletters
    with _changing(call, id, "changed a subscription") as connection:
        store = call.store.within(connection)
        preferences.choose(store, newsletters, id, cadence=choice.cadence, topics=choice.topics, now=call.now)
        return done(_shown(existing(connection, id)))


@router.post("/subscriptions/{id}/pause", response_model=OwnedSubscription, **_CHANGES)
def pause_subscription(call: Called, id: Id, pause: Pause) -> Response:  # noqa: A002
    """Send nothing for a while."""
    with _changing(call, id, "paused a subscription") as connection:
        preferences.pause(call.store.within(connection), id, pause.until, now=call.now)
        return done(_shown(existing(connection, id)))


@router.post("/subscriptions/{id}/resume", response_model=OwnedSubscription, **_CHANGES)
def resume_subscription(call: Called, id: Id) -> Response:  # noqa: A002
    """End a pause."""
    with _changing(call, id, "resumed a subscription") as connection:
        if not preferences.resume(call.store.within(connection), id, now=call.now):
            raise ConflictError("that subscription is not paused")
        return done(_shown(existing(connection, id)))


@router.delete("/subscriptions/{id}", response_model=OwnedSubscription, **_CHANGES)
def end_subscription(call: Called, id: Id) -> Response:  # noqa: A002
    """End it; the row stays, for the ledger refers to it."""
    evidence = Evidence(via=Via.CLI, source=f"ended by {call.by.name}", asked_at=call.now)
    with _changing(call, id, "ended a subscription") as connection:
        if not leave(connection, existing(connection, id), evidence, now=call.now):
            raise ConflictError("that subscription has ended already")
        return done(_shown(existing(connection, id)))


@contextmanager
def _changing(call: Call, subscription_id: int, act: str) -> Iterator[Connection]:
    """A transaction that notes, when all went well, who did what."""
    with call.store.write() as connection:
        held = existing(connection, subscription_id)
        call.expects(_shown(held))
        yield connection
        note(connection, call, act, held.subscriber, held.newsletter)


def _shown(held: model.Subscription) -> OwnedSubscription:
    one = Subscription.model_validate(held)
    return OwnedSubscription(**one.model_dump(), subscriber_id=held.subscriber.id)
