"""A reader's data: all of it, none of it, and what is kept no longer than it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from syndicate.audience import RosterResult, import_roster, remove
from syndicate.audience.personal import data_of, data_of_reader, erase, erase_address
from syndicate.audience.preferences import of_reader
from syndicate.audience.requests import confirm, token_of
from syndicate.audience.retention import Forgotten, tidy
from syndicate.errors import AddressError, NotFoundError
from syndicate.model import Via
from syndicate.settings.readers import Readers
from syndicate.store import consents, leases, requests, seek, suppressions
from syndicate.store.schema import attempts, deliveries, metadata
from syndicate.store.seek import EVERYONE
from tests.asking import ask
from tests.newsroom import Newsroom, newsroom

ANA, BO = "Ana@example.org", "bo@example.org"


@pytest.fixture
def room(tmp_path: Path, store_url: str) -> Iterator[Newsroom]:
    with newsroom(tmp_path, store_url=store_url) as opened:
        yield opened


def confirmed(room: Newsroom, email: str = ANA, **given: Any) -> int:
    """Someone who subscribed on the web; returns the subscription."""
    app, now = room.app, room.clock()
    wanted: dict[str, Any] = {"slugs": ["brief"], "cadence": "daily", "via": Via.WEB, "ip": "192.0.2.7", "now": now}
    ask(app.store, app.settings, email=email, **wanted | given)
    with app.store.read() as connection:
        request = requests.by_id(connection, max(one.id for one in requests.of_person(connection, email, 0)))
    assert request
    return confirm(app.store, app.settings, token_of(app.settings, request), now=now).subscriptions[0].id


def everything(room: Newsroom) -> str:
    """Every row of every table."""
    with room.app.store.read() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))
        )


def test_all_that_is_kept_of_a_reader(room: Newsroom) -> None:
    held = confirmed(room, name="Ana", timezone="UTC")
    room.article("First")
    [digest] = room.compose()
    found = data_of(room.app.store, "Ana@EXAMPLE.org")
    assert found == data_of_reader(room.app.store, held)
    assert found["person"] == {"name": "Ana", "language": None, "timezone": "UTC", "tags": (), "attributes": {}}
    assert [(one["newsletter"], one["state"]) for one in found["subscriptions"]] == [("brief", "active")]
    [consent] = found["consents"]
    assert (consent["kind"], consent["asked_ip"], consent["confirmed_at"]) == ("given", "192.0.2.0/24", room.clock())
    assert [(one["digest"], one["state"]) for one in found["deliveries"]] == [(digest.id, "queued")]
    assert [one["email"] for one in found["requests"]] == [ANA]
    assert [one["kind"] for one in found["notices"]] == ["confirm"]
    assert "nonce" not in json.dumps(found, default=str)
    with pytest.raises(NotFoundError):
        data_of(room.app.store, BO)
    with pytest.raises(AddressError):
        data_of(room.app.store, "nobody")


def test_nothing_is_left_of_who_was_erased(room: Newsroom) -> None:
    held, other = confirmed(room, name="Annabella", topics=["fishing"]), confirmed(room, BO)
    room.article("First", "fishing")
    [digest] = room.compose()
    with room.app.store.write() as connection:
        connection.execute(deliveries.update().values(reply=f"450 <{ANA}> is busy"))
        [first] = connection.execute(select(deliveries.c.id).where(deliveries.c.subscription_id == held)).scalars()
        now = room.clock()
        connection.execute(
            attempts.insert().values(
                delivery_id=first, number=1, began_at=now, ended_at=now, outcome="queued", relay="r", reply=f"450 {ANA}"
            )
        )
    assert "Annabella" in everything(room)
    before = room.equation(digest.id)
    erase(room.app.store, room.app.traces, held, now=room.clock())
    left = everything(room).replace(f"450 <{ANA}> is busy", "", 1)  # what a test put on the other reader's row
    for word in ("ana@", "Ana@", "Annabella"):
        assert word not in left, word
    assert room.equation(digest.id) == before
    with pytest.raises(NotFoundError):
        of_reader(room.app.store, held)
    assert of_reader(room.app.store, other)[0].subscriber.email == BO
    with room.app.store.write() as connection:
        sender = leases.enter(connection, "x", lease_until=room.clock() + timedelta(days=1))
        now = room.clock()
        claimed = leases.claim(connection, sender, digest.id, due=now, limit=10, now=now)
        assert [one.subscriber.email for one in claimed] == [BO]
        assert [one.subscriber.email for one in seek.stream(connection, EVERYONE)] == [BO]
        records = consents.of_subscriber(connection, 1)
    assert [(one.kind.value, one.asked_ip) for one in records] == [("given", None)]
    assert (room.equation().cancelled, room.equation().outstanding) == (1, 1)


def _counts(result: RosterResult) -> dict[str, int]:
    return {name: count for name, count in result.diff.counts().items() if count}


def test_no_import_brings_back_who_was_erased(room: Newsroom, tmp_path: Path) -> None:
    erase(room.app.store, room.app.traces, confirmed(room), now=room.clock())
    file = tmp_path / "people.csv"
    file.write_text(f"email\n{ANA.lower()}\n{ANA}\n{BO}\n")
    app = room.app
    done = import_roster(
        app.store, app.settings.newsletters, file, traces=app.traces, rejected=tmp_path / "no.csv", now=room.clock()
    )
    assert _counts(done) == {"new": 1, "suppressed": 2}
    assert "na@example.org" not in everything(room)
    assert confirmed(room)
    again = import_roster(
        app.store, app.settings.newsletters, file, traces=app.traces, rejected=tmp_path / "no.csv", now=room.clock()
    )
    assert _counts(again) == {"same": 2, "suppressed": 1}


def test_who_only_asked_can_be_erased_too(room: Newsroom) -> None:
    app = room.app
    ask(app.store, app.settings, email=ANA, slugs=["brief"], via=Via.WEB, now=room.clock())
    erase_address(app.store, app.traces, ANA, now=room.clock())
    assert ANA not in everything(room)
    with pytest.raises(NotFoundError, match="no subscriber"):
        erase_address(app.store, app.traces, ANA, now=room.clock())


def test_an_erased_reader_who_was_banned_stays_out_of_imports(room: Newsroom) -> None:
    held = confirmed(room)
    with room.app.store.write() as connection:
        suppressions.add(connection, ANA, "complaint", now=room.clock())
    erase(room.app.store, room.app.traces, held, now=room.clock())
    with room.app.store.read() as connection:
        assert suppressions.suppressed(connection, [ANA, room.app.traces.of(ANA)]) == {room.app.traces.of(ANA)}


def test_requests_and_addresses_of_the_network_are_forgotten_in_time(room: Newsroom) -> None:
    app = room.app
    confirmed(room)
    ask(app.store, app.settings, email=BO, slugs=["brief"], via=Via.WEB, ip="192.0.2.8", now=room.clock())
    room.clock.pass_by(days=6, hours=23)
    assert app.jobs.tidy(room.clock()) == Forgotten()
    room.clock.pass_by(hours=1)
    assert app.jobs.tidy(room.clock()) == Forgotten(requests=2)
    assert BO not in everything(room)
    room.clock.pass_by(days=23)
    assert "192.0.2.0" in everything(room)
    room.clock.pass_by(seconds=1)
    assert app.jobs.tidy(room.clock()) == Forgotten(ips=1)
    assert "192.0.2" not in everything(room)
    with app.store.read() as connection:
        [record] = consents.of_subscriber(connection, 1)
    assert record.confirmed_at is not None
    assert app.jobs.tidy(room.clock()) == Forgotten()


def test_who_left_long_ago_is_erased_where_that_is_set(tmp_path: Path, store_url: str) -> None:
    readers = Readers.model_validate({"keep_unsubscribed": "90d"})
    with newsroom(tmp_path, store_url=store_url) as room:
        for number in range(3):
            room.reader(f"r{number}@example.org")
        remove(room.app.store, "r0@example.org", now=room.clock())
        room.clock.pass_by(days=30)
        remove(room.app.store, "r1@example.org", now=room.clock())
        room.clock.pass_by(days=60, seconds=1)
        assert room.app.jobs.tidy(room.clock()) == Forgotten()
        assert tidy(room.app.store, readers, room.app.traces, now=room.clock()).people == 1
        assert tidy(room.app.store, readers, room.app.traces, now=room.clock()).people == 0
        left = everything(room)
        assert [f"r{number}@" in left for number in range(3)] == [False, True, True]
