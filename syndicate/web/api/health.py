"""``/health``: how everything does that the service depends on, and what needs a person."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from syndicate.delivery.paced import all_paced
from syndicate.desk.tokens import Scope
from syndicate.store import answers, standing
from syndicate.web.api.call import Called
from syndicate.web.api.digests import Counts
from syndicate.web.api.entrance import needs, room
from syndicate.web.console.settings.saving import Saving
from syndicate.web.console.today.matters import matters

router = room("health")


class Relay(BaseModel):
    """A server that mail goes over."""

    name: str = Field(examples=["smtp"])
    answered_at: datetime | None = Field(description="When it said something last; null: not lately.")
    code: int | None = Field(examples=[250])
    reply: str
    stopped_until: datetime | None = Field(description="Null: it is in use.")


class Matter(BaseModel):
    """One thing that does not go on by itself."""

    model_config = ConfigDict(from_attributes=True)

    title: str = Field(examples=["Digest 12 is held"])
    said: str = Field(description="Why it is so.")
    path: str = Field(description="Where in the console it is mended.", examples=["/console/digests/12"])
    is_urgent: bool = Field(description="Whether mail waits for it.")


class Database(BaseModel):
    """Where everything is kept."""

    server: str = Field(examples=["SQLite 3.46.1"])
    version: str = Field(description="Its newest migration.", examples=["0022"])
    bytes: int
    free: int | None = Field(description="Bytes left where it lies; null where that is not on this machine.")


class Health(BaseModel):
    """How the service does."""

    version: str = Field(description="Of syndicate.")
    balances: bool = Field(description="Whether every planned delivery is accounted for.")
    deliveries: Counts
    database: Database
    relays: list[Relay]
    needs: list[Matter] = Field(description="What needs a person, the urgent first; empty when all is well.")


@router.get("/health", response_model=Health, **needs(Scope.READ))
def get_health(call: Called) -> Response:
    """How the service does. To see merely whether it runs, ask `/healthz`, which takes no token."""
    app, settings = call.app, call.app.settings
    wrong = Saving(app).wanted()[1]
    with call.store.read() as connection:
        counts = standing.overall(connection)
        told, paced = answers.last(connection), all_paced(connection, call.now)
        found = matters(settings, connection, call.now, wrong, app.jobs.senders.sections)
    stopped = {one.name: one.stopped_until for one in paced if one.kind == "relay"}
    relays = []
    for one in settings.every_relay:
        last = told.get(one.label)
        relays.append(
            Relay(
                name=one.label,
                answered_at=last.at if last else None,
                code=last.code if last else None,
                reply=last.reply if last else "",
                stopped_until=stopped.get(one.label),
            )
        )
    facts = call.store.facts()
    return call.shown(
        Health(
            version=version("syndicate"),
            balances=counts.balances,
            deliveries=Counts.model_validate(counts),
            database=Database(server=facts.server, version=facts.version, bytes=facts.bytes, free=facts.free),
            relays=relays,
            needs=[Matter.model_validate(one) for one in found],
        )
    )
