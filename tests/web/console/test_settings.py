"""Newsletters and sources in the console: the file is the truth, and nothing goes into it that can't be used."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.audience.subscribe import subscribe
from syndicate.model import Digest, DigestState, Role
from syndicate.store import audit, digests
from tests.feeds.newsroom import NOON, make_settings
from tests.settings.writing import SECRET, write_settings
from tests.site import HttpSite, Page
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom, serve

FEED = b"""<rss version="2.0"><channel><title>W</title><link>http://w.example/</link><description>d</description>
<item><title>Ferry returns</title><link>http://w.example/1</link><description>It &lt;script&gt;x()&lt;/script&gt;came
back.</description></item></channel></rss>"""
HOME = "/console/settings"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Pressroom]:
    """A newsroom with a settings file that says little of it."""
    assert make_settings(tmp_path).newsletters
    file = write_settings(tmp_path, fetch={"allow_private": True})
    file.write_text("# Ours.\n" + file.read_text())
    with serve(tmp_path) as room:
        yield room


def typed(console: Console, path: str) -> dict[str, str | list[str]]:
    """What the form at that path sends when nothing is changed."""
    page = console.get(path).text.replace("&lt;", "<").replace("&gt;", ">")
    fields: dict[str, str | list[str]] = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page))
    cadences = re.findall(r'name="cadence" value="([^"]*)"', page)
    if cadences:
        fields |= {"cadence": cadences, "when": re.findall(r'name="when" value="([^"]*)"', page)}
    selected = dict(re.findall(r'<select id="\S+" name="(\w+)".*?value="([^"]*)" selected', page, re.DOTALL))
    unchecked = re.findall(r'<input type="checkbox"[^>]* name="(\w+)" value="\w+"(?! checked)', page)
    return {key: value for key, value in (fields | selected).items() if key not in unchecked}


def stands(room: Pressroom) -> dict[str, object]:
    return tomllib.loads(room.app.file.read())


def test_a_newsletter_is_created_changed_and_removed(room: Pressroom) -> None:
    console = Console(room)
    new = typed(console, f"{HOME}/newsletter")
    new |= {"slug": "sport", "title": "Sport", "sender": "s@lake.example", "cadence": ["late"], "when": ["5 18 * * *"]}
    assert console.post(f"{HOME}/newsletter", new).status_code == 303
    made = room.app.file.load().newsletter("sport")
    assert made is not None
    assert (made.title, made.cadences) == ("Sport", {"late": "5 18 * * *"})
    assert "Saved" in console.get(HOME).text

    form = typed(console, f"{HOME}/newsletters/sport")
    assert console.post(f"{HOME}/newsletters/sport", form).status_code == 303
    assert len(room.app.file.versions()) == 1
    assert console.post(f"{HOME}/newsletters/sport", form | {"title": "Game", "review": "true"}).status_code == 303
    changed = room.app.file.load().newsletter("sport")
    assert changed is not None
    assert (changed.title, changed.review) == ("Game", True)

    page = console.get(f"{HOME}/newsletters/sport/remove").text
    print_ = re.findall(r'name="print" value="(\w+)"', page)[0]
    assert console.post(f"{HOME}/newsletters/sport/remove", {"print": print_}).status_code == 303
    assert room.app.file.load().newsletter("sport") is None
    assert room.app.file.read().startswith("# Ours.\n")
    with room.app.store.read() as connection:
        acts = [(one.act, one.about, one.detail) for one in audit.newest(connection, limit=3)]
    assert acts[0] == ("removed", "newsletter sport", "")
    assert acts[1] == ("changed", "newsletter sport", "title, review")


def test_what_is_in_use_is_not_removed(room: Pressroom) -> None:
    console = Console(room)
    form = typed(console, f"{HOME}/newsletters/brief") | {"sources": "newsroom"}
    assert console.post(f"{HOME}/newsletters/brief", form).status_code == 303
    page = console.get(f"{HOME}/sources/newsroom/remove").text
    assert "a source of The Brief; take it out there first" in page
    print_ = {"print": re.findall(r'name="print" value="(\w+)"', console.get(f"{HOME}/versions/1").text)[0]}
    assert console.post(f"{HOME}/sources/newsroom/remove", print_).status_code == 409

    with room.app.store.write() as connection:
        number = digests.take_id(connection)
        digest = Digest(
            id=number,
            newsletter="brief",
            cadence="daily",
            slot="x",
            due_at=NOON,
            state=DigestState.REVIEW,
            subject="Ferry",
            upto=0,
            composed_at=NOON,
        )
        assert digests.add(connection, digest)
    assert f"digest {number} of it is review" in console.get(f"{HOME}/newsletters/brief/remove").text
    assert console.post(f"{HOME}/newsletters/brief/remove", print_).status_code == 409
    assert room.app.file.load().newsletter("brief")


def test_who_takes_a_cadence_from_readers_is_asked(room: Pressroom) -> None:
    console = Console(room)
    subscribe(
        room.app.store,
        room.app.file.load().newsletters,
        email="ana@reader.example",
        slugs=["brief"],
        cadence="weekly",
        consent="test",
        now=NOON,
    )
    form = typed(console, f"{HOME}/newsletters/brief") | {"cadence": ["daily"], "when": ["0 7 * * *"]}
    asked = console.post(f"{HOME}/newsletters/brief", form)
    assert asked.status_code == 422
    assert "1 reader chose" in asked.text
    assert "weekly" in (room.app.file.load().newsletter("brief") or room.app.settings.newsletters[0]).cadences
    assert console.post(f"{HOME}/newsletters/brief", form | {"sure": "yes"}).status_code == 303
    assert "weekly" not in (room.app.file.load().newsletter("brief") or room.app.settings.newsletters[0]).cadences


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(room: Pressroom) -> None:
    console = Console(room)
    before = room.app.file.read()
    form = typed(console, f"{HOME}/newsletters/brief") | {"timezone": "Nowhere", "title": "<b>Kept</b>"}
    response = console.post(f"{HOME}/newsletters/brief", form)
    assert response.status_code == 422
    assert re.search(r'class="problem" id="f-timezone-problem">an IANA time zone', response.text)
    assert 'value="&lt;b&gt;Kept&lt;/b&gt;"' in response.text
    assert room.app.file.read() == before


def test_somebody_elses_change_is_not_written_over(room: Pressroom) -> None:
    console = Console(room)
    form = typed(console, f"{HOME}/newsletters/brief") | {"title": "Mine"}
    room.app.file.path.write_text(room.app.file.read() + "# by hand\n")
    response = console.post(f"{HOME}/newsletters/brief", form)
    assert response.status_code == 409
    assert 'value="Mine"' in response.text
    again = form | {"print": re.findall(r'name="print" value="(\w+)"', response.text)[0]}
    assert console.post(f"{HOME}/newsletters/brief", again).status_code == 303
    assert "# by hand" in room.app.file.read()
    assert room.app.file.load().newsletters[0].title == "Mine"


def test_a_file_that_may_not_be_written_is_shown_what_to_write(room: Pressroom) -> None:
    console = Console(room)
    form = typed(console, f"{HOME}/newsletters/brief") | {"title": "Mine"}
    room.app.file.path.chmod(0o444)
    response = console.post(f"{HOME}/newsletters/brief", form)
    assert "title = &#34;Mine&#34;" in response.text
    assert room.app.file.load().newsletters[0].title == "The Brief"
    assert "can&#39;t be changed from here" in console.get(HOME).text


def test_a_source_is_tried_before_it_is_saved(room: Pressroom, http_site: HttpSite) -> None:
    http_site.pages["/feed"] = Page(FEED)
    http_site.pages["/page"] = Page(b"<html><head></head><body>x</body></html>")
    console = Console(room)
    form = typed(console, f"{HOME}/source/feed") | {"name": "wire", "url": f"{http_site.url}/feed"}
    response = console.post(f"{HOME}/source/feed", form | {"try": "1"})
    assert "1 article: 1 new" in response.text
    assert "Ferry returns" in response.text
    assert "x()" not in response.text
    assert "wire" not in room.app.file.read()
    failed = console.post(f"{HOME}/source/feed", form | {"url": f"{http_site.url}/page", "try": "1"})
    assert "is a web page, not a feed" in failed.text
    assert console.post(f"{HOME}/source/feed", form).status_code == 303
    assert [one.name for one in room.app.file.load().sources] == ["newsroom", "wire"]


def test_a_folder_outside_or_with_a_secret_in_it_is_refused(room: Pressroom, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    console = Console(room)
    for path in ("/etc", "..", "."):
        form = typed(console, f"{HOME}/source/folder") | {"name": "etc", "path": path}
        for act in ("save", "try"):
            response = console.post(f"{HOME}/source/folder", form | {act: "1"})
            assert response.status_code == 422
            assert "a folder below" in response.text


def test_an_earlier_version_comes_back_without_showing_secrets(room: Pressroom) -> None:
    console = Console(room)
    before = room.app.file.read()
    console.post(f"{HOME}/site", typed(console, f"{HOME}/site") | {"name": "Other"})
    assert "Other" in room.app.file.read()
    page = console.get(f"{HOME}/versions/1").text
    assert SECRET not in page
    assert "<ins>" in page
    form = {"print": re.findall(r'name="print" value="(\w+)"', page)[0]}
    assert console.post(f"{HOME}/versions/1", form).status_code == 303
    assert room.app.file.read() == before


def test_a_broken_file_is_told_and_others_may_only_look(room: Pressroom) -> None:
    editor = Console(room, Role.EDITOR)
    assert editor.get(f"{HOME}/newsletters/brief").status_code == 403
    room.app.file.path.write_text("[site\n")
    page = editor.get(HOME).text
    assert "can't be used" in page
    assert "The Daily Brief" in page
    assert "New newsletter" not in page
    assert Console(room).get(f"{HOME}/newsletters/brief").status_code == 422


def test_all_settings_are_shown_with_where_they_come_from(room: Pressroom) -> None:
    page = Console(room).get(f"{HOME}/all").text
    assert SECRET not in page
    for shown in ("[[newsletters]] brief", "(not shown)", "allow_private", "20s", ">file<", ">default<"):
        assert shown in page
    assert "How long one request may take in all." in page
