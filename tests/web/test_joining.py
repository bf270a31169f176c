"""Subscribing over HTTP: a person's form, a form on another site, a script, a robot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from syndicate.model import DigestState, SubscriptionState
from syndicate.web.typed import WRONG
from tests.web.pressroom import Pressroom, serve
from tests.web.test_archive import keep_digest

ANA = {"email": "ana@reader.example", "newsletter": "daily"}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pressroom]:
    """A newsroom for requests that change nothing."""
    with serve(tmp_path_factory.mktemp("still")) as room:
        yield room


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Pressroom]:
    """A newsroom that takes two requests for one address and three from one IP address in an hour."""
    with serve(tmp_path, limits={"per_address": "2/hour", "per_ip": "3/hour"}) as room:
        yield room


def stamp_of(pressroom: Pressroom, seconds: int) -> str:
    """The stamp of a form that was shown so many seconds ago."""
    return pressroom.app.stamps.stamp(pressroom.app.jobs.clock() - timedelta(seconds=seconds))


def test_a_newsletter_has_a_page(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, tags=("Harbour", "Sport"))
    pressroom.newsroom.add(2, tags=("harbour", "Culture"))
    pressroom.newsroom.add(3)
    number = keep_digest(pressroom, DigestState.SENT, "<p>x</p>")
    hidden = keep_digest(pressroom, DigestState.REVIEW, "<p>x</p>")
    response = pressroom.client.get("/daily")
    assert response.status_code == 200
    page = response.text
    assert "What happened by the lake, every morning." in page
    assert "Comes every day, every week or as soon as an article appears" in page
    assert f'href="/archive/daily/{number}"' in page
    assert f'href="/archive/daily/{hidden}"' not in page
    assert "digests/atom.xml" not in page
    pressroom.newsroom.publish()
    assert 'aria-label="The Daily Brief: digests, Atom feed"' in pressroom.client.get("/daily").text
    assert 'href="/feeds/daily/rss.xml"' in page
    assert page.count('type="radio" name="cadence"') == 3
    assert page.index('name="topics" value="harbour"') < page.index('name="topics" value="Culture"')
    assert page.count('name="topics"') == 3
    assert '<link rel="canonical" href="https://news.lakeside.example/daily">' in page
    assert '<meta property="og:title" content="The Daily Brief">' in page


def test_its_form_can_be_put_on_another_site(pressroom: Pressroom) -> None:
    page = pressroom.client.get("/daily").text
    assert "&lt;form action=&#34;https://news.lakeside.example/subscribe&#34; method=&#34;post&#34;&gt;" in page
    assert '<form action="/subscribe" method="post">' in page
    response = pressroom.client.post("/subscribe", data=ANA, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 202
    assert len(pressroom.notices(ANA["email"])) == 1


def test_other_names_are_no_newsletters(pressroom: Pressroom) -> None:
    for path in ("/nothing", "/Daily", "/daily/", "/%00", "/daily%2f"):
        assert pressroom.client.get(path).status_code == 404


def test_the_form_for_all(pressroom: Pressroom) -> None:
    page = pressroom.client.get("/subscribe", params={"newsletter": "harbour"}).text
    assert 'value="harbour" checked' in page
    assert 'value="daily" checked' not in page


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {**ANA, "cadence": "weekly", "topics": ["Sport", "Culture"], "name": "Ana", "language": "de"}},
        {"json": {**ANA, "cadence": "weekly", "topics": ["Sport", "Culture"], "name": "Ana", "language": "de"}},
        {"files": [(name, (None, text)) for name, text in [*ANA.items(), ("cadence", "weekly"), ("name", "Ana"),
         ("language", "de"), ("topics", "Sport"), ("topics", "Culture")]]},
    ],
)  # fmt: skip
def test_a_request_is_asked_back_and_then_begins(pressroom: Pressroom, sent: dict[str, Any]) -> None:
    response = pressroom.client.post("/subscribe", **sent)
    assert response.status_code == 202
    assert "Check your mail" in response.text
    assert pressroom.subscriptions_of(ANA["email"]) == {}
    assert [one.language for one in pressroom.notices(ANA["email"])] == ["de"]
    pressroom.client.post(pressroom.confirming(ANA["email"]))
    held = pressroom.subscriptions_of(ANA["email"])["daily"]
    assert (held.cadence, held.topics, held.state) == ("weekly", ("culture", "sport"), SubscriptionState.ACTIVE)
    assert (held.subscriber.name, held.subscriber.language) == ("Ana", "de")


def test_several_newsletters_and_a_cadence_that_only_one_has(pressroom: Pressroom) -> None:
    form = {"email": ANA["email"], "newsletter": ["daily", "harbour"], "cadence": "instant"}
    assert pressroom.client.post("/subscribe", data=form).status_code == 202
    assert len(pressroom.notices(ANA["email"])) == 1
    pressroom.client.post(pressroom.confirming(ANA["email"]))
    held = pressroom.subscriptions_of(ANA["email"])
    assert {slug: one.cadence for slug, one in held.items()} == {"daily": "instant", "harbour": "weekly"}


@pytest.mark.parametrize("how", [{"params": {"format": "json"}}, {"headers": JSON}])
def test_known_and_unknown_addresses_get_the_same_answer(pressroom: Pressroom, how: dict[str, Any]) -> None:
    pressroom.subscribe(ANA["email"])
    answers = [
        pressroom.client.post("/subscribe", data={**ANA, "email": email}, **how)
        for email in (ANA["email"], "nobody@reader.example")
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()) == (202, {"status": "check-your-mail"})
        assert answer.headers["access-control-allow-origin"] == "*"
    assert same(answers[0]) == same(answers[1])
    pages = [pressroom.client.post("/subscribe", data={**ANA, "email": e}) for e in (ANA["email"], "x@reader.example")]
    assert same(pages[0]) == same(pages[1])


def same(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    own = {"date", "x-request-id"}
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k not in own}


def test_the_language_of_the_page_is_that_of_the_mail(pressroom: Pressroom) -> None:
    pressroom.client.post("/subscribe", data=ANA, headers={"Accept-Language": "fr;q=0.9, sq-XK, en;q=0.1"})
    assert [one.language for one in pressroom.notices(ANA["email"])] == ["sq"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "nobody"),
        ("email", "a@b@reader.example"),
        ("email", "ana@reader.example\r\nBcc: eve@example.org"),
        ("newsletter", "nothing"),
        ("newsletter", ""),
        ("cadence", "hourly"),
        ("topics", "x" * 201),
        ("name", "x" * 201),
        ("name", "A\x00na"),
        ("language", "no language"),
        ("timezone", "Mars/Olympus"),
    ],
)
def test_what_can_not_be_used_is_said(still: Pressroom, field: str, value: str) -> None:
    form = {**ANA, field: value}
    answer = still.client.post("/subscribe", data=form, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["status"] == "invalid"
    assert answer.json()["errors"].keys() == {field}
    response = still.client.post("/subscribe", data=form)
    assert response.status_code == 422
    assert f"<li>{WRONG[field]}</li>" in response.text
    if field in ("email", "newsletter", "cadence", "name", "language"):
        assert f'id="{field}-wrong"' in response.text
    assert still.notices(ANA["email"]) == []


def test_scripts_are_told_in_the_readers_language(still: Pressroom) -> None:
    answer = still.client.post("/subscribe", data={"newsletter": "daily"}, headers={**JSON, "Accept-Language": "de"})
    assert answer.json()["errors"]["email"].startswith("An diese Adresse")


def test_nothing_typed_is_lost(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, tags=("Sport",))
    pressroom.newsroom.add(2, tags=("Culture",))
    form = {"email": '"><b>', "newsletter": "daily", "name": "Ana <3", "cadence": "weekly", "topics": "Sport"}
    page = pressroom.client.post("/subscribe", data=form).text
    assert 'value="&#34;&gt;&lt;b&gt;"' in page
    assert 'value="Ana &lt;3"' in page
    assert 'value="weekly" checked' in page
    assert pressroom.client.post("/subscribe", data=form).headers["cache-control"] == "no-store"
    assert 'value="Sport" checked' in page
    assert 'value="Culture" checked' not in page
    page = pressroom.client.post("/subscribe", data={"email": "x", "newsletter": ["daily", "harbour"]}).text
    assert page.count('name="newsletter" value="daily" checked') == 1
    assert page.count('name="newsletter" value="harbour" checked') == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"[" * 5000, "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": ["a"]}, 400),
        ({"json": {**ANA, "topics": {"a": 1}}}, 400),
        ({"json": {**ANA, "email": 7}}, 400),
        ({"content": b"\x00\xff" * 9, "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": b"nonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"content": b"<a/>", "headers": {"Content-Type": "text/xml"}}, 415),
        ({"content": b"email=" + b"x" * 65536, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 413),
        ({"content": b"a=1&" * 300, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
    ],
)
def test_bad_bodies_get_a_clear_answer(still: Pressroom, sent: dict[str, Any], status: int) -> None:
    assert still.client.post("/subscribe", **sent).status_code == status
    asked = still.client.post("/subscribe", params={"format": "json"}, **sent)
    assert (asked.status_code, list(asked.json())) == (status, ["status"])
    assert asked.headers["access-control-allow-origin"] == "*"


def test_a_field_that_nobody_sees_catches_robots(pressroom: Pressroom) -> None:
    answer = pressroom.client.post("/subscribe", data={**ANA, "website": "https://spam.example"}, headers=JSON)
    assert (answer.status_code, answer.json()) == (202, {"status": "check-your-mail"})
    assert pressroom.notices(ANA["email"]) == []


def test_who_is_too_quick_presses_once_more(pressroom: Pressroom) -> None:
    quick = {**ANA, "name": "Ana", "shown": stamp_of(pressroom, 0)}
    response = pressroom.client.post("/subscribe", data=quick)
    assert (response.status_code, response.headers["retry-after"]) == (429, "2")
    assert "press the button once more" in response.text
    assert 'value="ana@reader.example"' in response.text
    assert f'name="shown" value="{quick["shown"]}"' in response.text
    assert pressroom.client.post("/subscribe", data={**ANA, "shown": "1-forged"}).status_code == 429
    assert pressroom.notices(ANA["email"]) == []
    slow = {**quick, "shown": stamp_of(pressroom, 3)}
    assert pressroom.client.post("/subscribe", data=slow).status_code == 202
    assert len(pressroom.notices(ANA["email"])) == 1


def test_limits_are_answered_with_when_to_come_back(strict: Pressroom) -> None:
    for _ in range(2):
        assert strict.client.post("/subscribe", data=ANA).status_code == 202
    response = strict.client.post("/subscribe", data=ANA)
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert "Too many requests" in response.text
    answer = strict.client.post("/subscribe", data={**ANA, "email": "other@reader.example"}, headers=JSON)
    assert (answer.status_code, answer.json()) == (429, {"status": "try-later"})
    assert answer.headers["retry-after"]
    assert len(strict.notices(ANA["email"])) == 1


def test_behind_a_web_server_readers_are_told_apart(strict: Pressroom) -> None:
    def ask(number: int, ip: str) -> int:
        form = {**ANA, "email": f"reader{number}@reader.example"}
        return strict.client.post("/subscribe", data=form, headers={"X-Forwarded-For": ip}).status_code

    assert [ask(number, "192.0.2.1") for number in range(4)] == [202, 202, 202, 429]
    assert [ask(number, f"192.0.2.{number}") for number in range(5, 10)] == [202] * 5


def test_a_web_server_on_another_machine_is_believed_when_it_is_named(tmp_path: Path) -> None:
    with serve(tmp_path, limits={"per_ip": "2/hour"}, web={"proxies": ["127.0.0.1", "10.89.0.0/24"]}) as room:
        sent = [
            room.client.post(
                "/subscribe",
                data={**ANA, "email": f"reader{number}@reader.example"},
                headers={"X-Forwarded-For": f"192.0.2.{number}, {front}"},
            ).status_code
            for number, front in enumerate(["10.89.0.7"] * 4 + ["10.90.0.7"] * 3)
        ]
    assert sent == [202] * 6 + [429]


def test_a_script_of_another_site_may_post_json(pressroom: Pressroom) -> None:
    asked = pressroom.client.options("/subscribe", headers={"Access-Control-Request-Headers": "content-type"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert asked.headers["access-control-allow-headers"] == "content-type"
    assert "access-control-allow-credentials" not in asked.headers


def test_pages_speak_the_browsers_language_and_name_another_one(pressroom: Pressroom) -> None:
    response = pressroom.client.get("/daily", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de" dir="ltr">' in response.text
    assert "Kommt jeden Tag, jede Woche oder sobald ein Artikel erscheint" in response.text
    assert '<h1 lang="en" dir="ltr">The Daily Brief</h1>' in response.text
    assert response.headers["vary"] == "Accept-Language"


def test_a_newsletter_has_a_language_of_its_own(tmp_path: Path) -> None:
    newsletter = {
        "slug": "ditor",
        "title": "Ditori",
        "sender": "news@lakeside.example",
        "language": "sq",
        "cadences": {"daily": "0 7 * * *"},
    }
    with serve(tmp_path, newsletters=[newsletter]) as room:
        assert '<html lang="sq"' in room.client.get("/ditor").text
        assert "Të rejat" not in room.client.get("/").text
        assert '<html lang="en"' in room.client.get("/").text


def test_a_form_that_comes_back_has_everything_that_it_came_with(pressroom: Pressroom) -> None:
    answer = pressroom.client.post("/subscribe", data={"email": "nobody", "newsletter": "daily"})
    assert answer.status_code == 422
    assert re.search(r'name="cadence" value="daily" checked', answer.text)
    answer = pressroom.client.post("/subscribe", data={"email": "nobody", "newsletter": "daily", "cadence": "weekly"})
    assert re.search(r'name="cadence" value="weekly" checked', answer.text)
    assert not re.search(r'name="cadence" value="daily" checked', answer.text)
