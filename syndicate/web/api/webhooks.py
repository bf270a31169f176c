"""``/webhooks``: programs that are told what happens, each by signed messages."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from syndicate.desk import listeners
from syndicate.desk.tokens import Scope
from syndicate.model import ASKED_FOR, Event
from syndicate.outbox.signing import secret_of
from syndicate.render.tokens import listener_key
from syndicate.store import listeners as rows
from syndicate.store import outbox
from syndicate.store.listeners import Listener
from syndicate.store.outbox import Fate
from syndicate.web.api.call import Call, Called, Id, done
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.paging import Page, Paged

router = room("webhooks")

_EVENTS = "Of which events it is told: " + ", ".join(f"`{one}`" for one in ASKED_FOR) + "."


class Webhook(BaseModel):
    """A program that is told what happens."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[3])
    address: str = Field(examples=["https://crm.example/hooks/news"])
    events: list[Event] = Field(description=_EVENTS, examples=[["subscriber.left"]])
    created_by: str
    created_at: datetime
    told_at: datetime | None = Field(description="When it took something last.")
    waiting: int = Field(description="How many messages it is yet to be told.")
    failures: int = Field(description="How many tries in a row failed.")
    failing_since: datetime | None
    error: str = Field(description="What went wrong at the last one.")
    ended_at: datetime | None = Field(description="When it was given up; change or test it, and it goes on.")


class NewWebhook(Webhook):
    """A program that is told what happens, with its secret, which is never shown again."""

    secret: str = Field(description="What its messages are signed with.", examples=["whsec_c2VjcmV0"])


class Webhooks(BaseModel):
    """All of them; there are fifty at most."""

    data: list[Webhook]


class Wanted(BaseModel):
    """Who wants to know what."""

    model_config = ConfigDict(extra="forbid")

    address: str = Field(max_length=2000, examples=["https://crm.example/hooks/news"])
    events: list[Event] = Field(description=_EVENTS, max_length=50, examples=[["subscriber.left"]])


class Changes(BaseModel):
    """What is to change of it; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    address: str | None = Field(None, max_length=2000)
    events: list[Event] | None = Field(None, description=_EVENTS, max_length=50)


class Since(BaseModel):
    """From when on."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime


class Message(BaseModel):
    """Something that it was told, or is to be."""

    id: str = Field(description="Its `webhook-id`, the same at every try.", examples=["msg_77"])
    event: Event
    subject: str = Field(description="Messages about one subject come in order.", examples=["subscriber 7"])
    body: str = Field(description="What is sent.")
    happened_at: datetime
    fate: Fate
    attempts: int
    next_at: datetime = Field(description="When a queued one is told next.")
    said: str = Field(description="What was answered last.")


class Replayed(BaseModel):
    """How much is told again."""

    messages: int


_CHANGES = needs(Scope.WEBHOOKS, 404, 412)


@router.get("/webhooks", response_model=Webhooks, **needs(Scope.WEBHOOKS))
def list_webhooks(call: Called) -> Response:
    """Every webhook."""
    with call.store.read() as connection:
        found = rows.every(connection)
    return call.shown(Webhooks(data=[Webhook.model_validate(one) for one in found]))


@router.get("/webhooks/{id}", response_model=Webhook, **needs(Scope.WEBHOOKS, 404))
def get_webhook(call: Called, id: Id) -> Response:  # noqa: A002 - the address names it so, here and below
    """One webhook."""
    with call.store.read() as connection:
        return call.shown(Webhook.model_validate(listeners.get(connection, id)))


@router.post("/webhooks", response_model=NewWebhook, status_code=201, **needs(Scope.WEBHOOKS))
def add_webhook(call: Called, wanted: Wanted) -> Response:
    """Have a program told what happens from now on. Its secret is in this answer, and in no other."""
    one = listeners.add(call.store, wanted.address, wanted.events, by=call.by, now=call.now)
    where = {"Location": f"{call.app.settings.site.url}/api/v1/webhooks/{one.id}"}
    return done(NewWebhook(**Webhook.model_validate(one).model_dump(), secret=_secret(call, one)), 201, where)


@router.patch("/webhooks/{id}", response_model=Webhook, **_CHANGES)
def change_webhook(call: Called, id: Id, changes: Changes) -> Response:  # noqa: A002
    """Change where it is, or what it is told. One that was given up goes on."""
    with call.store.write() as connection:
        one = listeners.get(connection, id)
        call.expects(Webhook.model_validate(one))
        after = listeners.change(connection, one, **changes.model_dump(), by=call.by, now=call.now)
    return done(Webhook.model_validate(after))


@router.delete("/webhooks/{id}", status_code=204, response_model=None, **_CHANGES)
def remove_webhook(call: Called, id: Id) -> Response:  # noqa: A002
    """Tell it nothing any more."""
    with call.store.write() as connection:
        one = listeners.get(connection, id)
        call.expects(Webhook.model_validate(one))
        listeners.remove(connection, one, by=call.by, now=call.now)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


@router.get("/webhooks/{id}/messages", response_model=Page[Message], **needs(Scope.WEBHOOKS, 404))
def list_messages(call: Called, id: Id, paging: Paged) -> Response:  # noqa: A002
    """What it was told in the last thirty days, or is to be, the newest first."""
    with call.store.read() as connection:
        listeners.get(connection, id)
        found = outbox.messages(connection, id, before_id=paging.after_id, limit=paging.more)
    return call.shown(paging.page(found, _message, lambda one: (one.id,)))


@router.post("/webhooks/{id}/test", response_model=Message, status_code=202, **needs(Scope.WEBHOOKS, 404))
def test_webhook(call: Called, id: Id) -> Response:  # noqa: A002
    """Tell it a `webhook.test`, a moment later; `/messages` says what became of it."""
    listeners.test(call.store, id, by=call.by, now=call.now)
    with call.store.read() as connection:
        [newest] = outbox.messages(connection, id, limit=1)
    return done(_message(newest), 202)


@router.post("/webhooks/{id}/replay", response_model=Replayed, status_code=202, **needs(Scope.WEBHOOKS, 404))
def replay_webhook(call: Called, id: Id, wanted: Since) -> Response:  # noqa: A002
    """Tell it again all that happened since, under the same ids."""
    count = listeners.replay(call.store, id, wanted.since, by=call.by, now=call.now)
    return done(Replayed(messages=count), 202)


def _secret(call: Call, one: Listener) -> str:
    return secret_of(listener_key(call.app.settings.site.secret.get_secret_value(), one.nonce))


def _message(one: outbox.Message) -> Message:
    return Message(**(one._asdict() | {"id": f"msg_{one.id}"}))
