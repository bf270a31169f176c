"""Notices in every language that there is."""

from __future__ import annotations

import pytest

from syndicate.render.digest import NewsletterFacts, SiteFacts
from syndicate.render.environment import Environment
from syndicate.render.notice import NoticeContext, render_notice

URL = "https://news.lakeside.example/confirm/abc"


@pytest.mark.parametrize("kind", ["confirm", "move", "link"])
@pytest.mark.parametrize("tag", ["en", "de", "sq", "sr"])
def test_a_notice_is_in_its_language(env: Environment, kind: str, tag: str) -> None:
    def made(language_tag: str) -> tuple[str, str, str]:
        language = env.languages.best([language_tag])
        site = SiteFacts("Courier & <Sons>", "https://news.lakeside.example", "1 Quay Street", language.tag)
        newsletter = NewsletterFacts("daily", "The Daily Brief")
        parts = render_notice(
            env,
            kind,
            NoticeContext(site=site, newsletter=newsletter, url=URL, titles=("The Daily Brief",), language=language),
        )
        return parts.subject, parts.html, parts.text

    subject, html, text = made(tag)
    assert f'<html lang="{env.languages.best([tag]).tag}"' in html
    assert html.count(URL) == 2
    assert URL in text
    assert "Courier & <Sons>" in subject
    assert "<Sons>" not in html
    assert "%(" not in html + text
    assert (subject == made("en")[0]) is (tag == "en")
    same = set(text.splitlines()) & set(made("en")[2].splitlines())
    assert tag == "en" or not [line for line in same if len(line.split()) > 5]
