"""Templates in the console: tried on real articles, written whole, given up."""

from __future__ import annotations

import re
from pathlib import Path

from syndicate.desk.sessions import hash_of
from syndicate.desk.templates import PURPOSES
from syndicate.model import DigestState, Role
from syndicate.store import audit, sessions
from tests.newsroom import Clock
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom, serve
from tests.web.test_archive import keep_digest

HOME = "/console/templates"
SUBJECT = f"{HOME}/edit/email/digest/subject.txt"


def print_in(page: str) -> str:
    return str(re.findall(r'name="print" value="(\w+)"', page)[0])


def test_templates_are_listed_and_shown(pressroom: Pressroom) -> None:
    viewer = Console(pressroom, Role.VIEWER)
    page = viewer.get(HOME).text
    assert page.count("/console/templates/edit/") == len(PURPOSES)
    assert "your own" not in page
    page = viewer.get(SUBJECT).text
    assert "readonly" in page
    assert "Save" not in page
    assert viewer.post(SUBJECT, {"text": "x"}).status_code == 403
    assert Console(pressroom, Role.EDITOR).post(SUBJECT, {"text": "x"}).status_code == 403
    for name in ("console/base.html", "../syndicate.toml", "%2e%2e/syndicate.toml", "email", "email/digest/none.txt"):
        assert viewer.get(f"{HOME}/edit/{name}").status_code == 404
        assert viewer.get(f"{HOME}/preview/{name}").status_code == 404


def test_every_template_has_a_preview_or_says_why_not(pressroom: Pressroom) -> None:
    viewer = Console(pressroom, Role.VIEWER)

    def is_shown(name: str) -> bool:
        response = viewer.get(f"{HOME}/preview/{name}")
        assert response.status_code == 200, name
        assert "sandbox" in response.headers["content-security-policy"]
        assert "script-src" not in response.headers["content-security-policy"]
        return "There is no preview" not in response.text

    rarely = ("email/digest/body.html", "feeds/digest.html", "web/article.html", "web/archive.html")
    assert not any(map(is_shown, rarely))
    number = pressroom.newsroom.add(1, title="A <b> ferry")
    keep_digest(pressroom, DigestState.SENT, "<html><head></head><body>x</body></html>", [number])
    mails = ("email/digest/subject.txt", "email/digest/body.txt", "email/notices/help/body.html", "web/style.css")
    pages = ("web/newsletter.html", "web/digests.html", "web/archives.html", "web/search.html", "web/subscribe.html")
    assert all(map(is_shown, (*rarely, *mails, *pages, "web/message.html")))
    assert not any(map(is_shown, ("feeds/index.html", "feeds/feed.css", "web/preferences.html", "web/confirm.html")))
    assert is_shown("email/notices/confirm/body.txt")
    assert "A &lt;b&gt; ferry" in viewer.get(f"{HOME}/preview/email/digest/body.html").text


def test_a_template_is_tried_saved_and_given_up(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, title="A ferry")
    operator = Console(pressroom)
    first = operator.get(SUBJECT).text
    preview = f"{HOME}/preview/email/digest/subject.txt"
    assert "News: A ferry" in operator.post(preview, {"text": "News: {{ articles[0].title }}"}).text
    wrong = operator.post(preview, {"text": "a\r\n{{ x }}\r\n<b>"}).text
    assert "line 2: &#x27;x&#x27; is undefined" in wrong
    assert "→    2  {{ x }}" in wrong

    sent: dict[str, str | list[str]] = {"print": print_in(first), "text": "a\n{% if %}\n<b>"}
    syntax = operator.post(SUBJECT, sent | {"sure": "1"})
    assert syntax.status_code == 422
    assert "email/digest/subject.txt, line 2" in syntax.text
    assert "→    2  {% if %}" in syntax.text
    assert "\na\n{% if %}\n&lt;b&gt;</textarea>" in syntax.text
    assert 'name="sure"' not in syntax.text
    undefined = operator.post(SUBJECT, sent | {"text": "{{ x }}"})
    assert undefined.status_code == 422
    assert 'name="sure"' in undefined.text
    assert not (pressroom.app.settings.directory / "templates").exists()

    assert operator.post(SUBJECT, sent | {"text": "News: {{ articles[0].title }}\r\n"}).status_code == 303
    page = operator.get(SUBJECT).text
    assert "Saved. It is in use." in page
    assert "<ins>+News: {{ articles[0].title }}</ins>" in page
    assert pressroom.app.digests.preview("daily", pressroom.app.jobs.clock()).parts.subject == "News: A ferry"
    conflict = operator.post(SUBJECT, sent | {"text": "Mine"})
    assert conflict.status_code == 409
    assert "\nMine</textarea>" in conflict.text

    sent["print"] = print_in(page)
    assert operator.post(SUBJECT, sent | {"text": "{{ x }}", "sure": "1"}).status_code == 303
    page = operator.get(f"{SUBJECT}?version=1").text
    assert "\nNews: {{ articles[0].title }}" in page
    assert operator.get(f"{SUBJECT}?version=7").status_code == 404
    assert operator.post(SUBJECT, {"print": print_in(page), "text": "", "revert": "1"}).status_code == 303
    assert "as shipped" in operator.get(SUBJECT).text
    assert "A ferry" in pressroom.app.digests.preview("daily", pressroom.app.jobs.clock()).parts.subject
    with pressroom.app.store.read() as connection:
        acts = [(one.act, one.about) for one in audit.newest(connection, limit=9) if one.about]
    name = "template email/digest/subject.txt"
    assert acts == [("reverted", name), ("changed", name), ("changed", name)]


def test_what_was_typed_is_not_lost_when_a_proof_is_needed(tmp_path: Path) -> None:
    clock = Clock()
    with serve(tmp_path, clock) as room:
        operator = Console(room)
        page = operator.get(SUBJECT).text
        clock.pass_by(minutes=30)
        response = operator.post(SUBJECT, {"print": print_in(page), "text": "An hour's work"})
        assert response.status_code == 403
        assert "\nAn hour&#39;s work</textarea>" in response.text
        assert "/console/prove" in response.text
        assert not (tmp_path / "templates").exists()
        with room.app.store.write() as connection:
            sessions.prove(connection, hash_of(operator.key), hash_of("another key"), now=clock())
        operator.key = "another key"
        assert operator.post(SUBJECT, {"print": print_in(page), "text": "An hour's work"}).status_code == 303
        assert room.client.post(SUBJECT, data={"text": "x"}).headers["location"].startswith("/console/sign-in")


def test_a_folder_that_may_not_be_written_says_so(pressroom: Pressroom) -> None:
    folder = pressroom.app.settings.directory / "templates"
    folder.mkdir()
    folder.chmod(0o555)
    operator = Console(pressroom)
    page = operator.get(SUBJECT).text
    assert "can&#39;t be changed from here" in page or "can't be changed from here" in page
    assert operator.post(SUBJECT, {"print": print_in(page), "text": "x"}).status_code == 409
