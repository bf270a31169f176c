"""What operators do to one subscriber: every act does it, and is noted with who did it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from syndicate.audience.channel import to_feed
from syndicate.desk import sessions
from syndicate.model import Role
from syndicate.store import audit, consents, seek, suppressions
from syndicate.web.console.subscribers.pages import HOME
from tests.web.console.deskroom import Console
from tests.web.console.readers import ANA, BO, CY, fill
from tests.web.pressroom import Pressroom


def acts(room: Pressroom, about: str) -> list[str]:
    """What was noted about them, oldest first."""
    with room.app.store.read() as connection:
        return [f"{one.act} {one.detail}".strip() for one in reversed(audit.newest(connection, limit=50, about=about))]


def banned(room: Pressroom, email: str) -> str:
    with room.app.store.read() as connection:
        found = suppressions.of_address(connection, email)
    return found.reason if found else ""


def test_what_they_get_is_changed(pressroom: Pressroom) -> None:
    held, console = fill(pressroom, 0), Console(pressroom)
    ana, number = held[ANA].subscriber.id, held[ANA].id
    home = f"{HOME}/{ana}"
    daily = f"{home}/subscriptions/{number}"

    assert console.post(f"{daily}/choose", {"cadence": "weekly", "topics": "Sport; the ; lake"}).status_code == 303
    now = pressroom.now_of(held[ANA])
    assert (now.cadence, now.topics) == ("weekly", ("lake", "sport", "the"))
    assert console.post(f"{daily}/choose", {"cadence": "hourly"}).status_code == 404
    assert console.post(f"{daily}/pause", {"weeks": "3"}).status_code == 303
    now = pressroom.now_of(held[ANA])
    assert now.state == "paused"
    assert now.resume_at is not None
    assert now.resume_at - pressroom.app.jobs.clock() > timedelta(days=20)
    for weeks in ("", "0", "-1", "x", "999", "9999", "²"):
        assert console.post(f"{daily}/pause", {"weeks": weeks}).status_code in (409, 422)
    assert console.post(f"{daily}/resume").status_code == 303
    assert console.post(f"{daily}/resume").status_code == 409
    to_feed(pressroom.app.store, number)
    assert "By mail again" in console.get(home).text
    console.post(f"{daily}/mail")
    assert pressroom.now_of(held[ANA]).channel == "mail"
    assert console.post(f"{daily}/end").status_code == 303
    assert console.post(f"{daily}/end").status_code == 409
    assert pressroom.now_of(held[ANA]).state == "unsubscribed"
    with pressroom.app.store.read() as connection:
        said = consents.of_subscriber(connection, ana)[-1]
    assert (said.kind, said.source) == ("withdrawn", "ended by an operator")

    for path in (
        f"{HOME}/{held[BO].subscriber.id}/subscriptions/{number}/end",
        f"{HOME}/99/subscriptions/{number}/end",
    ):
        assert console.post(path).status_code == 404
    assert acts(pressroom, f"subscriber {ana}") == [
        "changed a subscription",
        "paused a subscription 3 weeks",
        "resumed a subscription",
        "changed a private feed to mail",
        "ended a subscription",
    ]
    assert "operator ended a subscription" in console.get(home).text


def test_who_they_are_and_whether_they_are_mailed(pressroom: Pressroom) -> None:
    held, console = fill(pressroom, 0), Console(pressroom)
    ana, cy = held[ANA].subscriber.id, held[CY].subscriber.id
    home = f"{HOME}/{ana}"
    assert (
        console.post(f"{home}/describe", {"name": " Ana  K. ", "language": "de_AT", "timezone": ""}).status_code == 303
    )
    person = pressroom.now_of(held[ANA]).subscriber
    assert (person.name, person.language, person.timezone) == ("Ana K.", "de-AT", None)
    assert console.post(f"{home}/describe", {"timezone": "Nowhere"}).status_code == 422
    assert console.post(f"{home}/tag", {"tags": "Press; vip;PRESS"}).status_code == 303
    assert pressroom.now_of(held[ANA]).subscriber.tags == ("press", "vip")
    assert ANA in console.get(f"{HOME}?tag=Press").text
    assert "Nobody fits" in console.get(f"{HOME}?tag=pres").text
    assert f'href="{HOME}?tag=vip"' in console.get(home).text
    assert console.post(f"{home}/tag", {"tags": "x" * 300}).status_code == 422
    console.post(f"{home}/link")
    console.post(f"{home}/move", {"email": "ana@new.example"})
    assert [one.kind for one in pressroom.notices(ANA)] == ["link"]
    assert [one.kind for one in pressroom.notices("ana@new.example")] == ["move"]
    assert console.post(f"{home}/move", {"email": "no address"}).status_code == 422

    assert console.post(f"{home}/suppress", {"reason": " "}).status_code == 422
    assert console.post(f"{home}/suppress", {"reason": "a\nlawyer <wrote>"}).status_code == 303
    assert banned(pressroom, ANA) == "by an operator: a lawyer <wrote>"
    assert "a lawyer &lt;wrote&gt;" in console.get(home).text
    assert console.post(f"{home}/suppress", {"reason": "again"}).status_code == 409
    assert console.post(f"{HOME}/{cy}/lift", {"reason": ""}).status_code == 422
    assert console.post(f"{HOME}/{cy}/lift", {"reason": "mailbox is back"}).status_code == 303
    assert not banned(pressroom, CY)
    assert console.post(f"{HOME}/{cy}/lift", {"reason": "mailbox is back"}).status_code == 409
    assert acts(pressroom, f"subscriber {cy}") == ["lifted the suppression mailbox is back"]
    assert "suppressed a lawyer <wrote>" in acts(pressroom, f"subscriber {ana}")


def test_one_is_added_by_hand(pressroom: Pressroom) -> None:
    console, add = Console(pressroom), f"{HOME}/add"
    page = console.post(add, {"email": "nobody", "how": "agreed", "timezone": "<x>", "consent": ""})
    assert page.status_code == 422
    assert page.text.count('class="problem"') == 4
    assert 'value="&lt;x&gt;"' in page.text

    console.post(add, {"email": "Dee@reader.example", "newsletter": ["daily", "harbour"], "cadence": "daily"})
    assert not pressroom.subscriptions_of("Dee@reader.example")
    assert [one.kind for one in pressroom.notices("Dee@reader.example")] == ["confirm"]

    form: dict[str, str | list[str]] = {
        "email": "eve@reader.example",
        "newsletter": ["daily", "harbour"],
        "cadence": "daily",
        "how": "agreed",
    }
    console.post(add, form | {"consent": "signed at the fair", "topics": "ferry;sport"})
    got = pressroom.subscriptions_of("eve@reader.example")
    assert {one.newsletter: (one.state, one.cadence) for one in got.values()} == {
        "daily": ("active", "daily"),
        "harbour": ("active", "weekly"),
    }
    eve = got["daily"].subscriber.id
    with pressroom.app.store.read() as connection:
        assert {one.source for one in consents.of_subscriber(connection, eve)} == {"signed at the fair"}
    assert acts(pressroom, f"subscriber {eve}") == ["added signed at the fair"]
    assert 'value="eve@reader.example"' in console.get(f"{HOME}/{eve}/add").text
    assert console.get(f"{HOME}/99/add").status_code == 404


def test_who_is_added_by_hand_is_asked_even_where_nobody_need_be(pressroom: Pressroom) -> None:
    free = [one.model_copy(update={"confirm": False}) for one in pressroom.app.settings.newsletters]
    pressroom.app.settings.__dict__["newsletters"] = tuple(free)
    Console(pressroom).post(f"{HOME}/add", {"email": "dee@reader.example", "newsletter": "daily"})
    assert [one.kind for one in pressroom.notices("dee@reader.example")] == ["confirm"]


def test_data_and_erasure_ask_who_it_is(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    held, console = fill(pressroom), Console(pressroom)
    ana = held[ANA].subscriber.id
    home = f"{HOME}/{ana}"
    with monkeypatch.context() as late:
        late.setattr(sessions, "FRESH", timedelta(seconds=-1))
        for path in ("data", "erase"):
            for answer in (console.get(f"{home}/{path}"), console.post(f"{home}/{path}", {"email": ANA})):
                assert answer.headers["location"].startswith("/console/prove?next=")
    given = console.post(f"{home}/data")
    assert given.headers["content-disposition"] == f'attachment; filename="subscriber-{ana}.json"'
    assert given.headers["cache-control"] == "no-store"
    found = json.loads(given.text)
    assert (found["email"], len(found["deliveries"])) == (ANA, 3)

    refused = console.post(f"{home}/erase", {"email": BO})
    assert refused.status_code == 422
    assert "Nothing was erased" in refused.text
    assert console.post(f"{home}/erase", {"email": ANA}).status_code == 303
    assert f"Subscriber {ana} was erased." in console.get(HOME).text
    assert console.get(home).status_code == 404
    assert acts(pressroom, f"subscriber {ana}") == ["exported all that is kept", "erased"]
    with pressroom.app.store.read() as connection:
        assert seek.person(connection, ana) is None


def test_an_act_that_fails_is_not_noted_and_others_may_not(pressroom: Pressroom) -> None:
    held = fill(pressroom, 0)
    home = f"{HOME}/{held[ANA].subscriber.id}"
    editor = Console(pressroom, Role.EDITOR)
    for path in (f"{home}/suppress", f"{home}/erase", f"{home}/data", f"{HOME}/add"):
        assert editor.post(path, {"reason": "x"}).status_code == 403
    assert (
        pressroom.client.post(f"{home}/suppress", data={"reason": "x"})
        .headers["location"]
        .startswith("/console/sign-in")
    )
    console = Console(pressroom)
    assert console.post(f"{home}/suppress", {"reason": "x", "csrf": "0"}).status_code == 403
    console.post(f"{home}/subscriptions/{held[ANA].id}/resume")
    assert not banned(pressroom, ANA)
    assert acts(pressroom, f"subscriber {held[ANA].subscriber.id}") == []
