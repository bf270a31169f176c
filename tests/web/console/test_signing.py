"""Signing in and out: by the right people, from our own page, under a new key, and back to where they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from syndicate.desk import people, sessions
from syndicate.model import Role
from syndicate.store import audit
from syndicate.web.console.desk import COOKIE
from syndicate.web.console.signing.ways import onward, page_of
from tests.feeds.newsroom import NOON
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom, serve

WORDS = "tramway oyster lint"
SIGN_IN = "/console/sign-in"


class Clock:
    """Stands still until it is moved on."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> object:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path: Path, clock: Clock) -> Iterator[Pressroom]:
    """A newsroom with ana, an editor."""
    with serve(tmp_path, clock) as room:  # type: ignore[arg-type]
        store, now = room.app.store, room.app.jobs.clock()
        people.accept(store, people.add(store, "ana", Role.EDITOR, by="", now=now), WORDS, "", ip="", now=now)
        yield room


class Browser:
    """Keeps cookies, which the client does not over plain HTTP."""

    def __init__(self, room: Pressroom) -> None:
        self.room, self.cookies = room, dict[str, str]()

    def ask(self, method: str, path: str, **sent: object) -> httpx2.Response:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        response = self.room.client.request(method, path, headers=headers | sent.pop("headers", {}), **sent)  # type: ignore[arg-type, operator]
        self.room.client.cookies.clear()
        for cookie in response.headers.get_list("set-cookie"):
            name, _, rest = cookie.partition("=")
            assert name.startswith("__Host-")
            assert re.search("HttpOnly.*Path=/.*SameSite=lax.*Secure", cookie)
            self.cookies[name] = rest.partition(";")[0].strip('"')
        return response

    def csrf(self, path: str) -> str:
        return str(re.findall(r'name="csrf" value="(\w+)"', self.ask("GET", path).text)[0])

    def sign_in(self, password: str = WORDS, name: str = "ana", path: str = SIGN_IN) -> httpx2.Response:
        fields = {"csrf": self.csrf(path), "name": name, "password": password}
        return self.ask("POST", path, data=fields)


def test_who_signs_in_gets_a_new_key_and_goes_back_to_where_they_were(room: Pressroom) -> None:
    browser = Browser(room)
    browser.cookies[COOKIE] = "chosen-by-a-stranger"
    response = browser.sign_in(path=f"{SIGN_IN}?next=/console%3Fx%3D1")
    assert (response.status_code, response.headers["location"]) == (303, "/console?x=1")
    first = browser.cookies[COOKIE]
    assert first != "chosen-by-a-stranger"
    page = browser.ask("GET", "/console")
    assert page.status_code == 200
    assert browser.sign_in().status_code == 303
    assert browser.cookies[COOKIE] != first
    assert sessions.resume(room.app.store, first, now=NOON) is None
    token = re.findall(r'name="csrf" value="(\w+)"', browser.ask("GET", "/console").text)[0]
    assert browser.ask("POST", "/console/sign-out", data={"csrf": token}).headers["location"] == SIGN_IN
    key = browser.cookies[COOKIE]
    assert key == ""
    assert browser.ask("GET", "/console").status_code == 303
    with room.app.store.read() as connection:
        acts = [(one.who, one.act) for one in audit.newest(connection, limit=3)]
    assert acts == [("ana", "signed out"), ("ana", "signed in"), ("ana", "signed in")]


def test_wrong_names_and_passwords_are_answered_alike(room: Pressroom) -> None:
    answers = [Browser(room).sign_in(password=p, name=n) for n, p in (("ana", "wrong"), ("nobody", WORDS), ("", ""))]
    assert {one.status_code for one in answers} == {403}
    assert all("The name or the password is wrong." in one.text for one in answers)
    assert all(COOKIE + "=" not in str(one.headers) for one in answers)


