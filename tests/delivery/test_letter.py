"""Mails whose links are counted: what they carry, and what they don't."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from syndicate.delivery.letter import Letter, counted
from syndicate.model import Parts, Subscriber
from syndicate.render.links import Links, Signer, reader_of
from syndicate.render.tracked import print_of
from syndicate.settings import Newsletter
from tests.newsroom import settings_for

SIGNER = Signer("s" * 40)
LINKS = Links("https://news.example", SIGNER)
URL = "https://a.example/?x=1&y=2"
HTML = (
    '<body><p>Hello h1_called_</p><a href="https://a.example/?x=1&amp;y=2">A</a>'
    '<a href="https://news.example/unsubscribe/h1_unsubscribe_">leave</a></body>'
)
PARTS = Parts("Hello", HTML, f"{URL} h1_email_", "h1", replace(Parts("Hello", HTML, "", "h2"), html="<body></body>"))


def written(newsletter: Newsletter, parts: Parts, name: str = "Ana") -> bytes:
    ana = Subscriber(id=1, email="ana@example.org", name=name)
    counted_in = 5 if newsletter.personal else None
    dated = datetime(2026, 3, 1, tzinfo=UTC)
    letter = Letter(newsletter, LINKS, parts, sending="5", date=dated, counted_in=counted_in)
    return letter.write(ana, subscription_id=3, message_id="<5.3@x.example>").whole


def html_of(raw: bytes) -> str:
    body = message_from_bytes(raw, policy=policy.default).get_body(("html",))
    assert body
    return str(body.get_content())


def test_readers_stand_in_counted_links_only_where_that_is_wanted(tmp_path: Path) -> None:
    plain = settings_for(tmp_path).newsletters[0]
    seen = f'<img src="{LINKS.opened(5)}" alt="" width="1" height="1"></body>'
    by_way = HTML.replace("https://a.example/?x=1&amp;y=2", LINKS.followed(5, print_of(URL)))
    for engagement, html in (("off", HTML), ("clicks", by_way), ("all", by_way.replace("</body>", seen))):
        newsletter = plain.model_copy(update={"engagement": engagement})
        unnamed = replace(PARTS.unnamed or PARTS, html=f"<body>{seen}" if engagement == "all" else "<body></body>")
        by_hand = written(plain, replace(PARTS, html=html, unnamed=unnamed))
        assert written(newsletter, counted(newsletter, LINKS, PARTS, 5)) == by_hand
        if engagement == "off":
            continue
        personal = newsletter.model_copy(update={"personal": True})
        theirs = counted(personal, LINKS, PARTS, 5)
        token = LINKS.reader_token(5, 3)
        assert SIGNER.verify(reader_of(5), token) == 3
        with_them = html_of(written(personal, theirs))
        assert with_them.count(token) == (2 if engagement == "all" else 1)
        assert re.sub(f"/{token}", "", with_them) == html_of(by_hand)
        assert html_of(written(personal, theirs, name="")).count(token) == (1 if engagement == "all" else 0)
