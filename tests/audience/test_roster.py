from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from syndicate.audience import RosterResult, Terms, import_roster, remove, subscribe
from syndicate.audience.roster import Progress, Roster, result_of
from syndicate.audience.traces import Traces
from syndicate.errors import RosterError
from syndicate.model import Digest, DigestState, Subscription, SubscriptionState
from syndicate.settings import Newsletter
from syndicate.store import Store, digests, seek, subscribers, suppressions
from syndicate.store.schema import subscriptions
from syndicate.store.seek import EVERYONE

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
TRACES = Traces("a secret of this test, 32 characters or more")
PEOPLE = Path(__file__).parents[1] / "data/audience/people.csv"
HEADER = "email,name,newsletters,cadence,topics,language,timezone,state\n"


class Import:
    """Imports into one store from text, rejects beside it."""

    def __init__(self, store: Store, newsletters: list[Newsletter], folder: Path) -> None:
        self.store, self.newsletters, self.folder = store, newsletters, folder
        self.rejected = folder / "rejected.csv"

    def __call__(self, rows: str | Path, *, header: str = HEADER) -> RosterResult:
        file = rows if isinstance(rows, Path) else self.folder / "people.csv"
        if isinstance(rows, str):
            file.write_text(header + rows, encoding="utf-8", newline="")
        return import_roster(self.store, self.newsletters, file, traces=TRACES, rejected=self.rejected, now=NOW)

    def held(self, email: str) -> dict[str, Subscription]:
        with self.store.read() as connection:
            return {one.newsletter: one for one in subscribers.of_address(connection, email)}

    def choices(self, email: str) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        return {slug: (one.state.value, one.cadence, one.topics) for slug, one in self.held(email).items()}


def _told(run: Iterator[Progress], told: list[tuple[int, int]]) -> Iterator[Progress]:
    for progress in run:
        told.append((progress.done, progress.size))
        yield progress


@pytest.fixture
def roster(store: Store, newsletters: list[Newsletter], tmp_path: Path) -> Import:
    return Import(store, newsletters, tmp_path)


def _counts(result: RosterResult) -> dict[str, int]:
    return {name: count for name, count in result.diff.counts().items() if count}


def _ignored(result: RosterResult) -> tuple[str, ...]:
    return tuple(column for part in result.parts for column, field in part.columns if not field)


def test_a_file_with_everything_in_it(roster: Import) -> None:
    result = roster(PEOPLE)
    assert _counts(result) == {"new": 4, "repeated": 1, "bad": 8}
    assert result.rejected == (roster.rejected,)
    assert _ignored(result) == ()
    ana, carl = roster.held("ana@example.org"), roster.held("Carl@mail.example.org")
    assert (ana["brief"].subscriber.name, ana["brief"].subscriber.language) == ("Ana Jović", "sr-Latn")
    assert roster.choices("ana@example.org") == {
        "brief": ("active", "daily", ("lake",)),
        "sport": ("active", "weekly", ("lake",)),
    }
    assert carl["sport"].subscriber.timezone == "Europe/Vienna"
    assert carl["brief"].topics == ("boats", "lake")
    assert roster.choices("dora@example.org") == {"sport": ("active", "weekly", ())}
    assert roster.held("lena@xn--bcher-kva.example")["sport"].subscriber.name == "=Lena+1"


def test_bad_rows_are_written_with_line_and_reason(roster: Import) -> None:
    roster(PEOPLE)
    with roster.rejected.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["line", "reason", *HEADER.strip().split(",")[:-1]]
    assert [(row[0], row[1].split(";")[0][:40]) for row in rows] == [
        ("5", "'no-address' is not a usable address: An"),
        ("6", "no brief cadence 'instant'"),
        ("7", "name a newsletter: brief, sport"),
        ("8", "no newsletter 'breif'"),
        ("9", "'klingon' is not a language tag such as "),
        ("10", "'Europe/Belgarde' is not an IANA time zo"),
        ("12", 'a quotation mark " that is not closed, o'),
        ("13", "6 columns where the first line has 7"),
    ]
    assert rows[1][2:] == ["eva@example.org", "Eva", "brief", "instant", "", "", ""]


def test_rejected_cells_are_no_formulas_and_can_be_mended_and_imported(roster: Import) -> None:
    roster('x@example.org,"=HYPERLINK(""http://evil.example"")",nowhere,,,,,\n')
    text = roster.rejected.read_text(encoding="utf-8")
    assert "\"'=HYPERLINK" in text
    mended = roster.folder / "mended.csv"
    mended.write_text(text.replace("nowhere", "brief").replace("no newsletter 'brief'", "mended"), encoding="utf-8")
    result = roster(mended)
    assert _counts(result) == {"new": 1}
    assert _ignored(result) == ("line", "reason")
    assert roster.held("x@example.org")["brief"].subscriber.name == '=HYPERLINK("http://evil.example")'


