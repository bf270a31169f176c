"""``/imports``: files of subscribers: compared with what is there, then imported. Neither ends with its request."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from syndicate.audience import choices
from syndicate.audience.roster import Terms
from syndicate.audience.staged import Staged, uploads_of
from syndicate.audience.uploads import Stage, Upload, Uploads
from syndicate.audience.working import Working
from syndicate.desk.tokens import Scope
from syndicate.errors import RosterError, SyndicateError
from syndicate.store import audit
from syndicate.web.api.call import Call, Called, done
from syndicate.web.api.entrance import needs, room
from syndicate.web.api.filters import Word

router = room("imports")

LARGEST = 20_000_000
"""Bytes of a file; what is larger goes by the console or the command line."""

_BODIES = {
    kind: {"type": "string", "description": "A file as `syndicate subscribers import` takes it."}
    for kind in ("text/csv", "application/x-ndjson")
}
Key = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


class Import(BaseModel):
    """A file of subscribers, and how far it is."""

    key: str = Field(examples=["6f1c0b9a7e5d4c32"])
    name: str = Field(examples=["members.csv"])
    who: str = Field(description="Who sent it.")
    came_at: datetime
    stage: Stage = Field(description="`compared`: it can be imported. `imported`: the end was reached.")
    is_running: bool = Field(description="Whether it is being read at this moment, or waits for a worker.")
    done: int = Field(description="Bytes that were read.")
    size: int = Field(description="Bytes in all.")
    rows: dict[str, int] = Field(
        description="What becomes of its rows: `new`, `changed`, `same`, `suppressed`, `bad`, `repeated`, `revived`."
    )
    error: str = Field(description="What went wrong; empty when nothing did.")


class Imports(BaseModel):
    """Those of the last week."""

    data: list[Import]


@router.get("/imports", response_model=Imports, **needs(Scope.READERS_READ))
def list_imports(call: Called) -> Response:
    """Files that were sent here or to the console within a week, the newest first."""
    return call.shown(Imports(data=[_shown(one) for one in uploads_of(call.app.settings, call.store).all()]))


@router.get("/imports/{key}", response_model=Import, **needs(Scope.READERS_READ, 404))
def get_import(call: Called, key: Key) -> Response:
    """How far one is."""
    return call.shown(_shown(uploads_of(call.app.settings, call.store).get(key)))


@router.post(
    "/imports",
    response_model=Import,
    status_code=202,
    **needs(Scope.READERS_WRITE, 404, body=_BODIES, largest=LARGEST),
)
async def add_import(
    call: Called,
    request: Request,
    consent: Annotated[Word, Query(min_length=1, description="How its people agreed; kept as the evidence.")],
    newsletter: Annotated[list[Word], Query(description="Of rows that name none.")] = [],  # noqa: B006
    name: Annotated[Word, Query(description="What the file is called.")] = "subscribers.csv",
    revive: Annotated[Word, Query(description="Why those come back who left or are banned; empty: they don't.")] = "",
) -> Response:
    """Send a file. It is compared with what is there; `POST /imports/{key}/carry` then imports it."""
    terms = Terms(
        newsletters=tuple(newsletter), consent=choices.said_reason_of(consent), revive=revive, who=call.by.name
    )
    return await run_in_threadpool(_compare, call, await request.body(), name, terms)


@router.post("/imports/{key}/carry", response_model=Import, status_code=202, **needs(Scope.READERS_WRITE, 404))
def carry_import(call: Called, key: Key) -> Response:
    """Import a file that was compared, or go on with one that was cut off."""
    uploads = uploads_of(call.app.settings, call.store)
    one = uploads.get(key)
    with call.store.write() as connection:
        call.app.carrier.import_roster(connection, _working(call, uploads), one)
        audit.note(connection, call.by.name, "began an import", detail=one.name, ip=call.by.ip, now=call.now)
    return done(_shown(uploads.get(key)), 202)


def _compare(call: Call, body: bytes, name: str, terms: Terms) -> Response:
    uploads = uploads_of(call.app.settings, call.store)
    kept = uploads.keep(BytesIO(body), name, call.by.name, now=call.now)
    working = _working(call, uploads)
    try:
        working.roster(kept, terms).look()
        working.compare(kept, terms)
    except RosterError as error:
        uploads.drop(kept.key)
        raise SyndicateError(str(error).replace(str(kept.file), kept.name)) from None
    except SyndicateError:
        uploads.drop(kept.key)
        raise
    where = f"{call.app.settings.site.url}/api/v1/imports/{kept.key}"
    return done(_shown(uploads.get(kept.key)), 202, {"Location": where})


def _working(call: Call, uploads: Uploads | Staged) -> Working:
    app = call.app
    return Working(app.store, app.settings.newsletters, app.traces, uploads, app.jobs.clock)


def _shown(one: Upload) -> Import:
    return Import(
        key=one.key,
        name=one.name,
        who=one.who,
        came_at=one.came_at,
        stage=one.stage,
        is_running=one.is_running,
        done=one.told.done if one.told else 0,
        size=one.size,
        rows=one.told.diff.counts() if one.told else {},
        error=one.error,
    )
