"""Digests as pages, asked over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from syndicate.model import Digest, DigestState, Parts
from syndicate.store import digests
from tests.feeds.newsroom import NOON
from tests.web.pressroom import Pressroom

NONCE = "h0123456789abcdef0123"


def keep_digest(pressroom: Pressroom, state: DigestState, html: str, article_ids: Sequence[int] = ()) -> int:
    with pressroom.app.store.write() as connection:
        number = digests.take_id(connection)
        made = Digest(
            id=number,
            newsletter="daily",
            cadence="daily",
            slot=f"slot {number}",
            due_at=NOON,
            state=state,
            subject="Ferries & <fees>",
            upto=1,
            composed_at=NOON,
        )
        digests.add(connection, made)
        digests.add_variant(connection, number, article_ids, Parts("s", html, "t", NONCE))
        return number


@pytest.mark.parametrize("state", [DigestState.SENDING, DigestState.PAUSED, DigestState.SENT])
def test_a_sent_digest_is_a_page_without_its_reader(pressroom: Pressroom, state: DigestState) -> None:
    holes = " ".join(f"{NONCE}_{name}_" for name in ("greeting", "name", "email", "unsubscribe", "preferences"))
    number = keep_digest(
        pressroom, state, f"<!DOCTYPE html><html><head><title>The mail</title></head><p>{holes}</p></html>"
    )
    response = pressroom.client.get(pressroom.path_of(pressroom.app.links.view("daily", number)))
    assert response.status_code == 200
    home = "https://news.lakeside.example/daily"
    assert f"<p>Hello,  a reader {home} {home}</p>" in response.text
    assert 'title="The Daily Brief (Atom)" href="/feeds/daily/atom.xml">' in response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in response.headers["content-security-policy"]
    assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    "state", sorted(set(DigestState) - {DigestState.SENDING, DigestState.PAUSED, DigestState.SENT})
)
def test_other_digests_are_nobodys_business(pressroom: Pressroom, state: DigestState) -> None:
    number = keep_digest(pressroom, state, "<p>secret</p>")
    assert pressroom.client.get(f"/archive/daily/{number}").status_code == 404


def test_a_digest_is_only_at_its_own_address(pressroom: Pressroom) -> None:
    number = keep_digest(pressroom, DigestState.SENT, "<p>here</p>")
    for path in (
        f"harbour/{number}",
        f"daily/{number + 1}",
        "daily/x",
        "daily/0",
        f"daily/{2**63}",
        "daily/-1",
        f"daily/{'9' * 5000}",
    ):
        response = pressroom.client.get(f"/archive/{path}")
        assert response.status_code == 404
        assert "There is no such page" in response.text


def test_a_digest_can_be_found_and_shown_elsewhere(pressroom: Pressroom) -> None:
    first = pressroom.newsroom.add(1, title="Ferries & <fees>", image="https://lakeside.example/ferry.jpg")
    second = pressroom.newsroom.add(2, title="Bread at four")
    html = "<!DOCTYPE html><html><head><meta charset=utf-8><title>Mail</title></head><body>x</body></html>"
    number = keep_digest(pressroom, DigestState.SENT, html, [first, second])
    page = pressroom.client.get(f"/archive/daily/{number}").text
    head = page.partition("</head>")[0]
    url = f"https://news.lakeside.example/archive/daily/{number}"
    assert page.count("<title>") == 1
    assert "<title>Ferries &amp; &lt;fees&gt; · The Daily Brief</title>" in head
    for name, content in (
        ("description", "Ferries &amp; &lt;fees&gt; · Bread at four"),
        ("og:title", "Ferries &amp; &lt;fees&gt;"),
        ("og:description", "Ferries &amp; &lt;fees&gt; · Bread at four"),
        ("og:url", url),
        ("og:site_name", "Lakeside Courier"),
        ("og:image", "https://lakeside.example/ferry.jpg"),
    ):
        assert f'="{name}" content="{content}">' in head
    assert f'<link rel="canonical" href="{url}">' in head
    assert "A digest of The Daily Brief" in page
    assert "<main>x</main></body>" in page
    assert '<a href="/daily"' in page
