"""What holds for every page: headers, HEAD, small bodies, and errors that give nothing away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from syndicate.settings.schema import ROUTES
from syndicate.settings.values import SLUG
from syndicate.web.guard import security_of
from syndicate.web.server import create_pages
from tests.web.pressroom import Pressroom, serve

PATHS = [
    "/",
    "/articles/ferry-1",
    "/articles/none",
    "/archive/daily/1",
    "/feeds",
    "/feeds/",
    "/feeds/daily/rss.xml",
    "/healthz",
    "/readyz",
    "/style.css",
    "/daily",
    "/subscribe",
    "/confirm/x",
    "/unsubscribe/x",
    "/preferences/x",
    "/docs",
    "/openapi.json",
]


def paths_of(web: FastAPI) -> list[str]:
    """The address of every route."""
    return [path for route in web.routes if (path := getattr(route, "path", ""))]


def assert_guarded(headers: object) -> None:
    assert hasattr(headers, "get")
    policy = headers.get("content-security-policy")
    assert policy.startswith("default-src 'none'")
    for part in ("frame-ancestors 'none'", "base-uri 'none'", "form-action"):
        assert part in policy
    assert headers.get("x-content-type-options") == "nosniff"
    assert headers.get("referrer-policy")
    assert headers.get("strict-transport-security") == "max-age=31536000"
    assert headers.get("set-cookie") is None


def test_every_answer_is_guarded_and_has_a_head(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1)
    pressroom.newsroom.publish()
    for path in PATHS:
        full, head = pressroom.client.get(path), pressroom.client.head(path)
        assert_guarded(full.headers)
        assert_guarded(head.headers)
        assert (head.status_code, head.content) == (full.status_code, b"")
        assert head.headers["content-length"] == full.headers["content-length"]


def test_no_newsletter_takes_the_address_of_a_page(pressroom: Pressroom) -> None:
    taken = {path.strip("/").partition("/")[0] for path in paths_of(create_pages(pressroom.app))}
    assert {one for one in taken if re.fullmatch(SLUG, one)} <= ROUTES


def test_what_is_not_there_is_a_page_too(pressroom: Pressroom) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/nothing", "/unsubscribe", "/feeds/x/y/z"):
        response = pressroom.client.get(path)
        assert response.status_code == 404
        assert "There is no such page" in response.text


def test_another_method_is_refused(pressroom: Pressroom) -> None:
    response = pressroom.client.delete("/")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert "not for what was asked of it" in response.text
    assert_guarded(response.headers)


def test_a_large_body_is_refused(pressroom: Pressroom) -> None:
    path = pressroom.path_of(pressroom.app.links.unsubscribe(0))
    assert pressroom.client.post(path, content=b"x" * 64 * 1024).status_code == 200
    response = pressroom.client.post(path, content=b"x" * (64 * 1024 + 1))
    assert response.status_code == 413
    assert_guarded(response.headers)


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Pressroom]:
    """A site whose operator wrote a front page that can't be rendered."""
    own = tmp_path / "templates/web"
    own.mkdir(parents=True)
    (own / "index.html").write_text("{{ a_secret_name_of_nothing }}")
    with serve(tmp_path) as room:
        yield room


def test_what_breaks_shows_nothing_of_itself(broken: Pressroom, tmp_path: Path) -> None:
    response = broken.client.get("/")
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "<html" in response.text
    for leak in ("a_secret_name_of_nothing", "Traceback", str(tmp_path)):
        assert leak not in response.text
    assert_guarded(response.headers)


def test_a_broken_frame_still_gives_an_answer(broken: Pressroom, tmp_path: Path) -> None:
    (tmp_path / "templates/web/base.html").write_text("{% if %}")
    response = broken.client.get("/")
    assert response.status_code == 500
    assert response.text.startswith("Something went wrong\n\nIt is our fault")
    assert_guarded(response.headers)


def test_a_site_without_tls_does_not_ask_for_it() -> None:
    assert "Strict-Transport-Security" not in security_of("http://127.0.0.1:8000")