def test_twice_is_once(roster: Import) -> None:
    roster(PEOPLE)
    with roster.store.read() as connection:
        before = list(seek.stream(connection, EVERYONE))
    assert _counts(roster(PEOPLE)) == {"same": 4, "repeated": 1, "bad": 8}
    with roster.store.read() as connection:
        assert list(seek.stream(connection, EVERYONE)) == before


def test_without_bad_rows_an_earlier_reject_file_goes(roster: Import) -> None:
    roster.rejected.write_text("of last week")
    result = roster("ana@example.org,,brief,,,,,\n")
    assert result.rejected == ()
    assert not roster.rejected.exists()
    assert sorted(path.name for path in roster.folder.glob("*.part")) == []


def test_only_what_is_said_changes(roster: Import) -> None:
    roster("ana@example.org,Ana,brief,weekly,lake,en,UTC,\n")
    assert _counts(roster("ana@example.org,,brief,,,,,\n")) == {"same": 1}
    assert _counts(roster("ana@example.org,Anna,brief,daily,,,Europe/Rome,\n")) == {"changed": 1}
    one = roster.held("ana@example.org")["brief"]
    assert (one.cadence, one.topics) == ("daily", ("lake",))
    assert (one.subscriber.name, one.subscriber.language, one.subscriber.timezone) == ("Anna", "en", "Europe/Rome")


def test_a_new_newsletter_is_added_to_a_known_subscriber(roster: Import) -> None:
    roster("ana@example.org,Ana,brief,,,,,\n")
    assert _counts(roster("ana@example.org,,brief;sport,,,,,\n")) == {"new": 1}
    assert set(roster.held("ana@example.org")) == {"brief", "sport"}


def test_the_first_row_of_an_address_decides_and_the_others_fill(roster: Import) -> None:
    rows = (
        "ana@example.org,,brief,daily,,,,\nana@Example.org,Ana,brief,weekly,lake,en,,\nana@example.org,A,sport,,,,,\n"
    )
    assert _counts(roster(rows)) == {"new": 1, "repeated": 2}
    one = roster.held("ana@example.org")["brief"]
    assert (one.subscriber.name, one.subscriber.language, one.cadence, one.topics) == ("Ana", "en", "daily", ("lake",))
    assert set(roster.held("ana@example.org")) == {"brief", "sport"}


def test_whoever_left_stays_out(roster: Import) -> None:
    roster("ana@example.org,Ana,brief;sport,,,,,\n")
    remove(roster.store, "ana@example.org", newsletter="brief", now=NOW)
    assert _counts(roster("ana@example.org,Ana,brief;sport,daily,,,,\n")) == {"suppressed": 1}
    assert roster.choices("ana@example.org") == {
        "brief": ("unsubscribed", "daily", ()),
        "sport": ("active", "daily", ()),
    }
    assert _counts(roster("ana@example.org,Ana,brief,,,,,\n")) == {"suppressed": 1}


def test_a_file_can_end_a_subscription_and_not_begin_it_again(roster: Import) -> None:
    roster("ana@example.org,Ana,brief,,,,,\nbo@example.org,,brief,,,,,unsubscribed\n")
    assert _counts(roster("ana@example.org,,brief,,,,,Unsubscribed\n")) == {"changed": 1}
    assert roster.held("ana@example.org")["brief"].state is SubscriptionState.UNSUBSCRIBED
    with roster.store.read() as connection:
        assert list(connection.execute(select(subscriptions.c.ended_at)).scalars()) == [NOW, NOW]
    again = roster("ana@example.org,,brief,,,,,active\nbo@example.org,,brief,,,,,unsubscribed\n")
    assert _counts(again) == {"same": 1, "suppressed": 1}
    assert _counts(roster("ana@example.org,,brief,,,,,gone\n")) == {"bad": 1}


def test_a_ban_stays(roster: Import) -> None:
    with roster.store.write() as connection:
        suppressions.add(connection, "ana@example.org", "complaint", now=NOW)
    assert _counts(roster("ana@Example.ORG,Ana,brief,,,,,\nbo@example.org,,brief,,,,,\n")) == {
        "new": 1,
        "suppressed": 1,
    }
    with roster.store.read() as connection:
        assert suppressions.suppressed(connection, ["ana@example.org"]) == {"ana@example.org"}


