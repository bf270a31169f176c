"""Subscribing: a newsletter's own page with its form, the form for all of them, and what both post to.

Forms on other sites, and scripts, post there too. Known and unknown addresses get the same answer after the same work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from syndicate.app import App
from syndicate.audience import requests
from syndicate.audience.choices import by_cadence
from syndicate.audience.forms import STAMP, TRAP, is_automatic
from syndicate.audience.subscribe import wish
from syndicate.model import SHOWN, Via
from syndicate.render.environment import render
from syndicate.render.languages import translatable
from syndicate.settings import Newsletter
from syndicate.store import articles, digests
from syndicate.web.accept import ANYWHERE, is_for_programs
from syndicate.web.fields import Fields, SentFields
from syndicate.web.guard import ip_of
from syndicate.web.pages import Pages
from syndicate.web.pictures import Pictures
from syndicate.web.typed import Form, Reading

PAST = 6
"""Digests on a newsletter's page."""

MOST_TOPICS = 12
"""Topics to choose from: the most frequent tags of a newsletter's newest articles."""

LATER = 3600
"""Seconds, in Retry-After, where a limit was reached."""

_NEWEST = 60
_HEADERS = {**ANYWHERE, "Cache-Control": "no-store"}
_ALLOWED = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type",
    "Allow": "GET, POST",
}
_TOO_QUICK = translatable("That was quick! To show that you are a person, please press the button once more.")
_CHECK_YOUR_MAIL = (
    translatable("Check your mail"),
    translatable(
        "We sent a message with a link to confirm. Nothing else is sent before you open it and press the button."
    ),
    translatable("It did not come within some minutes? Look among the spam, and whether the address is right."),
)
TOO_MANY = (
    translatable("Too many requests"),
    translatable("There were more requests than we take at once. Nothing is lost: please try again in an hour."),
)


