"""Double opt-in on both databases: who is asked, how often, and what a confirmation does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from sqlalchemy import event, select

from syndicate.audience import remove, subscribe
from syndicate.audience.admission import admit
from syndicate.audience.preferences import of_reader
from syndicate.audience.requests import Confirmed, confirm, move, peek, token_of
from syndicate.audience.traces import Traces
from syndicate.errors import AddressError, ExpiredError, NotFoundError, SyndicateError, TokenError
from syndicate.model import Consent, ConsentKind, Purpose, SubscriptionState, Via
from syndicate.settings import Newsletter, Settings
from syndicate.store import Store, consents, requests, subscribers, suppressions
from syndicate.store.schema import notices
from syndicate.store.schema import requests as table
from tests.asking import ask
from tests.newsroom import settings_for
from tests.tables import ready

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
ANA, BO = "ana@example.org", "bo@example.org"


class Door:
    """Asks in Ana's name unless told otherwise."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings, self.now = store, settings, NOW

    def ask(self, *slugs: str, email: str = ANA, **given: Any) -> None:
        values: dict[str, Any] = {"via": Via.WEB, "ip": "192.0.2.77", "now": self.now} | given
        ask(self.store, self.settings, email=email, slugs=slugs or ["brief"], **values)

    def token(self, email: str = ANA, purpose: Purpose = Purpose.SUBSCRIBE) -> str:
        """The token that the newest mail to that address would hold."""
        query = select(table.c.id).where(table.c.email == email, table.c.purpose == purpose)
        with self.store.read() as connection:
            request = requests.by_id(connection, max(connection.execute(query).scalars()))
        assert request
        return token_of(self.settings, request)

    def confirm(self, email: str = ANA, purpose: Purpose = Purpose.SUBSCRIBE) -> Confirmed:
        return confirm(self.store, self.settings, self.token(email, purpose), ip="2001:db8:1:2::3", now=self.now)

    def admit(self) -> int:
        return admit(self.store, self.settings, now=self.now)

    def free(self, *slugs: str) -> None:
        """From now on these need no confirmation."""
        newsletters = self.settings.newsletters
        freed = tuple(one.model_copy(update={"confirm": one.slug not in slugs}) for one in newsletters)
        self.settings = self.settings.model_copy(update={"newsletters": freed})

    def consents(self, email: str = ANA) -> list[Consent]:
        with self.store.read() as connection:
            held = subscribers.of_address(connection, email)
            return consents.of_subscriber(connection, held[0].subscriber.id)

    def mails(self, *emails: str) -> list[tuple[str, str, datetime]]:
        """State, kind and due instant of each notice to these, or to all."""
        query = select(notices.c.state, notices.c.kind, notices.c.planned_at).order_by(notices.c.id)
        query = query.where(notices.c.email.in_(emails)) if emails else query
        with self.store.read() as connection:
            return [(row.state, row.kind, row.planned_at) for row in connection.execute(query)]

    def gets(self, email: str = ANA) -> dict[str, str]:
        """Newsletter → cadence of what an address is mailed."""
        with self.store.read() as connection:
            found = subscribers.of_address(connection, email)
        return {one.newsletter: one.cadence for one in found if one.state is SubscriptionState.ACTIVE}


def settings_of(directory: Path, newsletters: list[Newsletter], **readers: Any) -> Settings:
    """Two newsletters."""
    settings = settings_for(directory)
    section = settings.readers.model_validate(readers)
    return settings.model_copy(update={"newsletters": tuple(newsletters), "readers": section})


@pytest.fixture
def door(store: Store, newsletters: list[Newsletter], tmp_path: Path) -> Door:
    return Door(store, settings_of(tmp_path, newsletters))


def test_nothing_is_kept_of_a_reader_before_they_confirm(door: Door) -> None:
    door.ask("brief", "sport", name="Ana", cadence="weekly", topics=["Lake"], language="de", timezone="UTC")
    assert door.mails() == [("queued", "confirm", NOW)]
    assert door.gets() == {}
    token = door.token()
    for _ in range(2):
        seen = peek(door.store, token, NOW)
        assert (seen.email, seen.newsletters, seen.is_confirmed) == (ANA, ("brief", "sport"), False)
    done = door.confirm()
    brief, _ = done.subscriptions
    assert (brief.subscriber.name, brief.subscriber.language, brief.subscriber.timezone) == ("Ana", "de", "UTC")
    assert (door.gets(), brief.topics) == ({"brief": "weekly", "sport": "weekly"}, ("lake",))
    assert peek(door.store, token, NOW).is_confirmed


