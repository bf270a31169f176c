"""A digest's variant → the subject, HTML and text that its readers get, with holes for what differs between them.

Called by the digest runner when it freezes a digest, and by ``preview``.

The HTML stays under ``LIMIT``. When everything in full is too much, articles become summaries from the last one
backwards, then links, and last the links themselves are cut; the templates are told, and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import accumulate

import css_inline
from markupsafe import Markup

from syndicate.errors import TemplateError
from syndicate.model import Article, Parts
from syndicate.render.body import adapt, underline_headings
from syndicate.render.environment import Environment, render
from syndicate.render.filters import clip
from syndicate.render.holes import NameHole, check, new_nonce, open_holes
from syndicate.render.languages import ENGLISH, Language
from syndicate.render.text import html_to_text
from syndicate.render.wording import say

LIMIT = 90_000
"""Bytes of HTML, UTF-8. Gmail hides what comes after about 102 kB, the unsubscribe link with it."""

SUMMARY = 320
"""Characters of a summary."""

_WORTH_SHORTENING = 400
_BODY = "email/digest/body.html"
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """The publisher, as templates see it."""

    name: str
    url: str
    postal_address: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class NewsletterFacts:
    """The newsletter, as templates see it."""

    slug: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContext:
    """Everything a digest is made of. ``links`` gives each article's absolute address by its id.

    ``due_at`` is aware and in the newsletter's zone, which all dates are shown in. ``more`` is listed as links only.
    ``language`` is that of the words around the articles. ``subject``, ``preheader`` and ``intro``, which is clean
    HTML, are an editor's words (``wording``), empty when there are none.
    """

    site: SiteFacts
    newsletter: NewsletterFacts
    cadence: str
    due_at: datetime
    articles: tuple[Article, ...]
    more: tuple[Article, ...] = ()
    links: Mapping[int, str]
    view_url: str
    subject: str = ""
    preheader: str = ""
    intro: str = ""
    language: Language = ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArticle:
    """An article as templates see it. ``html`` and ``text`` are empty when it is shown in short.

    ``image`` and ``takeaways`` are there only when the body does not have them already; so is ``standfirst``, the
    summary that goes above a full body.
    """

    title: str
    url: str
    byline: str
    dated_at: datetime
    reading_minutes: int
    tags: tuple[str, ...]
    language: str
    image: str | None
    standfirst: str
    summary: str
    takeaways: tuple[str, ...]
    html: Markup
    text: str

    @property
    def full(self) -> bool:
        """Whether the body is shown."""
        return bool(self.html)


@dataclass(frozen=True, slots=True)
class Intro:
    """What an editor says before the articles, as templates see it."""

    html: Markup
    text: str


@dataclass(frozen=True, slots=True)
class _Fit:
    """So many articles in full, so many shown at all, so many listed as links."""

    full: int
    shown: int
    linked: int


def render_digest(env: Environment, context: DigestContext) -> Parts:
    """The variant's parts, ``unnamed`` among them where the templates ask whether there is a name.

    Raises TemplateError, also when even one article in short makes too much HTML.
    """
    nonce = new_nonce()
    name = NameHole(nonce, is_known=True)
    parts = _rendered(env, context, nonce, name)
    if name.was_tested:
        parts = replace(parts, unnamed=_rendered(env, context, nonce, NameHole(nonce, is_known=False)))
    return parts


def _rendered(env: Environment, context: DigestContext, nonce: str, reader_name: NameHole) -> Parts:
    zone = context.due_at.tzinfo
    whole = [_shown(article, context, zone) for article in context.articles]
    rest = [_short(_shown(article, context, zone)) for article in context.more]

    def values(fit: _Fit) -> dict[str, object]:
        known = {**open_holes(nonce, reader_name, context.language), **_values(context, whole, rest, fit)}
        intro = Markup(say(env, context.intro, "intro", known, html=True))  # noqa: S704 - clean
        said = {
            "preheader": say(env, context.preheader, "preheader", known),
            "intro": Intro(intro, html_to_text(intro)) if intro else None,
        }
        return known | said

    def html_of(fit: _Fit) -> str:
        return _INLINER.inline(render(env, _BODY, **values(fit))).strip() + "\n"

    fit, html = _fitting(_ladder(len(whole), len(rest)), [len(one.html.encode()) for one in whole], html_of)
    said = values(fit)
    subject = " ".join(say(env, context.subject, "subject", said).split())
    subject = subject or " ".join(render(env, "email/digest/subject.txt", **said).split())
    text = render(env, "email/digest/body.txt", **said).strip() + "\n"
    for name, part in (("subject.txt", subject), ("body.html", html), ("body.txt", text)):
        check(part, nonce, f"email/digest/{name}")
    return Parts(subject=subject, html=html, text=text, nonce=nonce)


def _values(
    context: DigestContext, whole: list[ShownArticle], rest: list[ShownArticle], fit: _Fit
) -> dict[str, object]:
    """What templates get, but for the holes."""
    shown = [
        one if at < fit.full or not _can_shorten(one) else _short(one) for at, one in enumerate(whole[: fit.shown])
    ]
    linked = [*whole[fit.shown :], *rest]
    return {
        "language": context.language,
        "site": context.site,
        "newsletter": context.newsletter,
        "cadence": context.cadence,
        "due_at": context.due_at,
        "view_url": context.view_url,
        "articles": shown,
        "more": linked[: fit.linked],
        "not_listed": len(linked) - fit.linked,
        "shortened": any(after != before for after, before in zip(shown, whole, strict=False)),
    }


def _ladder(articles: int, more: int) -> list[_Fit]:
    """Every way to show a digest, from everything in full down to one article in short and no links."""
    everything = articles + more
    fits = [_Fit(full, articles, more) for full in range(articles, -1, -1)]
    fits += [_Fit(0, shown, everything - shown) for shown in range(articles - 1, 0, -1)]
    last = fits[-1]
    return fits + [_Fit(0, last.shown, linked) for linked in range(last.linked - 1, -1, -1)]


def _fitting(ladder: list[_Fit], sizes: list[int], html_of: Callable[[_Fit], str]) -> tuple[_Fit, str]:
    """The first step that fits, and its HTML, in about as many renderings as the ladder's length has bits."""
    html = html_of(ladder[0])
    if _size(html) < LIMIT:
        return ladder[0], html
    bodies = [0, *accumulate(sizes)]
    too_big = max((at for at, fit in enumerate(ladder) if fit.full and bodies[fit.full] >= LIMIT), default=0)
    fits, best = len(ladder), ""
    while fits - too_big > 1:
        middle = (too_big + fits) // 2
        html = html_of(ladder[middle])
        if _size(html) < LIMIT:
            fits, best = middle, html
        else:
            too_big = middle
    if not best:
        raise TemplateError(_BODY, None, f"makes {_size(html):,} bytes from one summary; the limit is {LIMIT:,}")
    return ladder[fits], best