def test_a_form_from_elsewhere_signs_nobody_in(room: Pressroom) -> None:
    browser, other = Browser(room), Browser(room)
    fields = {"name": "ana", "password": WORDS}
    assert browser.ask("POST", SIGN_IN, data=fields).status_code == 403
    mine, theirs = browser.csrf(SIGN_IN), other.csrf(SIGN_IN)
    assert browser.ask("POST", SIGN_IN, data=fields | {"csrf": theirs}).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.ask("POST", SIGN_IN, data=fields | {"csrf": mine}, headers=foreign).status_code == 403
    assert browser.ask("POST", SIGN_IN, data=fields | {"csrf": mine}).status_code == 303


def test_many_tries_have_to_wait_but_not_in_a_browser_that_is_known(room: Pressroom, clock: Clock) -> None:
    known, stranger = Browser(room), Browser(room)
    assert known.sign_in().status_code == 303
    for _ in range(5):
        assert stranger.sign_in("wrong").status_code == 403
    refused = stranger.sign_in()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert "Wait 1 seconds" in refused.text
    assert known.sign_in().status_code == 303
    stranger.cookies["__Host-syndicate-browser"] += "." + "0" * 64
    assert stranger.sign_in().status_code == 429
    clock.now += timedelta(seconds=1)
    assert stranger.sign_in().status_code == 303


def test_a_link_sets_a_password_once(room: Pressroom) -> None:
    token = people.add(room.app.store, "ben", Role.OPERATOR, by="", now=NOON)
    browser, path = Browser(room), f"/console/welcome/{token}"
    fields = {"csrf": browser.csrf(path), "password": "another oyster lamp", "again": "another oyster lamp"}
    assert "Both fields" in browser.ask("POST", path, data=fields | {"again": "x"}).text
    assert "At least" in browser.ask("GET", path).text
    short = browser.ask("POST", path, data=fields | {"password": "short", "again": "short"})
    assert (short.status_code, "at least 12 characters" in short.text) == (422, True)
    assert browser.ask("POST", path, data=fields | {"csrf": "x"}).status_code == 403
    assert browser.ask("POST", path, data=fields).headers["location"] == "/console"
    assert "ben" in browser.ask("GET", "/console").text
    assert Browser(room).ask("GET", path).status_code == 410
    assert browser.ask("POST", path, data=fields).status_code == 410


def test_who_proves_it_again_goes_on_under_another_key(room: Pressroom, clock: Clock) -> None:
    browser = Browser(room)
    browser.sign_in()
    clock.now += timedelta(minutes=30)
    before = browser.cookies[COOKIE]
    path = "/console/prove?next=/console/settings"
    token = browser.csrf(path)
    assert browser.ask("POST", path, data={"csrf": token, "password": "wrong"}).status_code == 403
    response = browser.ask("POST", path, data={"csrf": token, "password": WORDS})
    assert response.headers["location"] == "/console/settings"
    session = sessions.resume(room.app.store, browser.cookies[COOKIE], now=clock.now)
    assert session
    assert sessions.is_fresh(session, clock.now)
    assert sessions.resume(room.app.store, before, now=clock.now) is None
    assert browser.csrf(path) == token


def test_a_form_that_was_sent_too_late_leads_back_to_its_page(room: Pressroom) -> None:
    headers = {"Referer": "https://news.lakeside.example/console/settings/newsletters/daily?x=1"}
    response = room.client.post("/console/settings/newsletters/daily/remove", headers=headers)
    assert response.headers["location"] == f"{SIGN_IN}?next=/console/settings/newsletters/daily%3Fx%3D1"
    assert Console(room).post("/console/prove", {"password": ""}).status_code == 403


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "//evil.example",
        "https://evil.example/console",
        "/console/\\evil",
        "/consoles",
        "/console\n",
        "/feeds",
        "/console/é",
        "/console@evil.example",
        "javascript:x",
        "/ /console",
    ],
)
def test_only_pages_of_the_console_are_gone_to(wanted: str) -> None:
    assert onward(wanted) == "/console"


def test_a_page_of_the_console_is_known_by_its_address() -> None:
    assert onward("/console/digests/5?page=2") == "/console/digests/5?page=2"
    assert page_of("https://lake.example/news/console/digests", "/news") == "/console/digests"
    assert page_of("https://[evil", "") == page_of("https://evil.example/x", "") == "/console"
