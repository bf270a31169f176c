"""What a digest that is not sent yet would be, by its draft, and keeping the draft. Called by the console."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from syndicate.digest import drafting
from syndicate.digest.beginning import freeze
from syndicate.digest.cadence import next_slot
from syndicate.digest.compose import Composition
from syndicate.digest.digests import Digests
from syndicate.digest.press import subject_for_all
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import Article, Choice, Digest, Draft, Parts, Subscriber
from syndicate.settings import INSTANT, Newsletter
from syndicate.store import articles, audit, digests, drafts, subscribers
from syndicate.store.audit import By
from syndicate.store.digests import Group
from syndicate.store.subscribers import topics_key

ANYBODY = Subscriber(id=0, email="reader@example.org", name="Ana")
"""Who a proof is for when it is for nobody in particular."""


class Place(NamedTuple):
    """Where a draft belongs: to a cadence's next digest, or to a ``digest`` that waits.

    ``due_at`` is in the newsletter's zone; None where that is not known. ``moment`` is another one when the next digest
    is.
    """

    newsletter: Newsletter
    draft: Draft
    digest: Digest | None
    due_at: datetime | None
    moment: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a draft comes to: who gets what, and how that is for a reader who chose no topics and missed nothing.

    ``coming`` would be in it without a draft; ``out`` is left out, or put off.
    """

    found: Composition
    shown: tuple[Article, ...]
    out: tuple[Article, ...]
    coming: frozenset[int]

    @property
    def sets(self) -> list[tuple[tuple[int, ...], tuple[Group, ...]]]:
        """The sets that somebody gets, those of most readers first."""
        owed = [one for one in self.found.sets if one[0]]
        return sorted(owed, key=lambda one: -sum(group.readers for group in one[1]))