def test_the_evidence_is_kept(door: Door) -> None:
    door.ask("brief")
    door.now = NOW + timedelta(hours=3)
    done = door.confirm()
    with door.store.read() as connection:
        [record] = consents.of_subscriber(connection, done.subscriptions[0].subscriber.id)
    assert (record.kind, record.via, record.wording, record.newsletter) == (ConsentKind.GIVEN, Via.WEB, "1", "brief")
    assert (record.asked_at, record.confirmed_at) == (NOW, door.now)
    assert (record.asked_ip, record.confirmed_ip) == ("192.0.2.0/24", "2001:db8:1::/48")


def test_confirming_again_changes_nothing(door: Door) -> None:
    door.ask("brief")
    first = door.confirm()
    remove(door.store, ANA, now=NOW)
    again = door.confirm()
    assert [one.id for one in again.subscriptions] == [one.id for one in first.subscriptions]
    assert door.gets() == {}
    with door.store.read() as connection:
        records = consents.of_subscriber(connection, first.subscriptions[0].subscriber.id)
    assert [record.kind for record in records] == [ConsentKind.GIVEN, ConsentKind.WITHDRAWN]


def test_one_mail_in_a_window_over_all_newsletters(door: Door) -> None:
    for minutes in range(0, 350, 50):
        door.now = NOW + timedelta(minutes=minutes)
        door.ask("brief" if minutes else "sport", cadence="daily")
    assert door.mails() == [("queued", "confirm", NOW)]
    door.now = NOW + timedelta(hours=6)
    door.ask("sport", cadence="instant")
    assert [at for _, _, at in door.mails()] == [NOW, NOW + timedelta(hours=6)]
    door.confirm()
    assert door.gets() == {"brief": "daily", "sport": "instant"}


def test_spellings_of_one_address_share_the_window(door: Door) -> None:
    spellings = ["ana@example.org", "Ana@example.org", "ANA+news@example.org", "aNa+x+y@EXAMPLE.org"]
    for spelling in spellings:
        door.ask(email=spelling)
    assert [at - NOW for _, _, at in door.mails()] == [timedelta(hours=6 * number) for number in range(4)]
    for number in range(100):
        door.ask(email=f"ana+{number}@example.org")
    assert len(door.mails()) == 28  # a week of them: later ones would come when nothing can be confirmed any more


def test_who_confirmed_and_asks_for_more_is_asked_in_turn(door: Door) -> None:
    door.ask("brief")
    door.confirm()
    door.now = NOW + timedelta(hours=1)
    door.ask("sport")
    door.ask("sport")
    assert [at for _, _, at in door.mails()] == [NOW, NOW + timedelta(hours=6)]
    door.confirm()
    assert door.gets() == {"brief": "daily", "sport": "weekly"}


def test_a_banned_address_gets_nothing_and_nobody_can_tell(door: Door) -> None:
    with door.store.write() as connection:
        suppressions.add(connection, ANA, "complaint", now=NOW)
    door.ask()
    door.ask(email=BO)
    assert [state for state, _, _ in door.mails(ANA)] == ["suppressed"]
    assert [state for state, _, _ in door.mails(BO)] == ["queued"]


@pytest.mark.parametrize("free", [(), ("brief",)], ids=["confirmed", "free"])
def test_the_same_work_for_known_unknown_and_banned_addresses(door: Door, free: tuple[str, ...]) -> None:
    door.free(*free)
    addresses = (ANA, BO, "left@example.org", "erased@example.org", "banned@example.org")
    for email in (BO, "left@example.org"):
        subscribe(door.store, door.settings.newsletters, email=email, slugs=["brief"], consent="asked", now=NOW)
    remove(door.store, "left@example.org", now=NOW)
    trace = Traces(door.settings.site.secret.get_secret_value()).of("erased@example.org")
    with door.store.write() as connection:
        suppressions.add(connection, trace, "erased", now=NOW)
        suppressions.add(connection, "banned@example.org", "complaint", now=NOW)
    spoken: dict[str, list[str]] = {}
    for email in addresses:
        said: list[str] = spoken.setdefault(email, [])

        def note(_c: Any, _cursor: Any, statement: str, *_: Any, said: list[str] = said) -> None:
            said.append(statement)

        event.listen(door.store.engine, "before_cursor_execute", note)
        door.ask(email=email)
        event.remove(door.store.engine, "before_cursor_execute", note)
    assert spoken[ANA]
    assert [spoken[email] for email in addresses] == [spoken[ANA]] * len(addresses)