class Joining:
    """What needs no token and asks for a subscription."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages, self._pictures = app, pages, Pictures(app, pages)

    def routes(self) -> APIRouter:
        """Each address and what answers it. The newsletters' come last, for their names could be any."""
        router = APIRouter()
        router.get("/subscribe")(self.choose)
        router.post("/subscribe")(self.ask)
        router.options("/subscribe")(self.allow)
        router.get("/{slug}")(self.newsletter)
        return router

    def choose(self, request: Request) -> Response:
        """The form for all newsletters; ``?newsletter=`` chooses beforehand."""
        offered = self._app.settings.newsletters
        wanted = tuple(request.query_params.getlist("newsletter"))
        return self._choosing(request, replace(self._blank(request, offered), newsletters=wanted))

    def newsletter(self, request: Request, slug: str) -> Response:
        """What it is, how often it comes, what it brought lately, and how to get it."""
        newsletter = self._app.settings.newsletter(slug)
        if newsletter is None:
            raise HTTPException(404)
        return self._landing(request, newsletter, self._blank(request, [newsletter]))

    def allow(self) -> Response:
        """What a browser asks before a script of another site may post JSON (Fetch §3.3)."""
        return Response(status_code=204, headers={**ANYWHERE, **_ALLOWED})

    def ask(self, request: Request, fields: SentFields) -> Response:
        """Takes a request to subscribe; the address is asked back by mail."""
        reading, offered = Reading(fields), self._app.settings.newsletters
        email, wanted = reading.email(), reading.newsletters(offered)
        chosen = reading.choices(wanted)
        if reading.errors:
            return self._refuse(request, fields, reading.errors)
        if fields.one(TRAP):
            return self._done(request)
        stamp = fields.one(STAMP) or None
        now = self._app.jobs.clock()
        if is_automatic(trap="", stamp=stamp, stamps=self._app.stamps, now=now):
            return self._again(request, fields)
        if self._app.gate.admit(ip_of(request), email):
            return self._refuse_for_now(request)
        language = chosen.language or self._pages.language(request, newsletter=wanted[0]).tag
        for cadence, slugs in by_cadence(wanted, chosen.cadence).items():
            asked = wish(
                offered,
                email=email,
                slugs=slugs,
                name=chosen.name or "",
                cadence=cadence,
                topics=chosen.topics or (),
                language=language,
                timezone=chosen.timezone,
            )
            requests.ask(self._app.store, self._app.settings, asked, via=Via.WEB, ip=ip_of(request), now=now)
        return self._done(request)

    def _done(self, request: Request) -> Response:
        if is_for_programs(request):
            return JSONResponse({"status": "check-your-mail"}, status_code=202, headers=_HEADERS)
        return self._pages.message(request, 202, *_CHECK_YOUR_MAIL)

    def _refuse(self, request: Request, fields: Fields, errors: dict[str, str]) -> Response:
        if is_for_programs(request):
            said = {name: self._pages.language(request).gettext(text) for name, text in errors.items()}
            return JSONResponse({"status": "invalid", "errors": said}, status_code=422, headers=_HEADERS)
        return self._shown(request, fields, 422, errors=errors)

    def _again(self, request: Request, fields: Fields) -> Response:
        if is_for_programs(request):
            return JSONResponse({"status": "too-quick"}, status_code=429, headers={**_HEADERS, "Retry-After": "2"})
        response = self._shown(request, fields, 429, notice=_TOO_QUICK)
        response.headers["Retry-After"] = "2"
        return response

    def _refuse_for_now(self, request: Request) -> Response:
        later = {"Retry-After": str(LATER)}
        if is_for_programs(request):
            return JSONResponse({"status": "try-later"}, status_code=429, headers={**_HEADERS, **later})
        response = self._pages.message(request, 429, *TOO_MANY)
        response.headers.update(later)
        return response

    def _shown(
        self, request: Request, fields: Fields, status: int, *, errors: dict[str, str] | None = None, notice: str = ""
    ) -> Response:
        """The form once more, with all that was typed: that of a newsletter's own page, or that for all."""
        slugs = fields.all("newsletter")
        only = slugs[0] if len(slugs) == 1 and fields.one("offered") != "all" else ""
        newsletter = self._app.settings.newsletter(only)
        offered = [newsletter] if newsletter else self._app.settings.newsletters
        blank = self._blank(request, offered)
        stamp = fields.one(STAMP)
        form = replace(
            blank,
            stamp=stamp if self._app.stamps.shown_at(stamp) else blank.stamp,
            newsletters=slugs,
            email=fields.one("email"),
            name=fields.one("name"),
            cadence=fields.one("cadence") or blank.cadence,
            language=fields.one("language") or blank.language,
            chosen=fields.all("topics"),
            errors=errors or {},
            notice=notice,
        )
        return self._landing(request, newsletter, form, status) if newsletter else self._choosing(request, form, status)

    def _choosing(self, request: Request, form: Form, status: int = 200) -> Response:
        offered = self._app.settings.newsletters
        canonical = self._app.links.subscribing()
        return self._pages.show(
            request,
            "subscribe.html",
            status=status,
            private=status != 200,
            form=form,
            offered=offered,
            canonical=canonical,
            picture=self._pictures.of_site(),
        )

    def _landing(self, request: Request, newsletter: Newsletter, form: Form, status: int = 200) -> Response:
        with self._app.store.read() as connection:
            past = digests.latest(connection, newsletter=newsletter.slug, states=SHOWN, limit=PAST)
        return self._pages.show(
            request,
            "newsletter.html",
            status=status,
            private=status != 200,
            newsletter=newsletter,
            form=form,
            past=past,
            feeds=self._pages.feeds_of(newsletter),
            digest_feeds=self._pages.digest_feeds_of(newsletter),
            canonical=self._app.links.newsletter(newsletter.slug),
            picture=self._pictures.of_newsletter(newsletter),
            snippet=self._snippet(request, newsletter, self._app.links.subscribing()),
            preview=Markup(self._snippet(request, newsletter, self._pages.links.subscribing())),  # noqa: S704 - rendered
            json_url=f"{self._app.links.subscribing()}?format=json",
        )

    def _blank(self, request: Request, offered: Sequence[Newsletter]) -> Form:
        only = offered[0] if len(offered) == 1 else None
        return Form(
            cadences=tuple(dict.fromkeys(name for one in offered for name in one.cadences)),
            topics=topics_of(self._app, only) if only else (),
            languages=self._pages.languages,
            stamp=self._app.stamps.stamp(self._app.jobs.clock()),
            cadence=only.default_cadence if only else "",
            language=self._pages.language(request, newsletter=only).tag,
        )

    def _snippet(self, request: Request, newsletter: Newsletter, action: str) -> str:
        language = self._pages.language(request, newsletter=newsletter)
        return render(self._app.templates, "web/embed.html", language=language, newsletter=newsletter, action=action)


def topics_of(app: App, newsletter: Newsletter) -> tuple[str, ...]:
    """What there is to choose from, the most frequent first. What every article is about is no choice."""
    names = newsletter.sources or tuple(source.name for source in app.settings.sources)
    with app.store.read() as connection:
        newest = articles.latest(connection, names, newsletter.tags, _NEWEST)
    spelled = {tag.casefold(): tag for article in reversed(newest) for tag in article.tags}
    times = Counter(tag for article in newest for tag in dict.fromkeys(map(str.casefold, article.tags)))
    found = [spelled[tag] for tag, count in times.most_common() if count < len(newest)]
    return tuple(found[:MOST_TOPICS])
