"""Subscribers in the console: who is found, one person's page, and what is done there."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from syndicate.desk import sessions
from syndicate.model import Role
from syndicate.store import audit
from syndicate.web.console.subscribers import pages
from tests.web.console.deskroom import Console
from tests.web.console.readers import ANA, BO, CY, fill
from tests.web.pressroom import Pressroom

HOME = pages.HOME


def found(console: Console, query: str = "") -> str:
    """The first letters of who is listed."""
    page = console.get(f"{HOME}?{query}").text
    return "".join(re.findall(rf'href="{HOME}/\d+">(\w)', page))


def test_who_is_listed_and_who_is_found(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(pressroom)
    assert "There are no subscribers yet" in console.get(HOME).text
    fill(pressroom)
    page = console.get(HOME).text
    assert [re.findall(rf">{state}</span>", page) != [] for state in ("active", "left", "banned")] == [True] * 3
    assert f'{HOME}?newsletter=daily&amp;state=active">2</a>' in page
    assert found(console) == "cba"
    assert found(console, "text=ANA") == found(console, "text=Kova%C4%8D") == "a"
    assert found(console, "newsletter=daily&state=active") == "ca"
    assert found(console, "newsletter=harbour&topic=ferry") == "a"
    assert found(console, "state=suppressed") == "c"
    assert found(console, "state=unsubscribed&text=reader") == "b"
    assert found(console, "newsletter=gone") == ""
    for hostile in ("<script>alert(1)</script>", "%' OR '1'='1", "\0%\u202e", "x" * 5000, "%00%ff"):
        page = console.get(
            f"{HOME}?text={quote(hostile)}&topic={quote(hostile)}&newsletter={quote(hostile)}&state=x"
        ).text
        assert "Nobody fits" in page
        assert "<script>alert" not in page
    for before in ("0", "-1", "x", "9" * 30, "²", str(2**63)):
        assert found(console, f"before={quote(before)}") == "cba"

    monkeypatch.setattr(pages, "PER_PAGE", 2)
    monkeypatch.setattr(pages, "MOST_COUNTED", 2)
    page = console.get(f"{HOME}?text=example").text
    assert "More than 2 fit" in page
    older = re.findall(r'rel="next" href="([^"]+)"', page)[0].replace("&amp;", "&")
    assert older.startswith(f"{HOME}?text=example&before=")
    assert found(console, older.partition("?")[2]) == "a"
    part = pressroom.client.get(
        f"{HOME}?text=ana", headers={"HX-Request": "true", "Cookie": f"__Host-syndicate={console.key}"}
    )
    assert part.text.lstrip().startswith("<p")
    assert ANA in part.text


def test_one_person_with_all_that_happened(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    held = fill(pressroom)
    console = Console(pressroom)
    path = f"{HOME}/{held[ANA].subscriber.id}"
    page = console.get(path).text
    for shown in (ANA, "Ana Kovač", "Europe/Belgrade", "ferry", "by an operator: test", "part 3", "over quota"):
        assert shown in page
    assert "2.0.0 &lt;b&gt;taken&lt;/b&gt; as 3" in page
    assert page.index("part 3") < page.index("part 1")
    assert "bounced: no such mailbox" in console.get(f"{HOME}/{held[CY].subscriber.id}").text

    monkeypatch.setattr(pages, "NEWEST", 2)
    page = console.get(path).text
    assert "part 1" not in page
    older = re.findall(r'rel="next" href="([^"#]+)#sent"', page)[0]
    assert "part 1" in console.get(older).text
    assert "part 2" not in console.get(older).text
    for number in (99, 2**63, 10**30):
        assert console.get(f"{HOME}/{number}").status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_persons_are_for_operators(pressroom: Pressroom, role: Role) -> None:
    held = fill(pressroom)
    console = Console(pressroom, role)
    for path in (HOME, f"{HOME}/{held[BO].subscriber.id}"):
        response = console.get(path)
        assert response.status_code == 403
        assert "example" not in response.text.replace("lakeside.example", "")


def test_who_fits_is_exported_to_whom_proves_who_they_are(
    pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(pressroom, 0)
    pressroom.subscribe("=cmd@reader.example", name="@SUM(1)")
    console = Console(pressroom)
    with monkeypatch.context() as late:
        late.setattr(sessions, "FRESH", timedelta(seconds=-1))
        for answer in (console.get(f"{HOME}/export"), console.post(f"{HOME}/export")):
            assert answer.headers["location"].startswith("/console/prove?next=")
    assert "Export these" in console.get(f"{HOME}?state=active").text
    page = console.get(f"{HOME}/export?state=active&text=reader").text
    assert "2 subscribers" in page
    fields = dict(re.findall(r'type="hidden" name="(text|state)" value="(\w+)"', page))
    given = console.post(f"{HOME}/export", fields)
    assert given.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in given.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(given.text)))
    assert [row[0] for row in rows] == ["email", "'=cmd@reader.example", ANA, ANA]
    assert rows[1][1] == "'@SUM(1)"
    given = console.post(f"{HOME}/export", fields | {"form": "jsonl"})
    assert [json.loads(one)["email"] for one in given.text.splitlines()] == ["=cmd@reader.example", ANA, ANA]
    with pressroom.app.store.read() as connection:
        assert audit.newest(connection, limit=1)[0].detail == "state active, found by a text"