def test_tokens_are_not_in_the_database(door: Door) -> None:
    door.ask()
    token = door.token()
    assert re.fullmatch(r"[a-z2-7]{26}", token)
    with door.store.read() as connection:
        [row] = connection.execute(select(table)).all()
    assert token not in repr(row)
    assert peek(door.store, token.upper(), NOW).email == ANA


def test_links_that_lead_nowhere(door: Door) -> None:
    door.ask()
    token = door.token()
    for wrong in ("", "x", token[:-1], token + "a", "a" * 26, token.replace(token[0], "é")):
        with pytest.raises(TokenError):
            peek(door.store, wrong, NOW)
    with pytest.raises(ExpiredError, match="too old"):
        peek(door.store, token, NOW + timedelta(days=7))
    with pytest.raises(ExpiredError):
        confirm(door.store, door.settings, token, now=NOW + timedelta(days=7))
    assert door.gets() == {}


def test_no_other_text_confirms() -> None:
    with opened() as door:
        door.ask()
        token = door.token()

        @hypothesis(deadline=None)
        @given(st.text(max_size=40) | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26))
        def refused(text: str) -> None:
            if text.lower() != token:
                with pytest.raises(TokenError):
                    confirm(door.store, door.settings, text, now=NOW)

        refused()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"email": "ana"}, AddressError),
        ({"email": "ana@example.org\r\nBcc: b@example.org"}, AddressError),
        ({"cadence": "hourly"}, NotFoundError),
        ({"language": "klingon"}, SyndicateError),
        ({"timezone": "Mars/Base"}, SyndicateError),
        ({"name": "a\0b"}, SyndicateError),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_kept(
    door: Door, given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        door.ask(**given)
    assert door.mails() == []


def test_a_newsletter_without_confirmation_begins_at_once(door: Door) -> None:
    door.free("brief")
    door.ask("brief", "sport")
    assert (door.gets(), door.mails()) == ({}, [])
    assert door.admit() == 1
    assert door.gets() == {"brief": "daily"}
    assert door.mails() == [("queued", "confirm", NOW)]
    assert door.admit() == 0
    door.confirm()
    assert door.gets() == {"brief": "daily", "sport": "weekly"}
    [given] = [one for one in door.consents() if one.newsletter == "brief"]
    assert (given.source, given.asked_at, given.confirmed_at) == ("without confirmation", NOW, None)


def test_where_nothing_is_left_to_confirm_nobody_is_asked(door: Door) -> None:
    door.free("brief", "sport")
    door.ask("brief", "sport")
    door.now += timedelta(hours=1)
    door.admit()
    door.ask("brief", cadence="weekly")
    door.admit()
    assert door.gets() == {"brief": "weekly", "sport": "weekly"}
    assert door.mails() == []


def test_what_was_asked_for_by_mail_is_not_admitted_with_the_rest(door: Door) -> None:
    door.free("brief")
    door.ask("brief", via=Via.MAIL)
    assert door.admit() == 0
    assert (door.gets(), len(door.mails())) == ({}, 1)


def test_who_left_or_was_erased_is_asked_even_there(door: Door) -> None:
    door.free("brief", "sport")
    door.ask("brief", "sport")
    door.admit()
    remove(door.store, ANA, newsletter="brief", now=NOW)
    trace = Traces(door.settings.site.secret.get_secret_value()).of(BO)
    with door.store.write() as connection:
        suppressions.add(connection, trace, "erased", now=NOW)
    door.ask("brief", "sport")
    door.ask("brief", email=BO)
    assert door.mails() == []
    door.admit()
    assert (door.gets(), door.gets(BO)) == ({"sport": "weekly"}, {})
    assert len(door.mails(ANA)) == len(door.mails(BO)) == 1
    door.confirm(BO)
    assert door.gets(BO) == {"brief": "daily"}


def test_a_reader_moves_to_another_address(door: Door) -> None:
    door.ask("brief", "sport")
    before = door.confirm().subscriptions
    move(door.store, door.settings, before[0].id, BO, now=NOW)
    assert [kind for _, kind, _ in door.mails(BO)] == ["move"]
    assert (len(door.gets()), door.gets(BO)) == (2, {})
    done = door.confirm(BO, Purpose.MOVE)
    assert [one.id for one in done.subscriptions] == [one.id for one in before]
    assert (door.gets(), door.gets(BO)) == ({}, {"brief": "daily", "sport": "weekly"})
    with door.store.read() as connection:
        kinds = [one.kind for one in consents.of_subscriber(connection, before[0].subscriber.id)]
    assert kinds == [ConsentKind.GIVEN] * 2 + [ConsentKind.MOVED] * 2


def test_moving_to_an_address_that_is_known_makes_one_of_both(door: Door) -> None:
    door.ask("brief", "sport")
    mine = door.confirm().subscriptions
    subscribe(door.store, door.settings.newsletters, email=BO, slugs=["brief"], cadence="weekly", consent="", now=NOW)
    move(door.store, door.settings, mine[0].id, BO, now=NOW)
    door.confirm(BO, Purpose.MOVE)
    assert (door.gets(), door.gets(BO)) == ({}, {"brief": "weekly", "sport": "weekly"})


def test_links_of_who_moved_show_nothing_of_whom_they_moved_to(door: Door) -> None:
    door.ask("brief", "sport")
    mine = door.confirm().subscriptions
    subscribe(door.store, door.settings.newsletters, email=BO, slugs=["sport"], name="Bo", consent="", now=NOW)
    move(door.store, door.settings, mine[0].id, BO, now=NOW)
    door.confirm(BO, Purpose.MOVE)
    for one in mine:
        seen = of_reader(door.store, one.id)
        assert {held.subscriber.email for held in seen} == {ANA}
        assert {held.state for held in seen} == {SubscriptionState.UNSUBSCRIBED}


def test_two_who_want_to_move_to_one_address_are_two_requests(door: Door) -> None:
    door.ask("brief")
    mine = door.confirm().subscriptions[0].id
    joined = subscribe(
        door.store, door.settings.newsletters, email="eve@example.org", slugs=["sport"], consent="", now=NOW
    )
    move(door.store, door.settings, mine, BO, now=NOW)
    token = door.token(BO, Purpose.MOVE)
    move(door.store, door.settings, joined.subscriptions[0].id, BO, now=NOW)
    assert [at - NOW for _, _, at in door.mails(BO)] == [timedelta(0), timedelta(hours=6)]
    confirm(door.store, door.settings, token, now=NOW)
    assert (door.gets(), door.gets(BO), len(door.gets("eve@example.org"))) == ({}, {"brief": "daily"}, 1)


def test_moving_where_somebody_had_left_takes_the_place_over(door: Door) -> None:
    door.ask("brief", cadence="weekly")
    mine = door.confirm().subscriptions
    subscribe(door.store, door.settings.newsletters, email=BO, slugs=["brief"], consent="", now=NOW)
    remove(door.store, BO, now=NOW)
    move(door.store, door.settings, mine[0].id, BO, now=NOW)
    door.confirm(BO, Purpose.MOVE)
    assert (door.gets(), door.gets(BO)) == ({}, {"brief": "weekly"})


def test_a_move_and_a_subscription_share_the_window(door: Door) -> None:
    door.ask("brief")
    mine = door.confirm().subscriptions
    door.ask("brief", email=BO)
    move(door.store, door.settings, mine[0].id, BO, now=NOW)
    assert [(kind, at - NOW) for _, kind, at in door.mails(BO)] == [
        ("confirm", timedelta(0)),
        ("move", timedelta(hours=6)),
    ]
    with pytest.raises(NotFoundError):
        move(door.store, door.settings, 99, BO, now=NOW)


def test_requests_and_confirmations_at_the_same_time(door: Door) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(door.ask, ["brief", "sport"] * 8))
    assert door.mails() == [("queued", "confirm", NOW)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: door.confirm(), range(8)))
    assert all(one.subscriptions == done[0].subscriptions for one in done)
    with door.store.read() as connection:
        records = consents.of_subscriber(connection, done[0].subscriptions[0].subscriber.id)
    assert sorted(one.newsletter for one in records) == ["brief", "sport"]


@contextmanager
def opened(**readers: Any) -> Iterator[Door]:
    """A door to a database of its own."""
    with TemporaryDirectory() as name:
        store = Store(f"sqlite:///{ready(Path(name))}")
        newsletter = Newsletter(slug="brief", title="Brief", sender="n@example.org", cadences={"daily": "0 7 * * *"})
        yield Door(store, settings_of(Path(name), [newsletter], **readers))
        store.close()
