from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from syndicate.errors import TemplateError
from syndicate.model import Article, Parts, Subscriber
from syndicate.render.digest import LIMIT, DigestContext, render_digest
from syndicate.render.environment import Environment, open_templates
from syndicate.render.holes import fill, reader_values

VALUES = reader_values(
    Subscriber(id=1, email="ana@reader.example", name="Ana"),
    unsubscribe_url="https://news.lakeside.example/unsubscribe/1-x",
    preferences_url="https://news.lakeside.example/preferences/1-y",
)
PARAGRAPH = "<p>" + "The council voted nine to four to keep the evening boat through the winter. " * 8 + "</p>"
MakeArticle = Callable[..., Article]
MakeContext = Callable[..., DigestContext]
NOTE = "some articles are shortened here"


class Visible(HTMLParser):
    """What a page shows as words, its addresses, and whether its tags match."""

    VOID = frozenset({"meta", "img", "br", "hr", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.addresses, self.open, self.tags = "", list[str](), list[str](), list[str]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += " ".join(data.split()) + " "


def size(parts: Parts) -> int:
    return len(parts.html.encode())


def filled(parts: Parts) -> tuple[str, str]:
    return fill(parts.html, parts.nonce, VALUES, escape=True), fill(parts.text, parts.nonce, VALUES, escape=False)


def test_a_digest_becomes_this_text(
    env: Environment, make_article: MakeArticle, make_context: MakeContext, data: Path
) -> None:
    given = json.loads((data / "digest.json").read_text(encoding="utf-8"))
    articles = [
        make_article(**{name: tuple(value) if isinstance(value, list) else value for name, value in one.items()})
        for one in given["articles"]
    ]
    context = make_context(*articles[:-1], more=(articles[-1],), intro=given["intro"])
    parts = render_digest(env, context)
    made = f"Subject: {parts.subject}\n\n{filled(parts)[1]}"
    assert made == (data / "digest.txt").read_text(encoding="utf-8")


def test_html_is_whole_inlined_and_says_what_a_mail_must(
    env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    article = make_article(
        html='<h2>Why</h2><p>Because.</p><p><img src="https://x.example/a.png" width="1200" height="800"></p>',
        title="Ferry <saved> & sound",
        authors=("Ana", "Jon", "Mira"),
        tags=("Transport",),
        summary="Nine to four.",
        image="https://x.example/hero.png",
        takeaways=("It sails.",),
    )
    html, _ = filled(render_digest(env, make_context(article, intro="Good news today.")))
    page = Visible(html)
    assert page.open == []
    assert html.startswith("<!DOCTYPE html>")
    for words in (
        "The Daily Brief",
        "Monday, 23 November 2026",
        "Hello Ana,",
        "Good news today.",
        "Ferry <saved> & sound",
        "By Ana, Jon and Mira · 23 November 2026 · 1 min read",
        "Transport",
        "Nine to four.",
        "It sails.",
        "because ana@reader.example is subscribed to The Daily Brief, which comes every day.",
        "1 Quay Street, Lakeside",
    ):
        assert words in page.words
    assert {
        "https://news.lakeside.example/articles/1",
        "https://x.example/hero.png",
        "https://news.lakeside.example/archive/daily/7",
        VALUES["unsubscribe"],
        VALUES["preferences"],
    } <= set(page.addresses)
    assert page.tags.count("h1") == 1
    assert re.search(r'<img src="https://x.example/a.png" alt="" width="560" style="[^"]*max-width: ?100%', html)
    assert re.search(r'<p style="[^"]*margin', html)
    assert "prefers-color-scheme: dark" in html
    assert "[data-ogsc]" in html
    assert "<!--[if mso]>" in html
    assert "display: none" in html.split("Nine to four.")[0]


def test_what_the_body_has_is_not_repeated(
    env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    html = '<p>Nine to four.</p><ul><li>It sails.</li></ul><img src="https://x.example/hero.png">'
    article = make_article(
        html=html, summary="Nine to four.", takeaways=("It sails.",), image="https://x.example/hero.png"
    )
    second = make_article(2)
    page = Visible(render_digest(env, make_context(second, article)).html)
    assert page.words.count("It sails.") == 1
    assert page.words.count("Nine to four.") == 1
    assert page.addresses.count("https://x.example/hero.png") == 1


def test_an_article_without_a_body_is_its_summary_and_a_link(
    env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    parts = render_digest(env, make_context(make_article(html="", summary="Only this.")))
    assert "Only this." in Visible(parts.html).words
    assert "Read the full article" in parts.html
    assert NOTE not in parts.html


@pytest.mark.parametrize(
    ("titles", "more", "subject"),
    [
        (["Ferry saved"], 0, "Ferry saved"),
        (["Ferry\nsaved"], 1, "The Daily Brief: Ferry saved and 1 more"),
        (["Ferry saved", "Bread at four"], 3, "The Daily Brief: Ferry saved and 4 more"),
        (["Word " * 40], 0, "Word " * 17 + "Word…"),
        (["Word " * 40, "x"], 0, "The Daily Brief: " + "Word " * 11 + "Word… and 1 more"),
        ([], 0, "The Daily Brief"),
    ],
)
def test_subject(
    env: Environment, make_article: MakeArticle, make_context: MakeContext, titles: list[str], more: int, subject: str
) -> None:
    articles = [make_article(number, title=title) for number, title in enumerate(titles)]
    others = tuple(make_article(100 + number) for number in range(more))
    made = render_digest(env, make_context(*articles, more=others)).subject
    assert made == subject
    assert len(made) <= 90


def test_twelve_long_articles_are_shortened_from_the_last(
    env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    body = PARAGRAPH * (40_000 // len(PARAGRAPH))
    articles = [make_article(number, html=body, summary=f"Summary {number}.") for number in range(1, 13)]
    parts = render_digest(env, make_context(*articles))
    page = Visible(parts.html)
    assert 40_000 < size(parts) < LIMIT
    assert NOTE in page.words
    assert NOTE in " ".join(parts.text.split())
    assert "Read the full article" not in page.words.split("Article number 2")[0]
    assert page.words.count("Read the full article") == 11
    assert all(f"Article number {number}" in page.words for number in range(1, 13))


def test_as_much_is_shown_as_fits(env: Environment, make_article: MakeArticle, make_context: MakeContext) -> None:
    body = PARAGRAPH * 8
    shortened = [render_digest(env, make_context(*(make_article(at, html=body) for at in range(n)))) for n in (4, 30)]
    assert NOTE not in shortened[0].html
    assert NOTE in shortened[1].html
    assert LIMIT - size(shortened[1]) < 2 * len(body)


def test_short_articles_are_never_shortened(
    env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    articles = [make_article(1), make_article(2, html=PARAGRAPH * 200), make_article(3)]
    page = Visible(render_digest(env, make_context(*articles)).html)
    assert page.words.count("Read the full article") == 1


def test_too_many_articles_become_links_and_too_many_links_a_number(
    env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    articles = [make_article(number, html=PARAGRAPH * 9) for number in range(1, 201)]
    more = tuple(make_article(number, title="A long title, " * 20) for number in range(201, 601))
    parts = render_digest(env, make_context(*articles, more=more))
    page = Visible(parts.html)
    linked = {address for address in page.addresses if "/articles/" in address}
    assert size(parts) < LIMIT
    assert {f"https://news.lakeside.example/articles/{number}" for number in range(1, 101)} <= linked
    assert f"and {600 - len(linked)} more on the site" in page.words
    assert f"and {600 - len(linked)} more on the site" in parts.text


def test_a_frame_that_is_too_large_is_an_error(
    tmp_path: Path, make_article: MakeArticle, make_context: MakeContext
) -> None:
    (tmp_path / "email" / "digest").mkdir(parents=True)
    (tmp_path / "email" / "digest" / "body.html").write_text(f"<p>{'x' * LIMIT}</p>", encoding="utf-8")
    with pytest.raises(TemplateError, match="the limit is 90,000"):
        render_digest(open_templates(tmp_path), make_context(make_article()))


def test_a_hole_that_a_template_damages_is_an_error(
    tmp_path: Path, make_article: MakeArticle, make_context: MakeContext
) -> None:
    (tmp_path / "email" / "digest").mkdir(parents=True)
    damage = "{% filter upper %}{{ greeting }}{% endfilter %}"
    (tmp_path / "email" / "digest" / "subject.txt").write_text(damage, encoding="utf-8")
    with pytest.raises(TemplateError, match=r"subject\.txt.*use greeting"):
        render_digest(open_templates(tmp_path), make_context(make_article()))


def test_dates_are_in_the_newsletters_zone(
    env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    late = make_article(published_at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert "\n23 November 2026 · 1 min read\n" in render_digest(env, make_context(late)).text


def test_text_fits_a_terminal(env: Environment, make_article: MakeArticle, make_context: MakeContext) -> None:
    articles = [make_article(number, html=PARAGRAPH, title="Word " * 40) for number in range(1, 4)]
    text = render_digest(env, make_context(*articles)).text
    assert max(map(len, text.split("\n"))) <= 72
    assert not re.search(r"[ \t]$|\n{4}|\r", text, re.MULTILINE)


def test_templates_that_ask_for_a_name_are_rendered_twice(
    tmp_path: Path, env: Environment, make_article: MakeArticle, make_context: MakeContext
) -> None:
    context = make_context(make_article())
    assert render_digest(env, context).unnamed is None
    (tmp_path / "email" / "digest").mkdir(parents=True)
    own = "{% if subscriber.name %}{{ subscriber.name }}, your digest{% else %}A digest{% endif %}"
    (tmp_path / "email" / "digest" / "subject.txt").write_text(own, encoding="utf-8")
    parts = render_digest(open_templates(tmp_path), context)
    assert parts.subject == f"{parts.nonce}_name_, your digest"
    assert parts.for_name("Ana") is parts
    blank = parts.for_name("  ")
    assert (blank.subject, blank.nonce, blank.html) == ("A digest", parts.nonce, parts.html)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        (
            "de",
            ["Guten Tagh1_called_,", "2 Min. Lesezeit", "Von Ana und Jon", "Abbestellen", "jeden Tag", "23. November"],
        ),
        ("sq", ["Përshëndetjeh1_called_,", "2 min lexim", "Nga Ana dhe Jon", "Çabonohuni", "çdo ditë", "23 nëntor"]),
        ("sr", ["Zdravoh1_called_,", "2 min čitanja", "Piše Ana i Jon", "Odjava", "svakog dana", "23. novembar"]),
    ],
)
def test_the_words_around_articles_are_in_the_newsletters_language(
    env: Environment, make_article: MakeArticle, make_context: MakeContext, tag: str, words: list[str]
) -> None:
    article = make_article(text="word " * 460, html="<p>" + "word " * 460 + "</p>", authors=("Ana", "Jon"))
    parts = render_digest(env, make_context(article, make_article(2), language=env.languages.best([tag])))
    text = parts.text.replace(parts.nonce, "h1")
    html = parts.html.replace(parts.nonce, "h1").replace("\xa0", " ").replace("&nbsp;", " ")
    for word in words:
        assert word in " ".join(text.split())
        assert word in " ".join(html.split())
    for english in ("min read", "Unsubscribe", "You get this", "Preferences"):
        assert english not in text + html
