"""Pictures, asked over HTTP."""

from __future__ import annotations

import re
from io import BytesIO
from threading import BoundedSemaphore

import pytest
from PIL import Image

from syndicate.model import ArticleState, DigestState
from syndicate.web import pictures
from tests.feeds.newsroom import NOON
from tests.web.pressroom import Pressroom
from tests.web.test_archive import keep_digest


def picture_on(pressroom: Pressroom, path: str) -> str:
    """The path of the picture that a page names."""
    found = re.search('<meta property="og:image" content="([^"]+)">', pressroom.client.get(path).text)
    assert found, path
    assert found[1].startswith(pressroom.app.settings.site.url)
    return pressroom.path_of(found[1])


def test_every_public_page_has_a_picture(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1)
    number = keep_digest(pressroom, DigestState.SENT, "<html><head></head><body></body></html>", [1])
    pages = (
        "/",
        "/daily",
        "/subscribe",
        "/archive/",
        "/archive/daily/",
        "/articles/ferry-1",
        f"/archive/daily/{number}",
    )
    for path in dict.fromkeys(picture_on(pressroom, page) for page in pages):
        response = pressroom.client.get(path)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
        assert Image.open(BytesIO(response.content)).size == (1200, 630)
        assert "immutable" in response.headers["cache-control"]
        again = pressroom.client.get(path, headers={"If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_an_article_with_a_picture_of_its_own_shows_that(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, image="https://lakeside.example/ferry.jpg")
    page = pressroom.client.get("/articles/ferry-1").text
    assert '<meta property="og:image" content="https://lakeside.example/ferry.jpg">' in page
    assert "/pictures/" not in page


def test_a_title_that_changed_has_another_address_and_the_old_one_leads_there(pressroom: Pressroom) -> None:
    ferry = pressroom.newsroom.add(1)
    before = picture_on(pressroom, "/articles/ferry-1")
    pressroom.newsroom.change(ferry, NOON, title="Bread at four")
    after = picture_on(pressroom, "/articles/ferry-1")
    response = pressroom.client.get(before)
    assert (response.status_code, response.headers["location"]) == (302, after)
    assert response.headers["cache-control"] == "no-cache"
    assert pressroom.client.get(after).status_code == 200


def test_nothing_is_drawn_that_is_not_published_here(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, state=ArticleState.HELD)
    pressroom.newsroom.add(2, url="https://lakeside.example/two")
    keep_digest(pressroom, DigestState.REVIEW, "<p>secret</p>")
    of_articles = [f"articles/{number}" for number in (1, 0, 2, 3, "a")]
    for path in (*of_articles, "newsletters/none", "digests/1", "digests/9", f"digests/{2**63}", "x/1"):
        assert pressroom.client.get(f"/pictures/{path}/0123456789abcdef.png").status_code == 404, path


def test_who_has_many_drawn_does_not_keep_others_waiting(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "DRAWING", BoundedSemaphore(1))
    path = picture_on(pressroom, "/")
    with pictures.DRAWING:
        response = pressroom.client.get(path)
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert response.headers["cache-control"] == "no-store"
        assert pressroom.client.get("/").status_code == 200
    assert pressroom.client.get(path).status_code == 200
