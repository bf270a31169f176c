"""A notice → the one mail that it is: no holes, no list headers. Called by delivery.

Each kind has a folder ``email/notices/KIND/`` with ``subject.txt``, ``body.html`` and ``body.txt``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import css_inline

from syndicate.model import Parts
from syndicate.render.digest import NewsletterFacts, SiteFacts
from syndicate.render.environment import Environment, render
from syndicate.render.headers import NoticeHeaders, notice_header
from syndicate.render.holes import new_nonce
from syndicate.render.languages import ENGLISH, Language
from syndicate.render.message import Message, plain_body

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContext:
    """What a notice's templates get: publisher, newsletter, where its button leads, and what else its kind has.

    ``titles`` are the newsletters that it is about, ``leaving`` those that can be left, each with the link that does
    it. ``by_mail`` says that an answer to the mail does what its button does. It is written
    in ``language``.
    """

    site: SiteFacts
    newsletter: NewsletterFacts
    url: str
    language: Language = ENGLISH
    titles: tuple[str, ...] = ()
    leaving: tuple[tuple[str, str], ...] = ()
    by_mail: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


def render_notice(env: Environment, kind: str, context: NoticeContext) -> Parts:
    """The parts of a notice. :raises TemplateError: when a template of its kind can't be rendered."""
    folder = f"email/notices/{kind}"
    values: dict[str, Any] = {
        "language": context.language,
        "site": context.site,
        "newsletter": context.newsletter,
        "url": context.url,
        "titles": context.titles,
        "leaving": context.leaving,
        "by_mail": context.by_mail,
        "facts": context.facts,
    }
    subject = " ".join(render(env, f"{folder}/subject.txt", **values).split())
    html = _INLINER.inline(render(env, f"{folder}/body.html", **values, subject=subject)).strip() + "\n"
    text = render(env, f"{folder}/body.txt", **values).strip() + "\n"
    return Parts(subject=subject, html=html, text=text, nonce=new_nonce())


def build_notice(headers: NoticeHeaders, parts: Parts) -> Message:
    """The message. :raises HeaderError: for a value that can't stand in its header."""
    content_type, body = plain_body(parts)
    return Message(notice_header(headers, parts.subject, content_type), (body,), sha256(body))
