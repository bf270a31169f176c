"""``/digests``: what was composed, and how it stands."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate import model
from syndicate.desk.tokens import Scope
from syndicate.model import DigestState
from syndicate.store import Connection, digests, returns, standing
from syndicate.web.api.call import Called, Id
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word
from syndicate.web.api.paging import Page, Paged

router = room("digests")

_MOST_VARIANTS = 100


class Counts(BaseModel):
    """Its deliveries by where they stand: `planned` is the sum of the rest, at every moment."""

    model_config = ConfigDict(from_attributes=True)

    planned: int = Field(examples=[1200])
    accepted: int = Field(examples=[1187])
    rejected: int = Field(examples=[9])
    suppressed: int = Field(examples=[1])
    expired: int = Field(examples=[0])
    cancelled: int = Field(examples=[0])
    uncertain: int = Field(examples=[0])
    outstanding: int = Field(examples=[3])


class CameBack(BaseModel):
    """For how many of its deliveries something came back, by the worst of it; complaints are counted beside that."""

    model_config = ConfigDict(from_attributes=True)

    hard: int = Field(examples=[2])
    soft: int = Field(examples=[1])
    late: int = Field(examples=[0])
    complaints: int = Field(examples=[0])


class Digest(BaseModel):
    """One sending of a newsletter for one due slot."""

    id: int = Field(examples=[12])
    newsletter: str = Field(examples=["daily"])
    cadence: str = Field(description="`manual` when a person or a program sent it.", examples=["weekly"])
    slot: str = Field(description="What it was composed for; unique for each newsletter and cadence.")
    due_at: datetime
    state: DigestState
    subject: str = Field(examples=["The Daily Brief: The ferry sails again"])
    note: str = Field(description="Why it is as it is, where that needs words.")
    composed_at: datetime
    finished_at: datetime | None
    deliveries: Counts
    came_back: CameBack


class Variant(BaseModel):
    """One distinct set of articles in it."""

    id: int
    subject: str
    articles: list[int] = Field(description="Their ids, in reading order.")


class WholeDigest(Digest):
    """A digest with what is in it."""

    variants: list[Variant] = Field(description="The first hundred; the first one is on the digest's page.")


@router.get("/digests", response_model=Page[Digest], **needs(Scope.READ))
def list_digests(
    call: Called, paging: Paged, newsletter: Word = "", cadence: Word = "", state: DigestState | None = None
) -> Response:
    """The newest first."""
    with call.store.read() as connection:
        found = digests.latest(
            connection,
            newsletter=newsletter or None,
            cadence=cadence or None,
            states=[state] if state else (),
            before_id=paging.after_id,
            limit=paging.more,
        )
        ids = [one.id for one in found]
        counts, came = standing.by_digest(connection, ids), returns.counts(connection, ids)
    page = paging.page(found, lambda one: _one(one, counts[one.id], came[one.id]), lambda one: (one.id,))
    return call.shown(page)


@router.get("/digests/{id}", response_model=WholeDigest, **needs(Scope.READ, 404))
def get_digest(call: Called, id: Id) -> Response:  # noqa: A002 - the address names it so
    """One digest, with what is in it."""
    with call.store.read() as connection:
        return call.shown(whole(connection, id))


def whole(connection: Connection, digest_id: int) -> WholeDigest:
    """As the API shows it. :raises NotFoundError: when there is none of that id."""
    digest = digests.get(connection, digest_id)
    counts = standing.by_digest(connection, [digest_id])[digest_id]
    one = _one(digest, counts, returns.counts(connection, [digest_id])[digest_id])
    looks = digests.looks_of(connection, digest_id, limit=_MOST_VARIANTS)
    variants = [Variant(id=look.id, subject=look.subject, articles=list(look.articles)) for look in looks]
    return WholeDigest(**one.model_dump(), variants=variants)


def _one(digest: model.Digest, counts: model.Equation, came: model.Returns) -> Digest:
    return Digest(
        id=digest.id,
        newsletter=digest.newsletter,
        cadence=digest.cadence,
        slot=digest.slot,
        due_at=digest.due_at,
        state=digest.state,
        subject=digest.subject,
        note=digest.note,
        composed_at=digest.composed_at,
        finished_at=digest.finished_at,
        deliveries=Counts.model_validate(counts),
        came_back=CameBack.model_validate(came),
    )
