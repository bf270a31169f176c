"""``/events``: what happened, the newest first: bounces, complaints, consents, and who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.desk.tokens import Scope
from syndicate.model import ConsentKind, ReturnKind, Via
from syndicate.store import audit, events
from syndicate.web.api.call import Call, Called
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word
from syndicate.web.api.paging import Page, Paged, Paging

router = room("events")

_BOUNCES = (ReturnKind.HARD, ReturnKind.SOFT, ReturnKind.LATE)


class CameBack(BaseModel):
    """A bounce, or a complaint."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: ReturnKind
    subscriber_id: int
    delivery_id: int | None = Field(description="Null where no delivery could be told.")
    digest_id: int | None
    reason: str = Field(examples=["no such mailbox"])
    status: str = Field(description="RFC 3463; empty where none was told.", examples=["5.1.1"])
    said: str = Field(description="The server's words.")
    source: str = Field(description="Who told: `mail` or a provider.", examples=["mail"])
    came_at: datetime


class Consent(BaseModel):
    """What a reader said of a newsletter."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    subscriber_id: int
    newsletter: str
    kind: ConsentKind
    via: Via
    source: str = Field(description="More about the way by which it came: a file's name, an operator.")
    wording: str = Field(description="The version of the text that they agreed to.")
    asked_at: datetime
    confirmed_at: datetime | None


class Act(BaseModel):
    """Something that somebody did."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    who: str = Field(description="A user, `token NAME`, or `command line`.", examples=["token cms"])
    act: str = Field(examples=["paused"])
    about: str = Field(examples=["digest 12"])
    detail: str


@router.get("/events/bounces", response_model=Page[CameBack], **needs(Scope.READERS_READ))
def list_bounces(call: Called, paging: Paged) -> Response:
    """What came back because a mail could not be delivered."""
    return _came_back(call, paging, _BOUNCES)


@router.get("/events/complaints", response_model=Page[CameBack], **needs(Scope.READERS_READ))
def list_complaints(call: Called, paging: Paged) -> Response:
    """Who called a mail spam."""
    return _came_back(call, paging, [ReturnKind.COMPLAINT])


@router.get("/events/consents", response_model=Page[Consent], **needs(Scope.READERS_READ))
def list_consents(call: Called, paging: Paged) -> Response:
    """Who agreed to what, and who left."""
    with call.store.read() as connection:
        found = events.agreed(connection, before_id=paging.after_id, limit=paging.more)
    return call.shown(paging.page(found, Consent.model_validate, lambda one: (one.id,)))


@router.get("/events/acts", response_model=Page[Act], **needs(Scope.AUDIT_READ))
def list_acts(call: Called, paging: Paged, who: Word = "", about: Word = "") -> Response:
    """Who did what."""
    with call.store.read() as connection:
        found = audit.newest(
            connection, limit=paging.more, who=who or None, about=about or None, before_id=paging.after_id
        )
    return call.shown(paging.page(found, Act.model_validate, lambda one: (one.id,)))


def _came_back(call: Call, paging: Paging, kinds: Sequence[ReturnKind]) -> Response:
    with call.store.read() as connection:
        found = events.came_back(connection, kinds, before_id=paging.after_id, limit=paging.more)
    return call.shown(paging.page(found, CameBack.model_validate, lambda one: (one.id,)))
