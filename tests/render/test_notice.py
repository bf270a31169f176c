"""Notices in every language that there is."""

from __future__ import annotations

import pytest

from syndicate.render.digest import NewsletterFacts, SiteFacts
from syndicate.render.environment import Environment
from syndicate.render.notice import NoticeContext, render_notice

URL = "https://news.lakeside.example/confirm/abc"


FACTS: dict[str, dict[str, object]] = {
    "help": {
        "address": "news@lakeside.example",
        "newsletters": [{"slug": "daily", "title": "Daily & <b>"}],
        "people": "us@lakeside.example",
    },
    "alert": {
        "title": "Relay <smtp> is down",
        "told": [
            {"what": "Now", "title": "Relay <smtp> is down", "said": "no <b>route</b>", "url": "https://x.example/"}
        ],
    },
}
BUTTONS = {"help": 0, "leave": 1}
"""How often the link stands in HTML where that is not twice, as a button and as an address."""


@pytest.mark.parametrize("kind", ["confirm", "move", "link", "help", "leave", "confirmed", "not-confirmed"])
@pytest.mark.parametrize("tag", ["en", "de", "sq", "sr"])
def test_a_notice_is_in_its_language(env: Environment, kind: str, tag: str) -> None:
    def made(language_tag: str) -> tuple[str, str, str]:
        language = env.languages.best([language_tag])
        site = SiteFacts("Courier & <Sons>", "https://news.lakeside.example", "1 Quay Street", language.tag)
        newsletter = NewsletterFacts("daily", "The Daily Brief")
        parts = render_notice(
            env,
            kind,
            NoticeContext(
                site=site,
                newsletter=newsletter,
                url=URL,
                titles=("The Daily Brief",),
                leaving=(("The Daily Brief", URL),) if kind == "leave" else (),
                by_mail=True,
                language=language,
                facts=FACTS.get(kind, {}),
            ),
        )
        return parts.subject, parts.html, parts.text

    subject, html, text = made(tag)
    assert f'<html lang="{env.languages.best([tag]).tag}"' in html
    assert html.count(URL) == BUTTONS.get(kind, 2)
    assert (URL in text) is (kind != "help")
    assert "Courier & <Sons>" in subject or kind in ("leave", "confirmed")
    assert "<Sons>" not in html
    assert "%(" not in html + text
    assert (subject == made("en")[0]) is (tag == "en")
    same = set(text.splitlines()) & set(made("en")[2].splitlines())
    assert tag == "en" or not [line for line in same if len(line.split()) > 5]


def test_what_operators_are_told_is_plain_english_and_no_markup(env: Environment) -> None:
    site = SiteFacts("Courier & <Sons>", "https://news.lakeside.example", "1 Quay Street", "en")
    context = NoticeContext(site=site, newsletter=NewsletterFacts("daily", "Daily"), url=URL, facts=FACTS["alert"])
    parts = render_notice(env, "alert", context)
    assert parts.subject == "Courier & <Sons>: Relay <smtp> is down"
    assert "Now: Relay <smtp> is down\nno <b>route</b>\nhttps://x.example/\n" in parts.text
    assert "no &lt;b&gt;route" in parts.html
    assert URL in parts.text