def test_newcomers_begin_in_step_and_their_consent_names_the_file(roster: Import) -> None:
    with roster.store.write() as connection:
        for number, (cadence, upto) in enumerate([("daily", 40), ("weekly", 30)], start=1):
            sent = Digest(
                id=number,
                newsletter="brief",
                cadence=cadence,
                slot="last",
                due_at=NOW,
                state=DigestState.SENT,
                subject="",
                upto=upto,
                composed_at=NOW,
            )
            digests.add(connection, sent)
    roster("ana@example.org,,brief,daily,,,,\nbo@example.org,,brief,weekly,,,,\ncy@example.org,,sport,,,,,\n")
    watermarks = [roster.held(f"{name}@example.org").popitem()[1].watermark for name in ("ana", "bo", "cy")]
    assert watermarks == [40, 30, 0]
    with roster.store.read() as connection:
        assert set(connection.execute(select(subscriptions.c.consent)).scalars()) == {"import people.csv"}


def test_columns_in_any_order_and_only_email_when_there_is_one_newsletter(roster: Import) -> None:
    roster.newsletters = roster.newsletters[:1]
    result = roster("12;ana@example.org\n", header="Number;Email\n")
    assert _counts(result) == {"new": 1}
    assert _ignored(result) == ("Number",)
    assert roster.choices("ana@example.org") == {"brief": ("active", "daily", ())}


def test_five_thousand_rows(roster: Import) -> None:
    told: list[tuple[int, int]] = []
    file = roster.folder / "many.csv"
    rows = [f"reader{n}@d{n % 70}.example.org,Reader {n},brief;sport,daily,,,," for n in range(5000)]
    rows[700] += ",,"
    rows.append(rows[3])
    file.write_text(HEADER + "\n".join([*rows, *(f"late{n}@example.org,,brief,,,,," for n in range(100))]))

    def run() -> RosterResult:
        importing = Roster(
            roster.store, roster.newsletters, file, Terms(), traces=TRACES, rejected=roster.rejected, now=NOW
        )
        return result_of(_told(importing.carry(), told))

    assert _counts(run()) == {"new": 5099, "repeated": 1, "bad": 1}
    assert told == sorted(told)
    assert told[-1] == (file.stat().st_size, file.stat().st_size)
    with roster.store.read() as connection:
        counted = subscribers.counts(connection)
    assert counted == {("brief", "daily", "active"): 5099, ("sport", "daily", "active"): 4999}
    assert _counts(run()) == {"same": 5099, "repeated": 1, "bad": 1}


@pytest.mark.parametrize("data", [b"", b"who,what\n", b"\0\0\0"])
def test_a_file_that_is_no_roster_changes_nothing(roster: Import, data: bytes) -> None:
    roster.rejected.write_text("of last week")
    file = roster.folder / "bad.csv"
    file.write_bytes(data)
    with pytest.raises(RosterError, match=r"bad\.csv: "):
        roster(file)
    assert roster.rejected.read_text() == "of last week"


def test_a_file_that_is_not_there(roster: Import) -> None:
    with pytest.raises(RosterError, match=r"No such file or directory.*check its name"):
        roster(roster.folder / "none.csv")
    with pytest.raises(RosterError, match="Is a directory"):
        roster(roster.folder)


def test_rejects_never_overwrite_what_is_read(roster: Import) -> None:
    roster.rejected.write_text(HEADER + "bad,,brief,,,,,\n")
    with pytest.raises(RosterError, match="would be written over it"):
        roster(roster.rejected)
    assert "bad" in roster.rejected.read_text()


def test_rejects_that_cannot_be_written(roster: Import) -> None:
    roster.rejected = roster.folder / "nowhere" / "rejected.csv"
    with pytest.raises(RosterError, match="bad rows can't be written there"):
        roster("bad,,brief,,,,,\n")
    assert _counts(roster("ana@example.org,,brief,,,,,\n")) == {"new": 1}


def test_an_import_does_not_undo_what_an_operator_did_by_name(roster: Import) -> None:
    roster("ana@example.org,,brief,,,,,\n")
    remove(roster.store, "ana@example.org", now=NOW)
    subscribe(
        roster.store, roster.newsletters, email="ana@example.org", slugs=["brief"], consent="by telephone", now=NOW
    )
    assert _counts(roster("ana@example.org,,brief,,,,,\n")) == {"same": 1}
    with roster.store.read() as connection:
        assert connection.execute(select(subscriptions.c.consent)).scalar() == "by telephone"
