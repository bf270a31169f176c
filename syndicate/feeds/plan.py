"""All that is to be published, planned from what the database knows without reading what articles say.

Called by ``publish``, which builds those sheets only whose fingerprint changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.feeds import selection
from syndicate.feeds.context import FeedContext
from syndicate.feeds.heads import Heads, digests_folder
from syndicate.feeds.outline import Listed
from syndicate.feeds.selection import ALL, Selection
from syndicate.feeds.sheets import Sheet, Sheets, fingerprint_of
from syndicate.model import Digest, DigestState
from syndicate.render.environment import stamp_of
from syndicate.settings.newsletter import INSTANT, MANUAL, Newsletter
from syndicate.store import Connection, articles, digests

TOMBSTONES_LAST = timedelta(days=30)
"""How long a feed says that an article was withdrawn: a reader's program that asks once a month hears of it."""

_SENT = (DigestState.SENDING, DigestState.PAUSED, DigestState.SENT)
"""A digest in one of these went out, at least to some."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before anything is built. ``closed`` has the archived pages that are to be closed first.

    ``front`` is the fingerprint of what lists the feeds.
    """

    sheets: tuple[Sheet, ...]
    listed: tuple[Listed, ...]
    front: str
    closed: Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans. ``ends`` is where archived pages end, ``known`` the folders that were published before."""

    heads: Heads
    ends: Mapping[str, list[int]]
    known: frozenset[str]

    def plan(self, connection: Connection, now: datetime) -> Plan:
        """Every sheet of every feed, as things stand now."""
        settings = self.heads.settings
        sources = [source.name for source in settings.sources]
        rows = articles.for_feeds(connection, sources)
        gone = articles.withdrawn(connection, sources)
        chosen = selection.select(rows, gone, settings.newsletters, sources)
        chosen |= dict(self._left(chosen))
        chosen = {folder: one for folder, one in chosen.items() if not one.tag or one.rows or folder in self.known}
        templates = stamp_of(self.heads.templates, "feeds")
        maker = Sheets(self.heads, rows, now - TOMBSTONES_LAST, templates)
        sheets: list[Sheet] = []
        closed: dict[str, list[int]] = {}
        for folder, one in chosen.items():
            if one.tag:
                sheets.append(maker.sheet(folder, one, one.rows[: settings.feeds.entries]))
            else:
                ends = list(self.ends.get(folder, ()))
                closed[folder] = selection.close_pages(one.rows, ends, settings.feeds.entries)
                sheets += maker.with_archive(folder, one, ends + closed[folder])
        sent = {
            one.slug: maker.digests(one, found)
            for one, found in self._digests(connection)
            if found or digests_folder(one.slug) in self.known
        }
        sheets += sent.values()
        listed = tuple(self._listed(chosen, sent))
        return Plan(tuple(sheets), listed, fingerprint_of(templates, repr(settings.site), repr(listed)), closed)

    def _digests(self, connection: Connection) -> Iterator[tuple[Newsletter, list[tuple[Digest, tuple[int, ...]]]]]:
        """What was sent of each newsletter; not at once where there are other cadences, for those are articles."""
        settings = self.heads.settings
        cadences = {
            one.slug: [name for name in one.cadences if name != INSTANT] or [INSTANT] for one in settings.newsletters
        }
        wanted = {slug: [*names, MANUAL] for slug, names in cadences.items()}
        found = digests.for_feeds(connection, wanted, _SENT, settings.feeds.entries)
        for one in settings.newsletters:
            yield one, found.get(one.slug, [])

    def _left(self, chosen: Mapping[str, Selection]) -> Iterator[tuple[str, Selection]]:
        """Feeds of tags that no article has any more: they stay, empty, for those who follow them."""
        for folder in self.known - chosen.keys():
            slug, kind, tag = (*folder.split("/", 2), "", "")[:3]
            if kind == "tags" and slug in chosen:
                yield folder, Selection(chosen[slug].newsletter, tag)

    def _listed(self, chosen: Mapping[str, Selection], sent: Mapping[str, Sheet]) -> Iterator[Listed]:
        tags: dict[str, list[tuple[str, str, FeedContext]]] = {}
        for folder, one in chosen.items():
            if one.tag and one.rows:
                head = self.heads.articles(folder, one.newsletter, one.tag)
                tags.setdefault(folder.partition("/")[0], []).append((one.tag, folder, head))
        for slug in (*(one.slug for one in self.heads.settings.newsletters), ALL):
            sheet = sent.get(slug)
            yield Listed(
                slug,
                self.heads.articles(slug, chosen[slug].newsletter),
                sheet.head if sheet and sheet.made_of else None,
                sorted(tags.get(slug, []), key=lambda one: (one[0].casefold(), one[1])),
            )
