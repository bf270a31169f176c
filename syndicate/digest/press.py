"""What a draft comes to: which readers get which articles, and how that looks. Changes nothing.

Called by ``digests``, which freezes it, and by those who show it before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.digest.compose import Composition, compose, eligible
from syndicate.errors import WordingError
from syndicate.model import Article, Choice, Draft, Parts, Subscriber
from syndicate.render.digest import DigestContext, NewsletterFacts, SiteFacts, render_digest
from syndicate.render.environment import Environment
from syndicate.render.holes import fill, reader_values
from syndicate.render.links import Links
from syndicate.render.wording import fragment
from syndicate.settings import MANUAL, Newsletter, Settings
from syndicate.store import Store, articles, digests
from syndicate.store.digests import Group


@dataclass(frozen=True, slots=True)
class Press:
    """Composes and renders. ``prose`` makes clean HTML of what an editor writes."""

    settings: Settings
    store: Store
    templates: Environment
    links: Links
    prose: Callable[[str], str]

    def composition(
        self,
        newsletter: Newsletter,
        draft: Draft,
        upto: int,
        timezones: Sequence[str] = (),
        groups: Sequence[Group] | None = None,
    ) -> Composition:
        """Who gets what of all up to that number: the readers in these time zones (none: all), or these ``groups``.

        What was added and is to come with the next digest anyway, for it is newer than this one, stays out.
        """
        with self.store.read() as connection:
            if groups is None:
                cadence = None if draft.cadence == MANUAL else draft.cadence
                groups = digests.groups(connection, newsletter.slug, cadence, timezones)
            lowest = min((group.watermark for group in groups), default=upto)
            rows = articles.numbered_since(connection, lowest, upto)
            added = articles.current(connection, draft.of(Choice.ADDED))
        coming = {row.id for row in eligible(added, newsletter) if row.sequence > upto}
        return compose(eligible(rows, newsletter), groups, draft, [row for row in added if row.id not in coming])

    def printed(
        self, newsletter: Newsletter, draft: Draft, found: Composition, digest_id: int, due_at: datetime
    ) -> Mapping[tuple[int, ...], Parts]:
        """How each set that is not empty looks. ``due_at`` is in the zone that its dates are shown in.

        :raises TemplateError: when the templates, or an editor's words, can't be rendered.
        """
        rendered: dict[tuple[int, ...], Parts] = {}
        for chosen, _ in found.sets:
            if chosen:
                with self.store.read() as connection:
                    shown = articles.by_ids(connection, chosen)
                rendered[chosen] = self.render(newsletter, draft, shown, digest_id, due_at)
        return rendered

    def printed_anyway(
        self, newsletter: Newsletter, draft: Draft, found: Composition, digest_id: int, due_at: datetime
    ) -> tuple[Mapping[tuple[int, ...], Parts], WordingError | None]:
        """The same, without an editor's words where those can't be rendered, and why not: a person has to see to it.

        :raises TemplateError: when it is the templates that can't be; also for words in what is sent by hand.
        """
        try:
            return self.printed(newsletter, draft, found, digest_id, due_at), None
        except WordingError as error:
            if draft.cadence == MANUAL:
                raise
            silent = replace(draft, subject="", preheader="", intro="")
            return self.printed(newsletter, silent, found, digest_id, due_at), error

    def render(
        self, newsletter: Newsletter, draft: Draft, shown: Sequence[Article], digest_id: int, due_at: datetime
    ) -> Parts:
        """How these articles look as a digest. :raises TemplateError: as ``printed`` does."""
        site = self.settings.site
        tag = newsletter.language or site.language
        return render_digest(
            self.templates,
            DigestContext(
                site=SiteFacts(site.name, site.url, site.postal_address, tag),
                newsletter=NewsletterFacts(newsletter.slug, newsletter.title, newsletter.description),
                cadence=draft.cadence,
                due_at=due_at,
                articles=tuple(shown[: newsletter.max_articles]),
                more=tuple(shown[newsletter.max_articles :]),
                links={article.id: self.links.article(article) for article in shown},
                view_url=self.links.view(newsletter.slug, digest_id),
                subject=draft.subject,
                preheader=draft.preheader,
                intro=fragment(self.prose, draft.intro),
                language=self.templates.languages.best([tag]),
            ),
        )


def subject_for_all(parts: Parts) -> str:
    """The subject as it is told where there is no reader: in lists, on pages, in feeds."""
    nobody = reader_values(Subscriber(id=0, email=""), unsubscribe_url="", preferences_url="")
    parts = parts.for_name("")
    return " ".join(fill(parts.subject, parts.nonce, nobody, escape=False).split())
