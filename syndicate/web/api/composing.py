"""What a newsletter would send now or a digest is, test copies of both, and sending by hand."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.audience.address import normalise
from syndicate.delivery.outcome import Broken
from syndicate.delivery.send import send_copy
from syndicate.desk.tokens import Scope
from syndicate.digest.press import subject_for_all
from syndicate.digest.proofs import ANYBODY
from syndicate.errors import ConflictError, RelayError
from syndicate.model import Parts
from syndicate.settings import Newsletter
from syndicate.store import audit, digests
from syndicate.web.api.call import Call, Called, Id, done
from syndicate.web.api.digests import WholeDigest, whole
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word

router = room("digests")


class Preview(BaseModel):
    """What would go out now, as a reader called Ana would get it; its links change nothing."""

    subject: str
    html: str
    text: str
    articles: list[int] = Field(description="Those that most readers would get; the newest when nothing is new.")
    mails: int = Field(description="How many mails would go out; 0 when nothing is new.", examples=[1200])
    fed: int = Field(description="How many more would have it in a private feed.")
    suppressed: int = Field(description="How many would be owed it, and have an address to which nothing is sent.")


class Look(BaseModel):
    """How a digest looks, as a reader called Ana gets it; its links change nothing."""

    subject: str
    html: str
    text: str


class Order(BaseModel):
    """What is to be sent by hand."""

    model_config = ConfigDict(extra="forbid")

    newsletter: str = Field(examples=["daily"])
    cadences: list[str] = Field([], description="Readers of these cadences only; empty means all.", max_length=50)
    mails: int | None = Field(
        None, ge=0, description="As the preview said: nothing is sent when it would go to another number of readers."
    )


class Copy(BaseModel):
    """Who gets a test copy."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320, examples=["editor@lakeside.example"])


class Copied(BaseModel):
    """What the relay said."""

    reply: str = Field(examples=["250 2.0.0 queued"])


@router.get("/newsletters/{slug}/preview", response_model=Preview, **needs(Scope.READ, 404, 409))
def preview_newsletter(call: Called, slug: str, cadence: Annotated[list[Word], Query()] = []) -> Response:  # noqa: B006
    """What the newsletter would send now, and to how many. Keeps nothing."""
    seen = call.app.digests.preview(slug, call.now)
    offer = call.app.digests.offer(slug, call.now, tuple(cadence))
    look = _look(call, seen.parts)
    reached = offer.recipients
    return call.shown(
        Preview(
            **look.model_dump(),
            articles=[one.id for one in offer.articles or seen.articles],
            mails=reached.mails,
            fed=reached.fed,
            suppressed=reached.suppressed,
        )
    )


@router.post("/newsletters/{slug}/test", response_model=Copied, **needs(Scope.DIGESTS_SEND, 404, 502))
def test_newsletter(call: Called, slug: str, copy: Copy) -> Response:
    """Send a test copy of what would go out now to one address; the ledger stays as it is."""
    seen = call.app.digests.preview(slug, call.now)
    return _copied(call, seen.newsletter, seen.parts, copy.email, f"newsletter {slug}")


@router.post("/digests", response_model=WholeDigest, status_code=201, **needs(Scope.DIGESTS_SEND, 404))
def compose_digest(call: Called, order: Order) -> Response:
    """Compose a digest of what is new, and send it now, even where review is on."""
    app = call.app
    offer = app.digests.offer(order.newsletter, call.now, tuple(order.cadences))
    unknown = [one for one in order.cadences if one not in offer.cadences]
    if unknown:
        raise ConflictError(f"newsletter {order.newsletter} has no such cadence; there is: {', '.join(offer.cadences)}")
    mails = offer.recipients.mails
    if order.mails is not None and order.mails != mails:
        raise ConflictError(f"it would go to {mails:,} readers now, not to {order.mails:,}; nothing was sent")
    digest = app.digests.compose_now(order.newsletter, call.now, call.by, offer.order(call.now))
    app.jobs.bell.ring()
    with call.store.read() as connection:
        found = whole(connection, digest.id)
    return done(found, 201, {"Location": f"{app.settings.site.url}/api/v1/digests/{digest.id}"})


@router.get("/digests/{id}/preview", response_model=Look, **needs(Scope.READ, 404, 409))
def preview_digest(call: Called, id: Id) -> Response:  # noqa: A002 - the address names it so, here and below
    """How its first variant looks, sent or not."""
    return call.shown(_look(call, _first(call, id)[1]))


@router.post("/digests/{id}/test", response_model=Copied, **needs(Scope.DIGESTS_SEND, 404, 502))
def test_digest(call: Called, id: Id, copy: Copy) -> Response:  # noqa: A002
    """Send a test copy of its first variant to one address; the ledger stays as it is."""
    newsletter, parts = _first(call, id)
    return _copied(call, newsletter, parts, copy.email, f"digest {id}")


def _first(call: Call, digest_id: int) -> tuple[Newsletter, Parts]:
    with call.store.read() as connection:
        digest = digests.get(connection, digest_id)
        variants = digests.variants_of(connection, digest_id)
    if not variants:
        raise ConflictError(f"digest {digest_id} is {digest.state}: there is nothing in it")
    return call.app.digests.newsletter(digest.newsletter), variants[0].parts


def _look(call: Call, parts: Parts) -> Look:
    html, text = call.app.digests.filled(parts, ANYBODY, call.now)
    return Look(subject=subject_for_all(parts), html=html, text=text)


def _copied(call: Call, newsletter: Newsletter, parts: Parts, address: str, about: str) -> Response:
    app, email = call.app, normalise(address)
    answer = asyncio.run(send_copy(app.settings, app.links, app.jobs.signer, newsletter, parts, email, now=call.now))
    if isinstance(answer, Broken) or answer.code >= 400:
        raise RelayError(str(app.settings.smtp.relay), "did not take the test copy", str(answer))
    with call.store.write() as connection:
        audit.note(connection, call.by.name, "sent a test copy", about=about, ip=call.by.ip, now=call.now)
    return done(Copied(reply=str(answer)))