class Proofs:
    """Every method takes ``now``, aware, where it matters."""

    def __init__(self, digests: Digests) -> None:
        self._digests, self._store = digests, digests.store

    def upcoming(self, slug: str, cadence: str, now: datetime) -> Place:
        """The next digest of a cadence. :raises NotFoundError: when there is no such newsletter or cadence."""
        newsletter = self._digests.newsletter(slug)
        with self._store.read() as connection:
            draft = drafting.upcoming(connection, newsletter, cadence, now)
            moment = drafting.moment(connection, newsletter, cadence, now)
        expression = newsletter.cadences.get(cadence, INSTANT)
        due_at = None
        if expression != INSTANT:
            due_at = next_slot(expression, newsletter.zone, now).due_at.astimezone(newsletter.zone)
        return Place(newsletter, draft, None, due_at, moment)

    def waiting(self, digest_id: int) -> Place:
        """A digest that is held or in review.

        :raises NotFoundError: when there is none of that id, or its newsletter is gone.
        :raises ConflictError: when it does not wait.
        """
        with self._store.read() as connection:
            digest = digests.get(connection, digest_id)
            draft = drafts.of_digest(connection, digest_id)
        if digest.state not in digests.WAITING:
            raise ConflictError(f"digest {digest_id} is {digest.state}: only one that waits can be edited")
        newsletter = self._digests.newsletter(digest.newsletter)
        draft = draft or Draft(newsletter=digest.newsletter, cadence=digest.cadence, digest_id=digest_id)
        return Place(newsletter, draft, digest, digest.due_at.astimezone(newsletter.zone), "")

    def proof(self, place: Place, draft: Draft) -> Proof:
        """What this draft would come to in that place."""
        newsletter, press = place.newsletter, self._digests.press
        upto, zones = self._reach(place)
        found = press.composition(newsletter, draft, upto, zones)
        group = self._most(place, found, upto)
        plain = press.composition(newsletter, replace(draft, chosen=()), upto, groups=[group])
        mine = press.composition(newsletter, draft, upto, groups=[group])
        with self._store.read() as connection:
            shown = articles.by_ids(connection, mine.sets[0][0])
            out = articles.by_ids(connection, sorted(draft.of(Choice.LEFT_OUT, Choice.POSTPONED)))
        return Proof(found, tuple(shown), tuple(out), frozenset(plain.sets[0][0]))

    def parts(self, place: Place, draft: Draft, ids: tuple[int, ...], now: datetime) -> Parts:
        """How these articles look as that digest; the newest ones where there are none.

        :raises ConflictError: when there is no article at all.
        :raises TemplateError: when the templates, or the draft's words, can't be rendered.
        """
        newsletter, settings = place.newsletter, self._digests.settings
        with self._store.read() as connection:
            shown = articles.by_ids(connection, ids)
            if not shown:
                names = newsletter.sources or tuple(source.name for source in settings.sources)
                shown = articles.latest(connection, names, newsletter.tags, newsletter.max_articles)
        if not shown:
            raise ConflictError(f"newsletter {newsletter.slug} has no articles yet, so there is nothing to show")
        due_at = place.due_at or now.astimezone(newsletter.zone)
        return self._digests.press.render(newsletter, draft, shown, place.digest.id if place.digest else 0, due_at)

    def for_reader(self, place: Place, draft: Draft, email: str) -> tuple[Subscriber, tuple[int, ...]]:
        """A reader of that newsletter, by a normalised address, and the articles that they would get.

        :raises NotFoundError: when nobody with that address gets it.
        """
        with self._store.read() as connection:
            theirs = {one.newsletter: one for one in subscribers.of_address(connection, email)}
        mine = theirs.get(place.newsletter.slug)
        if mine is None:
            raise NotFoundError(f"reader of {place.newsletter.slug}", email)
        group = Group(mine.cadence, mine.watermark, topics_key(mine.topics), 1)
        found = self._digests.press.composition(place.newsletter, draft, self._reach(place)[0], groups=[group])
        return mine.subscriber, found.sets[0][0]

    def keep(self, place: Place, draft: Draft, *, by: By, now: datetime) -> Draft:
        """Writes a draft down; a digest that waits is composed anew from it.

        :raises ConflictError: when somebody was quicker, or nothing would be left in a digest that waits.
        :raises TemplateError: when the draft's words can't be rendered.
        """
        with self._store.read() as connection:
            known = {one.id for one in articles.by_ids(connection, [one.article_id for one in draft.chosen])}
        draft = replace(draft, chosen=tuple(one for one in draft.chosen if one.article_id in known))
        proof = self.proof(place, draft)
        if place.digest is None:
            with suppress(ConflictError):
                self.parts(place, draft, tuple(one.id for one in proof.shown), now)
            with self._store.write() as connection:
                kept = drafts.keep(connection, draft, by=by.name, now=now)
                about = f"newsletter {place.newsletter.slug}"
                audit.note(
                    connection, by.name, "edited the next digest", about=about, detail=draft.cadence, ip=by.ip, now=now
                )
            return kept
        digest_id, due_at = place.digest.id, place.digest.due_at.astimezone(place.newsletter.zone)
        rendered = self._digests.press.printed(place.newsletter, draft, proof.found, digest_id, due_at)
        if not rendered:
            self.waiting(digest_id)  # else that is why
            raise ConflictError(f"nothing would be left in digest {digest_id}; cancel it instead")
        with self._store.write() as connection:
            digests.lock_waiting(connection, digest_id)
            kept = drafts.keep(connection, draft, by=by.name, now=now)
            digests.empty(connection, digest_id, subject_for_all(rendered[proof.found.widest]))
            freeze(connection, digest_id, proof.found, rendered)
            audit.note(connection, by.name, "edited", about=f"digest {digest_id}", ip=by.ip, now=now)
        return kept

    def _reach(self, place: Place) -> tuple[int, tuple[str, ...]]:
        """Up to which number it carries articles, and to readers in which zones."""
        with self._store.read() as connection:
            if place.digest:
                return place.digest.upto, digests.zones_of(connection, place.digest.id)
            return articles.newest_sequence(connection), ()

    def _most(self, place: Place, found: Composition, upto: int) -> Group:
        """Somebody who chose no topics, and was given as much as most were."""
        cadence, given = place.draft.cadence, Counter[int]()
        for _, groups in found.sets:
            for group in groups:
                given[group.watermark] += group.readers
        if given:
            return Group(cadence, given.most_common(1)[0][0], "", 1)
        with self._store.read() as connection:
            return Group(cadence, digests.last_upto(connection, place.newsletter.slug, cadence) or upto, "", 1)
