"""``/digests/{id}/…``: a digest is approved, paused, resumed, cancelled, retried, resolved."""

from __future__ import annotations

from typing import Literal

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.desk.tokens import Scope
from syndicate.digest.digests import Resolution
from syndicate.model import DeliveryState
from syndicate.store.remedies import Remedied
from syndicate.web.api.call import Call, Called, Id, done
from syndicate.web.api.digests import WholeDigest, whole
from syndicate.web.api.entrance import needs, room

router = room("digests")

_SENDS = needs(Scope.DIGESTS_SEND, 404)


class Approval(BaseModel):
    """What was looked at before."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(
        None, ge=0, description="Of the draft: nothing is sent when it was edited since. Left out, it is not asked."
    )


class Retry(BaseModel):
    """What is to be tried once more."""

    model_config = ConfigDict(extra="forbid")

    only: Literal[DeliveryState.REJECTED, DeliveryState.EXPIRED, DeliveryState.UNCERTAIN] | None = Field(
        None, description="One kind; null means all of them, but for the uncertain that somebody decided to leave."
    )
    subscription: int | None = Field(None, ge=1, le=2**63 - 1, description="One reader's; null means everyone's.")


class Decision(BaseModel):
    """What to do about mails that may have gone out, or not."""

    model_config = ConfigDict(extra="forbid")

    resolution: Resolution
    subscription: int | None = Field(None, ge=1, le=2**63 - 1, description="One reader's; null means everyone's.")


class Done(BaseModel):
    """What became of it."""

    changed: int = Field(description="How many deliveries that changed.", examples=[9])
    suppressed: int = Field(description="How many could not: their address is suppressed.")
    left: int = Field(description="How many could not: their reader left or paused.")
    digest: WholeDigest


@router.post("/digests/{id}/approve", response_model=WholeDigest, **_SENDS)
def approve_digest(call: Called, id: Id, approval: Approval | None = None) -> Response:  # noqa: A002 - as addresses say
    """Let a digest go that is held or in review: it is sent to all."""
    call.app.digests.approve(id, call.now, call.by, approval.version if approval else None)
    return _now(call, id)


@router.post("/digests/{id}/pause", response_model=WholeDigest, **_SENDS)
def pause_digest(call: Called, id: Id) -> Response:  # noqa: A002
    """Stop it for now: what is being handed over is finished, the rest waits."""
    call.app.digests.pause(id, call.now, call.by)
    return _now(call, id)


@router.post("/digests/{id}/resume", response_model=WholeDigest, **_SENDS)
def resume_digest(call: Called, id: Id) -> Response:  # noqa: A002
    """Let a paused one go on."""
    call.app.digests.resume(id, call.now, call.by)
    return _now(call, id)


@router.post("/digests/{id}/cancel", response_model=WholeDigest, **_SENDS)
def cancel_digest(call: Called, id: Id) -> Response:  # noqa: A002
    """End it for good: what was not begun is not sent."""
    call.app.digests.cancel(id, call.now, call.by)
    return _now(call, id)


@router.post("/digests/{id}/retry", response_model=Done, **_SENDS)
def retry_digest(call: Called, id: Id, retry: Retry | None = None) -> Response:  # noqa: A002
    """Have what did not get through tried once more."""
    wanted = retry or Retry()
    _, told = call.app.digests.retry(id, call.now, wanted.only, call.by, wanted.subscription)
    return _told(call, id, told)


@router.post("/digests/{id}/resolve", response_model=Done, **_SENDS)
def resolve_digest(call: Called, id: Id, decision: Decision) -> Response:  # noqa: A002
    """Decide about what is uncertain: send it again, leave it for good, or count it as sent."""
    _, told = call.app.digests.resolve(id, decision.resolution, call.now, call.by, decision.subscription)
    return _told(call, id, told)


def _now(call: Call, digest_id: int) -> Response:
    call.app.jobs.bell.ring()
    with call.store.read() as connection:
        return done(whole(connection, digest_id))


def _told(call: Call, digest_id: int, told: Remedied) -> Response:
    call.app.jobs.bell.ring()
    with call.store.read() as connection:
        digest = whole(connection, digest_id)
    return done(Done(changed=told.changed, suppressed=told.suppressed, left=told.left, digest=digest))
