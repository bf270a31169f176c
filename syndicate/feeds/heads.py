"""What the feeds of a site say of themselves, each but for its pieces. Called by ``sheets``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from syndicate.feeds.context import CURRENT, NEXT, PREVIOUS, FeedContext
from syndicate.feeds.ids import Ids
from syndicate.render.environment import Environment
from syndicate.render.languages import Language, translatable
from syndicate.render.links import Links
from syndicate.settings.newsletter import Newsletter
from syndicate.settings.schema import Settings

STYLE = "feed.css"

_EVERYTHING = translatable("Every article of %(site)s.")
_ABOUT = translatable("%(title)s: articles about %(tag)s.")
_DIGESTS_TITLE = translatable("%(title)s: digests")
_DIGESTS = translatable("Each digest of %(title)s that went out by mail.")


@dataclass(frozen=True, slots=True)
class Heads:
    """Makes them. ``newsletter`` is None where all of them are meant."""

    settings: Settings
    templates: Environment
    links: Links
    ids: Ids

    def articles(self, folder: str, newsletter: Newsletter | None, tag: str = "") -> FeedContext:
        """A feed of articles, or of those about ``tag``."""
        title = newsletter.title if newsletter else self.settings.site.name
        description = newsletter.description if newsletter else self._words(None, _EVERYTHING, site=title)
        if tag:
            description = self._words(newsletter, _ABOUT, title=title, tag=tag)
        return self._head(folder, newsletter, f"{title}: {tag}" if tag else title, description)

    def digests(self, newsletter: Newsletter) -> FeedContext:
        """A feed of digests."""
        title = self._words(newsletter, _DIGESTS_TITLE, title=newsletter.title)
        description = self._words(newsletter, _DIGESTS, title=newsletter.title)
        return self._head(digests_folder(newsletter.slug), newsletter, title, description)

    def language(self, newsletter: Newsletter | None) -> str:
        """What a feed is written in."""
        return (newsletter.language if newsletter else None) or self.settings.site.language

    def around(self, folder: str, pages: int, page: int | None = None) -> Mapping[str, str]:
        """Where a page of a feed's archive leads to, or the feed itself (RFC 5005 §4). There are ``pages`` of them."""
        before, after = (pages, None) if page is None else (page - 1, page + 1)
        found = {CURRENT: self.links.feeds(folder)} if page is not None else {}
        if before:
            found[PREVIOUS] = self.links.feeds(page_folder(folder, before))
        if after and after <= pages:
            found[NEXT] = self.links.feeds(page_folder(folder, after))
        return found

    def _head(self, folder: str, newsletter: Newsletter | None, title: str, description: str) -> FeedContext:
        return FeedContext(
            id=self.ids.feed(folder),
            title=title,
            description=description,
            language=self.language(newsletter),
            author=self.settings.site.name,
            address=self.links.feeds(folder),
            home_url=self.links.newsletter(newsletter.slug) if newsletter else f"{self.settings.site.url}/",
            stylesheet=style_from(folder),
            hubs=self.settings.hubs,
            every=self._every(newsletter.sources if newsletter else ()),
        )

    def _every(self, sources: Sequence[str]) -> timedelta:
        looks = [one.every for one in self.settings.polled if not sources or one.name in sources]
        return min(looks, default=timedelta(hours=1))

    def _words(self, newsletter: Newsletter | None, text: str, **values: str) -> str:
        language: Language = self.templates.languages.best([self.language(newsletter)])
        return language.gettext(text) % values


def digests_folder(slug: str) -> str:
    """Where the feeds of a newsletter's digests are."""
    return f"{slug}/digests"


def page_folder(folder: str, page: int) -> str:
    """Where a page of a feed's archive is; 1 is the oldest."""
    return f"{folder}/archive/{page}"


def style_from(folder: str) -> str:
    """The stylesheet's address, as seen from a folder of feeds."""
    return "../" * len(folder.split("/")) + STYLE
