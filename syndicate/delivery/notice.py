"""A notice → the mail that its reader gets, signed. Called by ``notices``, which sends it."""

from __future__ import annotations

from datetime import datetime

from syndicate.delivery.dkim import Signer
from syndicate.render.digest import NewsletterFacts, SiteFacts
from syndicate.render.environment import Environment
from syndicate.render.headers import NoticeHeaders
from syndicate.render.links import Links, extended
from syndicate.render.notice import NoticeContext, build_notice, render_notice
from syndicate.render.tokens import Tokens
from syndicate.settings import Newsletter, Settings
from syndicate.store.notices import Notice
from syndicate.store.requests import Request


class NoticeWriter:
    """Writes the notices of one site."""

    def __init__(self, settings: Settings, templates: Environment, links: Links, signer: Signer) -> None:
        self._settings, self._templates, self._links, self._signer = settings, templates, links, signer
        self._tokens = Tokens(settings.site.secret.get_secret_value())

    def write(self, notice: Notice, request: Request | None, newsletter: Newsletter, now: datetime) -> bytes:
        """The message, CRLF. ``request`` is what it asks to confirm, ``newsletter`` whose sender it comes from.

        :raises TemplateError: when its templates can't be rendered.
        :raises HeaderError: when its address can't stand in a header.
        """
        reply_to = self._reply_to(notice, request, newsletter)
        context = self._context(notice, request, newsletter, now, by_mail=reply_to is not None)
        headers = NoticeHeaders(
            sender=newsletter.sender,
            reply_to=reply_to or newsletter.reply_to or "",
            to_email=notice.email,
            date=now,
            message_id=f"<notice.{notice.id}.{int(notice.planned_at.timestamp())}@{newsletter.domain}>",
            in_reply_to=notice.in_reply_to,
        )
        message = build_notice(headers, render_notice(self._templates, notice.kind, context))
        return self._signer.sign(message.header, message.body_digest, newsletter.domain, now) + message.whole

    def _reply_to(self, notice: Notice, request: Request | None, newsletter: Newsletter) -> str | None:
        """Where an answer does what the button does; None when that can't be done by mail."""
        if not self._settings.inbound.takes_answers:
            return None
        leaving = notice.facts.get("leaving", ())
        if request:
            token = self._tokens.token(request.purpose, request.nonce)
            return extended(newsletter.address, f"confirm-{token}")
        if len(leaving) == 1:
            token = self._links.unsubscribe_token(leaving[0]["id"])
            return extended(newsletter.address, f"unsubscribe-{token}")
        return None

    def _context(
        self, notice: Notice, request: Request | None, newsletter: Newsletter, now: datetime, *, by_mail: bool
    ) -> NoticeContext:
        site, every = self._settings.site, self._settings.newsletters
        language = self._templates.languages.best([notice.language, newsletter.language, site.language])
        url = str(notice.facts.get("url", site.url))
        if request:
            url = self._links.confirm(self._tokens.token(request.purpose, request.nonce))
        elif "subscription_id" in notice.facts:
            url = self._links.preferences(int(notice.facts["subscription_id"]), now)
        return NoticeContext(
            site=SiteFacts(site.name, site.url, site.postal_address, language.tag),
            newsletter=NewsletterFacts(newsletter.slug, newsletter.title, newsletter.description),
            url=url,
            language=language,
            titles=tuple(one.title for one in every if request and one.slug in request.wanted["newsletters"])
            or tuple(notice.facts.get("titles", ())),
            leaving=tuple(
                (one["title"], self._links.unsubscribe(one["id"])) for one in notice.facts.get("leaving", ())
            ),
            by_mail=by_mail,
            facts=notice.facts,
        )
