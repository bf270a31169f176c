"""Exports of other services as they come, read into the store; and what comparing says beforehand."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from syndicate.audience import Roster, RosterResult, Terms, remove, subscribe
from syndicate.audience.diff import Diff
from syndicate.audience.personal import data_of, erase_address
from syndicate.audience.roster import result_of
from syndicate.audience.tagging import tag
from syndicate.audience.traces import Traces
from syndicate.errors import NotFoundError, RosterError
from syndicate.settings import Newsletter
from syndicate.store import Store, audit, consents, seek, subscribers, suppressions
from syndicate.store.schema import subscribers as people
from syndicate.store.seek import EVERYONE, Sought

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
TRACES = Traces("a secret of this test, 32 characters or more")
CHIMP = "Email Address,First Name,Last Name,MEMBER_RATING{},LEID,EUID,NOTES,TAGS\n"


class Desk:
    """One store, and files that are compared with it or read into it."""

    def __init__(self, store: Store, newsletters: list[Newsletter], folder: Path) -> None:
        self.store, self.newsletters, self.folder = store, newsletters, folder

    def file(self, text: str | bytes, name: str = "people.csv") -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def roster(self, file: Path, terms: Terms | None = None) -> Roster:
        chosen = terms or Terms(newsletters=("brief",), who="mara")
        rejected = self.folder / "rejected.csv"
        return Roster(self.store, self.newsletters, file, chosen, traces=TRACES, rejected=rejected, now=NOW)

    def take(self, file: Path, terms: Terms | None = None) -> RosterResult:
        """Compares, then imports; the two must say the same."""
        compared = result_of(self.roster(file, terms).compare())
        done = result_of(self.roster(file, terms).carry())
        assert compared == done
        return done

    def states(self) -> dict[str, tuple[str, str]]:
        """Address → state of its subscription and why it is banned."""
        with self.store.read() as connection:
            held = [(one.subscriber.email, one.state.value) for one in seek.stream(connection, EVERYONE)]
            bans = suppressions.reasons(connection, [email for email, _ in held])
        return {email: (state, bans.get(email, "")) for email, state in held}


@pytest.fixture
def desk(store: Store, newsletters: list[Newsletter], tmp_path: Path) -> Desk:
    return Desk(store, newsletters, tmp_path)


@pytest.fixture
def sqlite(newsletters: list[Newsletter], tmp_path: Path) -> Iterator[Desk]:
    """A desk where it makes no difference which database there is."""
    store = Store(f"sqlite:///{tmp_path / 'one.db'}")
    store.migrate()
    yield Desk(store, newsletters, tmp_path)
    store.close()


def _counts(diff: Diff) -> dict[str, int]:
    return {name: count for name, count in diff.counts().items() if count}


def test_a_zip_file_of_mailchimp(desk: Desk) -> None:
    file = desk.folder / "audience_export_x.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "subscribed_email_audience_export_x.csv",
            CHIMP.format("")
            + 'ana@example.org,Ana,Jović,4,1,a,,"""VIP"",""Blog"""\nnobody,N,B,1,2,b,,\nleft@example.org,,,,3,c,,\n',
        )
        archive.writestr(
            "unsubscribed_email_audience_export_x.csv",
            CHIMP.format(",UNSUB_TIME") + 'left@example.org,Le,Ft,2,2025-01-01 10:00:00,3,c,"a\nb",\nbad,,,,,,,,\n',
        )
        archive.writestr(
            "cleaned_email_audience_export_x.csv", CHIMP.format(",CLEAN_TIME") + "gone@example.org,,,,,4,d,,\n"
        )
        archive.writestr("nonsubscribed_email_audience_export_x.csv", CHIMP.format("") + "shop@example.org,,,,5,e,,\n")
        archive.writestr("notes.txt", "email\nx@example.org\n")
    done = desk.take(file)
    assert desk.states() == {
        "ana@example.org": ("active", ""),
        "left@example.org": ("unsubscribed", ""),
        "gone@example.org": ("active", "bounced elsewhere"),
    }
    assert _counts(done.diff) == {"new": 2, "suppressed": 1, "bad": 2, "repeated": 1}
    assert [part.name.partition("_")[0] for part in done.parts] == ["unsubscribed", "cleaned", "subscribed"]
    assert done.skipped == ("nonsubscribed_email_audience_export_x.csv",)
    assert [path.name.split("_")[0] for path in done.rejected] == ["rejected.unsubscribed", "rejected.subscribed"]
    with done.rejected[1].open(encoding="utf-8", newline="") as lines:
        assert list(csv.reader(lines))[1][:3] == [
            "3",
            "'nobody' is not a usable address: An email address must have an @-sign",
            "nobody",
        ]
    with desk.store.read() as connection:
        ana = subscribers.people(connection, ["ana@example.org"])["ana@example.org"]
    assert (ana.name, ana.tags) == ("Ana Jović", ("blog", "vip"))


SUBSTACK = """\
email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at
a@example.org,true,,yearly,false,2025-01-01T00:00:00.000Z,
b@example.org,false,,other,true,,
"""
GHOST = """\
id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers
1,a@example.org,Ana,,true,,,,,,
2,b@example.org,Bo,,false,,,,,,
"""
LISTMONK = """\
uuid,email,name,attributes,status,created_at,updated_at
x,a@example.org,Ana,"{""City"": ""Bar"", ""ids"": [1], ""paid"": true}",enabled,,
y,b@example.org,,{},disabled,,
z,c@example.org,,{},blocklisted,,
"""
BUTTONDOWN = """\
email_address,type,notes,metadata,tags,creation_date
a@example.org,premium,"two
lines",{},,
b@example.org,unactivated,,{},,
c@example.org,undeliverable,,{},,
"""
MAILPOET = """\
\ufeff"Email","First name","Last name","List status","Global status","List"
"a@example.org","Ana \\"Jo\\"","Ek","subscribed","inactive","News"
"b@example.org","","","subscribed","bounced","News"
"c@example.org","","","unconfirmed","unconfirmed","News"
"d@example.org","","","unsubscribed","subscribed","News"
"""
ACTIVE, LEFT, BOUNCED = ("active", ""), ("unsubscribed", ""), ("active", "bounced elsewhere")


@pytest.mark.parametrize(
    ("text", "states"),
    [
        (SUBSTACK, {"a": ACTIVE, "b": LEFT}),
        (GHOST, {"a": ACTIVE, "b": LEFT}),
        (LISTMONK, {"a": ACTIVE, "b": LEFT, "c": ("unsubscribed", "suppressed elsewhere")}),
        (BUTTONDOWN, {"a": ACTIVE, "c": BOUNCED}),
        (MAILPOET, {"a": ACTIVE, "b": BOUNCED, "d": LEFT}),
    ],
)
def test_files_of_others(sqlite: Desk, text: str, states: dict[str, tuple[str, str]]) -> None:
    done = sqlite.take(sqlite.file(text))
    assert {email.partition("@")[0]: state for email, state in sqlite.states().items()} == states
    assert done.diff.bad == ("unconfirmed" in text or "unactivated" in text)
    with sqlite.store.read() as connection:
        first = subscribers.people(connection, ["a@example.org"])["a@example.org"]
    told = {SUBSTACK: {"plan": "yearly"}, LISTMONK: {"city": "Bar", "paid": "yes"}}
    assert first.attributes == told.get(text, {})
    again = sqlite.take(sqlite.file(text))
    assert again.diff.new == again.diff.changed == 0


def test_any_encoding(sqlite: Desk) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"):
        done = sqlite.take(sqlite.file(f"Name;Mail\nZoë {encoding};{encoding}@example.org\n".encode(encoding)))
        [part] = done.parts
        assert (part.encoding[:6], part.delimiter) == ("utf-16" if "16" in encoding else "utf-8", ";")
        assert part.windows_lines == (encoding == "cp1252")
        with sqlite.store.read() as connection:
            [person] = subscribers.people(connection, [f"{encoding}@example.org"]).values()
        assert person.name == f"Zoë {encoding}"


def test_a_diff_says_what_changes(desk: Desk) -> None:
    join = {"slugs": ["brief"], "consent": "asked", "now": NOW}
    for name in ("ana", "bo", "cy", "dora", "eva"):
        subscribe(desk.store, desk.newsletters, email=f"{name}@example.org", name=name.title(), **join)  # type: ignore[arg-type]
    remove(desk.store, "cy@example.org", now=NOW)
    erase_address(desk.store, TRACES, "eva@example.org", now=NOW)
    with desk.store.write() as connection:
        suppressions.add(connection, "dora@example.org", "bounced: no such mailbox", now=NOW)
    file = desk.file(
        "email,name,cadence\nana@example.org,Anna,weekly\nbo@example.org,Bo,\ncy@example.org,,\ndora@example.org,,\n"
        "eva@example.org,,\nfinn@example.org,,\n@,,\nfinn@Example.org,Finn,\n"
    )
    done = desk.take(file)
    assert [(one.mark.value, one.line, one.address, one.about) for one in done.diff.samples] == [
        ("+", 7, "finn@example.org", "brief"),
        ("~", 2, "ana@example.org", "name Ana → Anna; brief: cadence daily → weekly"),
        ("=", 3, "bo@example.org", ""),
        ("!", 4, "cy@example.org", "left brief"),
        ("!", 5, "dora@example.org", "bounced: no such mailbox"),
        ("!", 6, "eva@example.org", "erased; only they can come back"),
        ("✗", 8, "@", done.diff.samples[-1].about),
    ]
    assert _counts(done.diff) == {"new": 1, "changed": 1, "same": 1, "suppressed": 3, "bad": 1, "repeated": 1}
    assert done.diff.rows == 8


def test_comparing_changes_nothing_and_is_the_same_over_many_batches(
    sqlite: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.audience.roster._BATCH", 2)
    file = sqlite.file("email\n" + "".join(f"r{n % 5}@example.org\n" for n in range(11)))
    compared = result_of(sqlite.roster(file).compare())
    assert sqlite.states() == {}
    assert _counts(compared.diff) == {"new": 5, "repeated": 6}
    assert result_of(sqlite.roster(file).carry()).diff == compared.diff


def test_who_left_or_is_banned_comes_back_only_for_a_reason(desk: Desk) -> None:
    file = desk.file(
        "email,newsletters,state\nana@example.org,brief,\nbo@example.org,brief;sport,\ncy@example.org,brief,\n"
    )
    desk.take(file)
    erase_address(desk.store, TRACES, "cy@example.org", now=NOW)
    remove(desk.store, "ana@example.org", now=NOW)
    remove(desk.store, "bo@example.org", newsletter="sport", now=NOW)
    with desk.store.write() as connection:
        suppressions.add(connection, "ana@example.org", "bounced", now=NOW)
        suppressions.add(connection, "bo@example.org", "bounced", now=NOW)
    assert _counts(desk.take(file).diff) == {"suppressed": 3}
    assert desk.states()["ana@example.org"] == ("unsubscribed", "bounced")
    done = desk.take(file, Terms(revive="they wrote to us on 1 March", who="mara"))
    assert _counts(done.diff) == {"changed": 2, "suppressed": 1, "revived": 2}
    assert desk.states() == {"ana@example.org": ("active", ""), "bo@example.org": ("active", "")}
    with desk.store.read() as connection:
        acts = [(one.who, one.act, one.detail) for one in audit.newest(connection, limit=3)]
        ana = subscribers.people(connection, ["ana@example.org"])["ana@example.org"]
        said = [one.source for one in consents.of_subscriber(connection, ana.id)]
    assert acts[0] == ("mara", "imported", "people.csv: 2 changed, 1 suppressed, 2 revived")
    assert acts[1:] == [("mara", "revived", "they wrote to us on 1 March")] * 2
    assert said[-1] == "import people.csv; brought back by mara: they wrote to us on 1 March"
    assert _counts(desk.take(file, Terms(revive="again")).diff) == {"same": 2, "suppressed": 1}


def test_tags_add_up_and_attributes_are_filled(desk: Desk) -> None:
    head = "email,newsletters,tags,attributes,attributes.city\n"
    desk.take(desk.file(head + 'ana@example.org,brief,VIP;old,"{""n"": 1, ""city"": ""x""}",Bar\n'))
    done = desk.take(
        desk.file(head + 'ana@example.org,brief,new,"{""n"": 2}",\nana@example.org,brief,b,"{""n"": 3, ""m"": 4}",\n')
    )
    with desk.store.read() as connection:
        ana = subscribers.people(connection, ["ana@example.org"])["ana@example.org"]
        assert [one.subscriber.tags for one in seek.stream(connection, Sought(tag="Vip"))] == [ana.tags]
        assert [*seek.stream(connection, Sought(tag="vi"))] == []
    assert (ana.tags, ana.attributes) == (("b", "new", "old", "vip"), {"city": "Bar", "m": "4", "n": "2"})
    assert done.diff.samples[0].about == "tags old; vip → new; old; vip; attributes city=Bar; n=1 → city=Bar; n=2"
    bad = desk.take(desk.file(head + "x@example.org,brief,,[1],\ny@example.org,brief,,{,\n"))
    assert bad.diff.bad == 2
    assert bad.diff.samples[0].about == 'attributes are no JSON object such as {"city": "Bar"}: \'[1]\''
    many = json.dumps({f"a{n}": "x" for n in range(31)}).replace('"', '""')
    assert desk.take(desk.file(head + f'x@example.org,brief,,"{many}",\n')).diff.samples[0].about.startswith("31 attr")
    assert tag(desk.store, "ana@example.org", add=["Gold; x"], remove=["OLD"], who="mara", now=NOW) == (
        "b",
        "gold",
        "new",
        "vip",
        "x",
    )
    person = data_of(desk.store, "ana@example.org")["person"]
    assert (person["tags"][1], person["attributes"]["city"]) == ("gold", "Bar")
    with desk.store.read() as connection:
        [act] = audit.newest(connection, limit=1)
        assert (act.act, act.detail) == ("tagged", "b; gold; new; vip; x")
    with pytest.raises(NotFoundError):
        tag(desk.store, "who@example.org", add=["x"], who="mara", now=NOW)
    erase_address(desk.store, TRACES, "ana@example.org", now=NOW)
    with desk.store.read() as connection:
        row = connection.execute(select(people.c.tags, people.c.attributes)).one()
    assert tuple(row) == ("", None)


def test_what_is_wrong_with_a_file_is_told_before_anything_happens(sqlite: Desk) -> None:
    several = sqlite.file("email\nana@example.org\n")
    with pytest.raises(
        RosterError, match=r"does not say what its people get; name a newsletter for them: brief, sport"
    ):
        sqlite.take(several, Terms())
    with pytest.raises(NotFoundError, match="no newsletter 'nosuch'"):
        sqlite.take(several, Terms(newsletters=("nosuch",)))
    with pytest.raises(RosterError, match=r"has no column 'Mial'; it has: email"):
        sqlite.take(several, Terms(mapping={"Mial": "name"}, newsletters=("brief",)))
    never = sqlite.file(CHIMP.format("") + "x@example.org,,,,1,a,,\n", "nonsubscribed_email_audience_export.csv")
    with pytest.raises(RosterError, match="never subscribed"):
        sqlite.take(never)
    empty = sqlite.folder / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("notes.txt", "email\nx@example.org\n")
    with pytest.raises(RosterError, match="has subscribers"):
        sqlite.take(empty)
    broken = bytearray(b"email\n" + b"".join(b"reader%d@example.org\n" % n for n in range(500)))
    whole = sqlite.folder / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", bytes(broken))
    data = bytearray(whole.read_bytes())
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(RosterError, match="is damaged"):
        sqlite.take(sqlite.file(bytes(data), "damaged.zip"))
    assert list(sqlite.folder.glob("*.part")) == []
