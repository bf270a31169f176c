"""Subscribers are found by words, added, changed, and erased; each act is noted in the transaction that does it."""

from __future__ import annotations

from dataclasses import replace

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.app import App
from syndicate.audience import choices, personal, requests
from syndicate.audience.choices import by_cadence, newsletters_of
from syndicate.audience.subscribe import Evidence, Wish, join, wish
from syndicate.desk.tokens import Scope
from syndicate.errors import NotFoundError
from syndicate.model import Subscriber as Person
from syndicate.model import SubscriptionState, Via
from syndicate.store import Connection, audit, seek, subscribers, subscriptions
from syndicate.store.seek import Found, Sought
from syndicate.store.subscribers import topics_key, topics_of
from syndicate.web.api.call import Call, Called, Id, done
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word
from syndicate.web.api.paging import Page, Paged
from syndicate.web.api.subscribers import Subscriber, shown

router = room("subscribers")


class Search(BaseModel):
    """Who is looked for. It is posted, for addresses of requests get into logs, and readers' must not."""

    model_config = ConfigDict(extra="forbid")

    text: Word = Field("", description="Any part of an address or a name.", examples=["ana@"])
    newsletter: Word = ""
    state: SubscriptionState | None = None
    topic: Word = ""
    tag: Word = ""


class Joining(BaseModel):
    """Who is to get what. Without `consent` they are asked to confirm by mail."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320, examples=["ana@reader.example"])
    newsletters: list[str] = Field([], max_length=100, description="Slugs; may be empty where there is but one.")
    name: str = Field("", max_length=200)
    cadence: str | None = Field(None, description="Where it is offered; elsewhere the usual one.", examples=["weekly"])
    topics: list[str] = Field([], max_length=100)
    language: str | None = Field(None, examples=["sr-Latn"])
    timezone: str | None = Field(None, examples=["Europe/Belgrade"])
    consent: str = Field(
        "",
        max_length=200,
        description="When and how they agreed; kept as the evidence. They are added at once, and not asked.",
        examples=["signed the form at the fair on 2 March"],
    )


class Asked(BaseModel):
    """A mail is on its way that asks to confirm, unless the address was asked lately."""

    asked: bool = True


class Changes(BaseModel):
    """What is to change of them; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=200)
    language: str | None = Field(None, max_length=40, description="Empty text forgets it.")
    timezone: str | None = Field(None, max_length=60, description="Empty text forgets it.")
    tags: list[str] | None = Field(None, max_length=100, description="All that they have from now on.")


@router.post("/subscribers/search", response_model=Page[Subscriber], **needs(Scope.READERS_READ))
def search_subscribers(call: Called, paging: Paged, search: Search) -> Response:
    """Who fits, the newest first."""
    sought = Sought(**search.model_dump())
    with call.store.read() as connection:
        found = seek.find(connection, sought, limit=paging.more, before_id=paging.after_id)
    return done(paging.page(found, shown, lambda one: (one.subscriber.id,)))


@router.post(
    "/subscribers",
    response_model=Subscriber,
    status_code=201,
    **needs(Scope.READERS_WRITE, 404, shows={202: Asked}),
)
def add_subscriber(call: Called, joining: Joining) -> Response:
    """Add somebody who has agreed (201), or have them asked to confirm (202), whatever is known of the address."""
    wishes = _wishes(call.app, joining)
    if not joining.consent.strip():
        with call.store.write() as connection:
            store = call.store.within(connection)
            for one in wishes:
                requests.ask(store, call.app.settings, one, via=Via.CLI, now=call.now)
            audit.note(connection, call.by.name, "asked somebody to confirm", ip=call.by.ip, now=call.now)
        return done(Asked(), 202)
    agreed = choices.said_reason_of(joining.consent)
    evidence = Evidence(via=Via.CLI, source=agreed, asked_at=call.now)
    with call.store.write() as connection:
        *_, joined = [join(connection, call.app.settings.newsletters, one, evidence, now=call.now) for one in wishes]
        person = joined.subscriptions[0].subscriber
        note(connection, call, "added", person, agreed)
        found = _person(connection, person.id)
    return done(shown(found), 201, {"Location": f"{call.app.settings.site.url}/api/v1/subscribers/{person.id}"})


@router.patch("/subscribers/{id}", response_model=Subscriber, **needs(Scope.READERS_WRITE, 404, 412))
def change_subscriber(call: Called, id: Id, changes: Changes) -> Response:  # noqa: A002 - the address names it so
    """Change who they are. With `If-Match` only if nobody else did meanwhile."""
    with call.store.write() as connection:
        before = _person(connection, id)
        call.expects(shown(before))
        _change(connection, before.subscriber, changes, call)
        return done(shown(_person(connection, id)))


@router.delete("/subscribers/{id}", status_code=204, response_model=None, **needs(Scope.READERS_ERASE, 404, 412))
def erase_subscriber(call: Called, id: Id) -> Response:  # noqa: A002
    """Forget them for good; a trace is left, so that no import brings the address back."""
    with call.store.write() as connection:
        one = _person(connection, id)
        call.expects(shown(one))
        personal.forget(connection, call.app.traces, one.subscriber, now=call.now)
        note(connection, call, "erased", one.subscriber)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


def note(connection: Connection, call: Call, act: str, person: Person, detail: str = "") -> None:
    """Writes down what was done to somebody."""
    by = call.by
    audit.note(connection, by.name, act, about=f"subscriber {person.id}", detail=detail, ip=by.ip, now=call.now)


def _person(connection: Connection, subscriber_id: int) -> Found:
    found = seek.person(connection, subscriber_id)
    if found is None:
        raise NotFoundError("subscriber", subscriber_id)
    return found


def _wishes(app: App, joining: Joining) -> list[Wish]:
    newsletters = app.settings.newsletters
    chosen = newsletters_of(newsletters, joining.newsletters)
    known = sorted({name for one in newsletters for name in one.cadences})
    if joining.cadence is not None and joining.cadence not in known:
        raise NotFoundError("cadence", joining.cadence[:40], known)
    return [
        wish(
            newsletters,
            email=joining.email,
            name=joining.name,
            slugs=slugs,
            cadence=cadence,
            topics=joining.topics,
            language=joining.language,
            timezone=joining.timezone,
        )
        for cadence, slugs in by_cadence(chosen, joining.cadence).items()
    ]


def _change(connection: Connection, person: Person, changes: Changes, call: Call) -> None:
    kept = {
        "name": person.name if changes.name is None else choices.name_of(changes.name),
        "language": person.language if changes.language is None else choices.language_of(changes.language),
        "timezone": person.timezone if changes.timezone is None else choices.timezone_of(changes.timezone),
    }
    if kept != {name: getattr(person, name) for name in kept}:
        subscriptions.set_timezone(connection, person.id, kept["timezone"], now=call.now)
        subscribers.change_people(connection, [{"id": person.id, **kept}])
        note(connection, call, "described", person)
    if changes.tags is not None:
        tags = topics_of(topics_key(choices.topics_of(changes.tags)))
        subscribers.describe(connection, [replace(person, tags=tags)])
        note(connection, call, "tagged", person, "; ".join(tags))