def _size(html: str) -> int:
    return len(html.encode())


def _can_shorten(article: ShownArticle) -> bool:
    return len(article.html) > len(article.summary) + _WORTH_SHORTENING


def _shown(article: Article, context: DigestContext, zone: tzinfo | None) -> ShownArticle:
    text = article.text or html_to_text(article.html)
    body = adapt(article.html)
    seen = _folded(text)
    summary = clip(article.summary or text, SUMMARY)
    opening = _folded(summary).rstrip("…")[:60]
    return ShownArticle(
        title=" ".join(article.title.split()),
        url=context.links[article.id],
        byline=context.language.both(article.authors),
        dated_at=article.dated_at.astimezone(zone),
        reading_minutes=article.reading_minutes,
        tags=article.tags,
        language=article.language or context.site.language,
        image=article.image if article.image and article.image not in article.html else None,
        standfirst=summary if body and opening not in seen else "",
        summary=summary,
        takeaways=() if all(_folded(one) in seen for one in article.takeaways) else article.takeaways,
        html=Markup(body),  # noqa: S704 - cleaned at pick-up
        text=html_to_text(underline_headings(body)),
    )


def _short(article: ShownArticle) -> ShownArticle:
    return replace(article, standfirst="", takeaways=(), html=Markup(), text="")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
