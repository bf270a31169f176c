"""Users, tokens and one's own account, as the console's pages change them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pyotp

from syndicate.desk import entry, people, sessions, tokens
from syndicate.desk.tokens import Scope
from syndicate.model import Role
from syndicate.store import audit, users
from syndicate.web.console.desk import COOKIE
from tests.feeds.newsroom import NOON
from tests.web.console.deskroom import Console
from tests.web.console.test_signing import SIGN_IN, WORDS, Browser, Clock
from tests.web.pressroom import Pressroom, serve


def test_an_operator_adds_changes_and_removes_somebody(pressroom: Pressroom) -> None:
    console, home = Console(pressroom), "/console/users"
    console.get(f"{home}/new")
    assert "a name has" in console.post(f"{home}/new", {"name": "A B", "role": "editor"}).text
    assert "Choose a role" in console.post(f"{home}/new", {"name": "ana", "role": "king"}).text
    shown = console.post(f"{home}/new", {"name": "Ana", "role": "editor"}).text
    link = re.findall(r"https://news\.lakeside\.example(/console/welcome/[\w-]{43})", shown)[0]
    assert pressroom.client.get(link).status_code == 200
    assert "invited until" in console.get(home).text
    with pressroom.app.store.read() as connection:
        ana, me = users.named(connection, "ana"), users.named(connection, Role.OPERATOR)
    assert ana
    assert me
    one = f"{home}/{ana.id}"
    assert "added" in console.get(one).text
    assert console.post(f"{one}/role", {"role": "viewer"}).status_code == 303
    assert console.post(f"{one}/role", {"role": "king"}).status_code == 404
    assert "/console/welcome/" in console.post(f"{one}/reset").text
    assert pressroom.client.get(link).status_code == 410
    assert console.post(f"{one}/codes").status_code == console.post(f"{one}/sign-out").status_code == 303
    assert console.post(f"{home}/{me.id}/reset").status_code == 409
    assert "is the last operator" in console.post(f"{home}/{me.id}/remove").text
    assert console.post(f"{one}/remove").status_code == 303
    assert "ana is removed." in console.get(home).text
    assert console.get(one).status_code == 404
    acts = console.get("/console/health/acts").text
    assert acts.index("removed") < acts.index("made a link") < acts.index("changed role") < acts.index("added")
    assert "Older" not in acts
    with pressroom.app.store.write() as connection:
        for number in range(50):
            audit.note(connection, "ben", f"tried {number}", now=NOON)
    newest = console.get("/console/health/acts").text
    older = re.findall(r"before=([0-9]+)", newest)[0]
    assert "tried 0" in newest
    assert "user ana" not in newest
    assert "user ana" in console.get(f"/console/health/acts?before={older}").text
    assert console.get("/console/health/acts?before=x").text.count("<tr>") == 51


def test_a_token_is_made_shown_once_and_revoked(pressroom: Pressroom) -> None:
    console, home = Console(pressroom), "/console/users/tokens"
    console.get(f"{home}/new")
    assert "at least one scope" in console.post(f"{home}/new", {"name": "cms", "days": "9"}).text
    assert "good for 1 to" in console.post(f"{home}/new", {"name": "cms", "scope": "articles:write", "days": "x"}).text
    shown = console.post(f"{home}/new", {"name": "cms", "scope": "articles:write", "days": "9"}).text
    text = re.findall(r"syndicate_[\w-]{43}", shown)[0]
    store, now = pressroom.app.store, pressroom.app.jobs.clock()
    assert tokens.check(store, f"Bearer {text}", Scope.ARTICLES_WRITE, now).created_by == Role.OPERATOR
    page = console.get(home).text
    assert ">cms<" in page
    assert text not in page
    assert console.post(f"{home}/cms/revoke").status_code == 303
    assert "There is none." in console.get(home).text


def test_somebody_sets_up_codes_and_signs_in_with_them(tmp_path: Path) -> None:
    clock = Clock()
    with serve(tmp_path, clock) as room:  # type: ignore[arg-type]
        store = room.app.store
        people.accept(store, people.add(store, "ana", Role.EDITOR, by="", now=NOON), WORDS, "", ip="", now=NOON)
        browser, other, home = Browser(room), Browser(room), "/console/account"
        browser.sign_in()
        other.sign_in()
        page = browser.ask("GET", f"{home}/codes").text
        csrf, sealed = (re.findall(f'name="{name}" value="([^"]+)"', page)[0] for name in ("csrf", "secret"))
        secret = re.findall(r'"secret"><code>([A-Z2-7 ]+)<', page)[0].replace(" ", "")
        assert "data:image/svg+xml" in page
        fields = {"csrf": csrf, "secret": sealed, "code": "000000"}
        assert browser.ask("POST", f"{home}/codes", data=fields).status_code == 422
        assert browser.ask("POST", f"{home}/codes", data=fields | {"secret": "forged"}).status_code == 422
        made = browser.ask("POST", f"{home}/codes", data=fields | {"code": pyotp.TOTP(secret).at(clock.now)}).text
        recovery = re.findall(r"<li><code>([a-z2-7-]{29})</code>", made)
        assert len(recovery) == 8
        assert other.ask("GET", home).headers["location"].startswith(SIGN_IN)

        clock.now += timedelta(minutes=1)
        step = other.sign_in()
        assert COOKIE not in str(step.headers.get_list("set-cookie"))
        ticket = re.findall(r'name="ticket" value="([^"]+)"', step.text)[0]
        csrf = re.findall(r'name="csrf" value="(\w+)"', step.text)[0]
        fields = {"csrf": csrf, "ticket": ticket, "code": pyotp.TOTP(secret).at(clock.now)}
        assert "The code is wrong" in other.ask("POST", SIGN_IN, data=fields | {"code": "123"}).text
        stolen = Browser(room)
        mine = {"csrf": stolen.csrf(SIGN_IN)}
        assert "too old" in stolen.ask("POST", SIGN_IN, data=fields | mine).text
        assert other.ask("POST", SIGN_IN, data=fields).status_code == 303
        assert "The code is wrong" in other.ask("POST", SIGN_IN, data=fields).text
        clock.now += timedelta(minutes=6)
        assert "too old" in other.ask("POST", SIGN_IN, data=fields).text

        clock.now += timedelta(minutes=10)
        prove = "/console/prove"
        proof = {"csrf": other.csrf(prove), "password": WORDS, "code": ""}
        assert other.ask("POST", prove, data=proof).status_code == 403
        assert other.ask("POST", prove, data=proof | {"code": recovery[0]}).status_code == 303
        link = f"/console/welcome/{people.reset(store, 'ana', by='ben', now=clock.now)}"
        fields = {"csrf": other.csrf(link), "password": WORDS, "again": WORDS}
        assert other.ask("POST", link, data=fields).headers["location"] == SIGN_IN
        assert other.ask("GET", home).status_code == 303
        step = other.sign_in()
        ticket = re.findall(r'name="ticket" value="([^"]+)"', step.text)[0]
        fields = {"csrf": fields["csrf"], "ticket": ticket, "code": pyotp.TOTP(secret).at(clock.now)}
        assert other.ask("POST", SIGN_IN, data=fields).status_code == 303
        proof["csrf"] = other.csrf(prove)
        page = other.ask("GET", home).text
        assert "7 recovery codes left" in page
        assert page.count("<tr><td") == 1
        csrf = {"csrf": proof["csrf"]}
        assert len(re.findall("<li><code>", other.ask("POST", f"{home}/codes/recovery", data=csrf).text)) == 8
        assert other.ask("POST", f"{home}/sessions", data={**csrf, "which": "nobody"}).status_code == 404
        assert other.ask("POST", f"{home}/sessions", data=csrf).status_code == 303
        assert other.ask("POST", f"{home}/codes/remove", data=csrf).status_code == 303
        assert not entry.needs_code(store, "ana")


def test_somebody_changes_their_password(pressroom: Pressroom) -> None:
    console, path = Console(pressroom, Role.VIEWER), "/console/account/password"
    elsewhere = Console(pressroom, Role.VIEWER)
    console.get(path)
    new: dict[str, str | list[str]] = {"password": "oyster tramway lint", "again": "oyster tramway lint"}
    assert "the same password" in console.post(path, new | {"again": "x"}).text
    assert "at least 12" in console.post(path, {"password": "x", "again": "x"}).text
    assert console.post(path, new).status_code == 303
    assert "signed out everywhere else" in console.get("/console/account").text
    assert elsewhere.get("/console").status_code == 303
    assert entry.check(pressroom.app.store, Role.VIEWER, str(new["password"]))
    assert sessions.resume(pressroom.app.store, console.key, now=pressroom.app.jobs.clock())
