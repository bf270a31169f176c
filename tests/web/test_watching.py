"""What programs that watch the service are answered, and who is shown how it is."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import typer
from rich.console import Console

from syndicate.cli import health, terminal, worker
from syndicate.errors import SyndicateError
from syndicate.settings import Settings
from tests.watch.scraped import Scraped
from tests.web.pressroom import Pressroom, serve

TOKEN = "a token that watchers send"


def test_readiness_tells_this_machine_alone_why(pressroom: Pressroom, tmp_path: Path) -> None:
    ask = pressroom.client.get
    assert ask("/readyz").json()["checks"]["database"] == {"ok": True, "said": "answers"}
    for forwarded in ({"X-Forwarded-For": "192.0.2.1"}, {"Host": "news.lakeside.example"}, {"Forwarded": "for=x"}):
        assert ask("/readyz", headers=forwarded).json() == {"status": "ready"}
    pressroom.app.jobs.pulse.beat(pressroom.app.jobs.clock() - timedelta(minutes=2))
    still = ask("/readyz")
    assert (still.status_code, still.json()["checks"]["clock"]["ok"]) == (503, False)
    pressroom.app.jobs.pulse.beat(pressroom.app.jobs.clock())
    pressroom.app.store.close()
    for file in tmp_path.glob("syndicate.db*"):
        file.unlink()
    (tmp_path / "syndicate.db").mkdir()
    broken = ask("/readyz", headers={"X-Real-IP": "192.0.2.1"})
    assert (broken.status_code, broken.json()) == (503, {"status": "not ready"})
    assert ask("/healthz").json() == {"status": "ok"}
    page = ask("/")
    assert (page.status_code, page.headers["retry-after"]) == (503, "60")
    assert "Back in a moment" in page.text
    assert str(tmp_path) not in page.text


def test_a_scrape_counts_pages_by_template_and_feeds_by_newsletter(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1)
    pressroom.newsroom.publish()
    ask = pressroom.client.get
    before = Scraped(ask("/metrics").text)
    for path in ("/articles/ferry-1", "/articles/none", "/daily", "/nobody/was/here", "/feeds/no/rss.xml", "/metrics"):
        ask(path)
    pressroom.client.head("/daily")
    etag = ask("/feeds/daily/rss.xml").headers["etag"]
    ask("/feeds/daily/rss.xml", headers={"If-None-Match": etag})
    ask("/feeds/")
    found = Scraped(ask("/metrics").text, before)
    assert found("syndicate_http_requests_total", route="/articles/{slug}", status="200") == 1
    assert found("syndicate_http_requests_total", route="/articles/{slug}", status="404") == 1
    assert found("syndicate_http_requests_total", route="none", status="404") == 2
    assert found("syndicate_http_requests_total", route="/{slug}", method="GET") == 2
    assert found("syndicate_http_request_seconds_count", route="/metrics") == 2
    assert found("syndicate_feed_hits_total", newsletter="daily", file="rss.xml", status="200") == 1
    assert found("syndicate_feed_hits_total", newsletter="daily", file="rss.xml", status="304") == 1
    assert found("syndicate_feed_hits_total", newsletter="all", file="index.html") == 1
    assert not {"nobody", "no", "ferry-1"} & found.labels("syndicate_http_requests")


def test_metrics_are_never_public_by_accident(pressroom: Pressroom) -> None:
    ask = pressroom.client.get
    assert ask("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
    open_metrics = ask("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert open_metrics.text.endswith("# EOF\n")
    for headers in (
        {"X-Forwarded-For": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "news.lakeside.example"},
        {"Host": "[::1"},
    ):
        refused = ask("/metrics", headers=headers)
        assert (refused.status_code, "syndicate_" in refused.text) == (403, False), headers


def test_with_a_token_everyone_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(tmp_path, metrics={"token": TOKEN}) as room:
        ask = room.client.get
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            refused = ask("/metrics", headers=headers)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        sent = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.1", "Host": "news.lakeside.example"}
        assert "syndicate_build_info" in ask("/metrics", headers=sent).text
        assert "checks" not in ask("/readyz").json()
        _health_asks(room, monkeypatch)


def test_a_worker_tells_what_it_counts_and_nothing_of_the_database(
    pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(worker, "tell", lambda _, about: told.append(about))

    async def asked() -> tuple[httpx2.Response, ...]:
        stop = asyncio.Event()
        watched = worker.be_watched(pressroom.app, ("127.0.0.1", 0), stop)
        async with httpx2.AsyncClient(base_url=told[0].removeprefix("at ").removesuffix("/metrics")) as client:
            alive, page, passed_on = (
                await client.get("/healthz"),
                await client.get("/metrics"),
                await client.get("/metrics", headers={"Via": "1.1 x"}),
            )
        stop.set()
        await watched
        return alive, page, passed_on

    alive, page, passed_on = asyncio.run(asked())
    assert (alive.json(), passed_on.status_code) == ({"status": "ok"}, 403)
    assert "syndicate_deliveries" in Scraped(page.text).families
    assert "syndicate_database_up" not in Scraped(page.text).families
    assert worker.place_of("[::1]:0") == ("::1", 0)
    for wrong in ("9464", ":9464", "127.0.0.1:x", "127.0.0.1:65536"):
        with pytest.raises(typer.BadParameter, match="HOST:PORT"):
            worker.place_of(wrong)


def _health_asks(room: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command, where the service listens at every address of the machine."""
    web = room.app.settings.web.model_copy(update={"listen": f"0.0.0.0:{room.client.base_url.port}"})
    settings: Settings = room.app.settings.model_copy(update={"web": web})
    monkeypatch.setattr(health, "settings", lambda: settings)
    said = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=said, width=200))
    health.health()
    assert "ready" in said.getvalue()
    assert "answers" in said.getvalue()
    room.app.jobs.pulse.beat(room.app.jobs.clock() - timedelta(minutes=2))
    with pytest.raises(typer.Exit):
        health.health()
    health.health(alive=True)
    nowhere = settings.model_copy(update={"web": web.model_copy(update={"listen": "127.0.0.1:1"})})
    monkeypatch.setattr(health, "settings", lambda: nowhere)
    with pytest.raises(SyndicateError, match="no service answers at http://127"):
        health.health()
