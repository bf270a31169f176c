"""``/suppressions``: addresses to which nothing is sent, and why."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import Response
from pydantic import BaseModel, Field

from syndicate.desk.tokens import Scope
from syndicate.store import suppressions
from syndicate.web.api.call import Called
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.paging import Page, Paged

router = room("suppressions")


class Suppression(BaseModel):
    """A standing ban on an address."""

    email: str = Field(examples=["gone@reader.example"])
    reason: str = Field(examples=["no such mailbox"])
    created_at: datetime


@router.get("/suppressions", response_model=Page[Suppression], **needs(Scope.READERS_READ))
def list_suppressions(call: Called, paging: Paged) -> Response:
    """All of them, in the order of their addresses."""
    after = paging.after
    with call.store.read() as connection:
        found = suppressions.page(connection, after=after[0] if after else "", limit=paging.more)
    return call.shown(paging.page(found, lambda one: _one(*one), lambda one: (one[0],)))


def _one(email: str, found: suppressions.Suppression) -> Suppression:
    return Suppression(email=email, reason=found.reason, created_at=found.created_at)
