"""``/suppressions``: addresses to which nothing is sent, and why."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.audience import choices
from syndicate.audience.address import normalise
from syndicate.desk.tokens import Scope
from syndicate.errors import ConflictError, NotFoundError
from syndicate.store import Connection, audit, subscribers, suppressions
from syndicate.web.api.call import Call, Called, done
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.paging import Page, Paged

router = room("suppressions")


class Suppression(BaseModel):
    """A standing ban on an address."""

    email: str = Field(examples=["gone@reader.example"])
    reason: str = Field(examples=["no such mailbox"])
    created_at: datetime


class Ban(BaseModel):
    """An address, and why."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320, examples=["gone@reader.example"])
    reason: str = Field(
        min_length=1, max_length=200, description="Kept with what was done.", examples=["asked by phone"]
    )


@router.get("/suppressions", response_model=Page[Suppression], **needs(Scope.READERS_READ))
def list_suppressions(call: Called, paging: Paged) -> Response:
    """All of them, in the order of their addresses."""
    after = paging.after
    with call.store.read() as connection:
        found = suppressions.page(connection, after=after[0] if after else "", limit=paging.more)
    return call.shown(paging.page(found, lambda one: _one(*one), lambda one: (one[0],)))


@router.post("/suppressions", response_model=Suppression, status_code=201, **needs(Scope.READERS_WRITE))
def add_suppression(call: Called, ban: Ban) -> Response:
    """Ban an address from mail, from this moment on, whether it is a subscriber's or not."""
    email, reason = normalise(ban.email), choices.said_reason_of(ban.reason)
    with call.store.write() as connection:
        if not suppressions.add(connection, email, f"by {call.by.name}: {reason}", now=call.now):
            raise ConflictError("this address is banned from mail already")
        _note(connection, call, "suppressed", email, reason)
        found = suppressions.of_address(connection, email)
        assert found is not None
    return done(_one(email, found), 201)


@router.post("/suppressions/lift", status_code=204, response_model=None, **needs(Scope.READERS_WRITE, 404))
def lift_suppression(call: Called, ban: Ban) -> Response:
    """End a ban. It is posted, for addresses of requests get into logs, and readers' must not."""
    email, reason = normalise(ban.email), choices.said_reason_of(ban.reason)
    with call.store.write() as connection:
        if not suppressions.lift(connection, email):
            raise NotFoundError("suppression of", "this address")
        _note(connection, call, "lifted the suppression", email, reason)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


def _note(connection: Connection, call: Call, act: str, email: str, reason: str) -> None:
    """The log knows subscribers by number, and no address."""
    known = subscribers.ids_of(connection, [email]).get(email)
    about = f"subscriber {known}" if known else "an address that is nobody's"
    audit.note(connection, call.by.name, act, about=about, detail=reason, ip=call.by.ip, now=call.now)


def _one(email: str, found: suppressions.Suppression) -> Suppression:
    return Suppression(email=email, reason=found.reason, created_at=found.created_at)
