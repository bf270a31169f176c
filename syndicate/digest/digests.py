"""Runs cadence, compose and render in order, and freezes what comes out. Called by the jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import structlog

from syndicate.digest import by_hand, drafting
from syndicate.digest.beginning import begun, blank, freeze
from syndicate.digest.by_hand import Offer, Order
from syndicate.digest.cadence import Slot, instant_slot, latest_slot, manual_slot, slots_by_zone, zone_of
from syndicate.digest.compose import Composition, eligible
from syndicate.digest.drafting import ToCompose
from syndicate.digest.press import Press
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import Article, DeliveryState, Digest, DigestState, Parts, Subscriber
from syndicate.render.environment import Environment
from syndicate.render.holes import fill, reader_values
from syndicate.render.links import Links
from syndicate.settings import INSTANT, MANUAL, Newsletter, Settings
from syndicate.store import Connection, Store, articles, audit, copies, deliveries, digests, remedies
from syndicate.store.audit import SHELL, By
from syndicate.store.copies import Standing
from syndicate.store.remedies import Remedied

log = structlog.get_logger()


class Resolution(StrEnum):
    """What a person decides about mails that may have gone out, or not."""

    RESEND = "resend"
    HOLD = "hold"
    MARK_SENT = "mark-sent"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a newsletter would send now. ``articles`` are those shown or listed."""

    newsletter: Newsletter
    parts: Parts
    articles: tuple[Article, ...]
    readers: int


@dataclass(frozen=True, slots=True)
class Digests:
    """Composes digests and moves them on. Every method takes ``now``, aware."""

    settings: Settings
    store: Store
    templates: Environment
    links: Links
    prose: Callable[[str], str]
    owe: Callable[[Connection, int, datetime], None]
    """Has deliveries of a digest sent that fell due, once the transaction is committed."""

    @property
    def press(self) -> Press:
        """Composes and renders with the same."""
        return Press(self.settings, self.store, self.templates, self.links, self.prose)

    def compose_due(self, now: datetime, only: str | None = None) -> list[Digest]:
        """Composes every slot that is due and was not composed yet; returns the new digests, empty ones too.

        :raises TemplateError: when a newsletter's templates can't be rendered; its slot stays open.
        :raises HeldError: when nothing is sent from this copy.
        """
        with self.store.read() as connection:
            copies.check(connection)
        composed = []
        for newsletter in self.settings.newsletters:
            if only is None or newsletter.slug == only:
                for cadence, expression in newsletter.cadences.items():
                    for slot, timezones in self._due(newsletter, cadence, expression, now).items():
                        if digest := self._compose(newsletter, cadence, slot, now, timezones):
                            composed.append(digest)
        return composed

    def due(self, now: datetime) -> list[str]:
        """The newsletters of which a slot is due and not composed."""
        return [
            one.slug
            for one in self.settings.newsletters
            if any(self._due(one, cadence, expression, now) for cadence, expression in one.cadences.items())
        ]

    def pass_over(self, before: Settings, changed_at: datetime) -> None:
        """Leaves out slots that are due only because of what the settings say since then: nobody waited for them.

        Without that, a cadence that is set to an earlier hour would send at once.
        """
        for newsletter in self.settings.newsletters:
            old = before.newsletter(newsletter.slug)
            for cadence, expression in newsletter.cadences.items():
                if expression == INSTANT or (old and _clock_of(old, cadence) == _clock_of(newsletter, cadence)):
                    continue
                for slot in self._due(newsletter, cadence, expression, changed_at):
                    with self.store.write() as connection:
                        digest_id = digests.take_id(connection)
                        left_out = blank(newsletter, cadence, slot, digest_id, 0, changed_at)
                        note = "left out: the cadence was set after it"
                        digests.add(connection, replace(left_out, state=DigestState.CANCELLED, note=note))

    def offer(self, slug: str, now: datetime, cadences: tuple[str, ...] = ()) -> Offer:
        """What ``compose_now`` would send to readers of these cadences, or of all, and to how many. Keeps nothing."""
        return by_hand.offer(self.press, self.newsletter(slug), cadences, now)

    def compose_now(self, slug: str, now: datetime, by: By = SHELL, order: Order | None = None) -> Digest:
        """An operator's own digest, for readers of every cadence: starts sending even where review is on.

        With an ``order`` it is what was seen then, for those readers, or nothing.

        :raises ConflictError: when it was composed already, this very second or by that order, or when the order can't
            be met any more.
        """
        slot = order.slot if order else manual_slot(now)
        digest = self._compose(self.newsletter(slug), MANUAL, slot, now, by=by, order=order)
        if digest is None:
            raise ConflictError(f"newsletter {slug} was sent by hand this very second; see `syndicate digests`")
        return digest

    def preview(self, slug: str, now: datetime) -> Preview:
        """What ``compose_now`` would send; shows the newest articles when nothing is new. Keeps nothing."""
        newsletter = self.newsletter(slug)
        with self.store.read() as connection:
            upto = articles.newest_sequence(connection)
            draft = drafting.upcoming(connection, newsletter, MANUAL, now)
        found = self.press.composition(newsletter, draft, upto)
        with self.store.read() as connection:
            shown = articles.by_ids(connection, found.widest)
            if not shown:
                names = newsletter.sources or tuple(source.name for source in self.settings.sources)
                shown = articles.latest(connection, names, newsletter.tags, newsletter.max_articles)
        if not shown:
            raise ConflictError(f"newsletter {slug} has no articles yet; run `syndicate pickup` first")
        parts = self.press.render(
            newsletter, replace(draft, cadence=newsletter.default_cadence), shown, 0, now.astimezone(newsletter.zone)
        )
        return Preview(newsletter, parts, tuple(shown), found.readers)

    def filled(self, parts: Parts, reader: Subscriber, now: datetime) -> tuple[str, str]:
        """HTML and text as that reader would get them, with links that change nothing."""
        values = reader_values(
            reader, unsubscribe_url=self.links.unsubscribe(0), preferences_url=self.links.preferences(0, now)
        )
        parts = parts.for_name(reader.name)
        html = fill(parts.html, parts.nonce, values, escape=True)
        return html, fill(parts.text, parts.nonce, values, escape=False)

    def approve(self, digest_id: int, now: datetime, by: By = SHELL, version: int | None = None) -> tuple[Digest, int]:
        """Lets a held or reviewed digest go; returns it and how many deliveries were planned.

        :raises ConflictError: when it does not wait for that, or its draft is not of that ``version`` any more.
        """
        only = "only one that is held or in review can be approved"
        with self.store.write() as connection:
            copies.check(connection)
            digest = remedies.move(connection, digest_id, DigestState.SENDING, digests.WAITING, only=only)
            drafting.approved(connection, self.newsletter(digest.newsletter), digest, version, now=now)
            planned = deliveries.plan(connection, digest, now=now)
            self.owe(connection, digest_id, now)
            _note(connection, digest_id, "approved", now, by, f"{planned} planned")
            return digest, planned

    def cancel(self, digest_id: int, now: datetime, by: By = SHELL) -> tuple[Digest, int]:
        """Ends a digest; what was not begun is cancelled. Returns it and how many deliveries that were.

        Readers who had nothing planned keep their watermark, so its articles come with their next digest.
        """
        with self.store.write() as connection:
            before = digests.get(connection, digest_id)
            digests.set_state(connection, digest_id, DigestState.CANCELLED, now=now, note="cancelled by an operator")
            newsletter = self.settings.newsletter(before.newsletter)
            if newsletter and before.state in digests.WAITING:
                drafting.hand_back(connection, newsletter, before, now=now)
            _note(connection, digest_id, "cancelled", now, by)
            after = digests.get(connection, digest_id)
        with self.store.write() as connection:  # apart, for while many rows change nobody else should have to wait
            return after, deliveries.cancel(connection, digest_id, now=now)

    def pause(self, digest_id: int, now: datetime, by: By = SHELL) -> Digest:
        """Stops a digest for now, also one that another process is sending: what is under way is finished.

        :raises ConflictError: when it is not being sent.
        """
        only = "only one that is sending can be paused"
        with self.store.write() as connection:
            digest = remedies.move(connection, digest_id, DigestState.PAUSED, (DigestState.SENDING,), only=only)
            _note(connection, digest_id, "paused", now, by)
            return digest

    def resume(self, digest_id: int, now: datetime, by: By = SHELL) -> Digest:
        """Lets a paused digest go on. :raises ConflictError: when it is not paused."""
        with self.store.write() as connection:
            digest = remedies.resume(connection, digest_id, now=now)
            self.owe(connection, digest_id, now)
            _note(connection, digest_id, "resumed", now, by)
            return digest

    def retry(
        self,
        digest_id: int,
        now: datetime,
        only: DeliveryState | None = None,
        by: By = SHELL,
        subscription_id: int | None = None,
    ) -> tuple[Digest, Remedied]:
        """Has rejected, expired and uncertain deliveries tried once more, or those of one kind; says how many.

        What was held for good is tried again only when ``only`` asks for the uncertain. One reader's, or everyone's.
        :raises ConflictError: when nothing of the digest can be sent.
        """
        states, asked = (remedies.RETRIED, False) if only is None else ({only}, only is DeliveryState.UNCERTAIN)
        with self.store.write() as connection:
            done = remedies.requeue(
                connection, digest_id, states, also_held=asked, subscription_id=subscription_id, now=now
            )
            self.owe(connection, digest_id, now)
            _note(connection, digest_id, "retried", now, by, f"{only or 'all'}: {done.changed} queued")
            return digests.get(connection, digest_id), done

    def resolve(
        self,
        digest_id: int,
        resolution: Resolution,
        now: datetime,
        by: By = SHELL,
        subscription_id: int | None = None,
    ) -> tuple[Digest, Remedied]:
        """Decides about what is uncertain and was not decided about before, one reader's or all; says about how many.

        :raises ConflictError: when it is to be sent again, and nothing of the digest can be.
        """
        with self.store.write() as connection:
            if resolution is Resolution.RESEND:
                uncertain = {DeliveryState.UNCERTAIN}
                done = remedies.requeue(connection, digest_id, uncertain, subscription_id=subscription_id, now=now)
            elif resolution is Resolution.HOLD:
                done = remedies.hold(connection, digest_id, subscription_id=subscription_id, now=now)
            else:
                done = remedies.mark_sent(connection, digest_id, subscription_id=subscription_id, now=now)
            self.owe(connection, digest_id, now)
            _note(connection, digest_id, "resolved", now, by, f"{resolution}: {done.changed}")
            return digests.get(connection, digest_id), done

    def newsletter(self, slug: str) -> Newsletter:
        """:raises NotFoundError: when the settings have none of that slug."""
        found = self.settings.newsletter(slug)
        if found is None:
            raise NotFoundError("newsletter", slug, [one.slug for one in self.settings.newsletters])
        return found

    def _due(self, newsletter: Newsletter, cadence: str, expression: str, now: datetime) -> dict[Slot, tuple[str, ...]]:
        """The slots that are due and not composed, oldest first, each with its time zones; none means all readers."""
        slug = newsletter.slug
        with self.store.read() as connection:
            if expression == INSTANT:
                return self._due_at_once(connection, newsletter, cadence)
            due: dict[Slot, tuple[str, ...]] = {latest_slot(expression, newsletter.zone, now): ()}
            if newsletter.send_in == "subscriber":
                lived_in = self._zones_to_look_at(connection, newsletter, cadence, expression, now)
                due = slots_by_zone(expression, newsletter.zone, lived_in, now)
            open_ = [slot for slot in due if not digests.has_slot(connection, slug, cadence, slot.name)]
        return {slot: due[slot] for slot in sorted(open_, key=lambda one: one.due_at)}

    def _zones_to_look_at(
        self, connection: Connection, newsletter: Newsletter, cadence: str, expression: str, now: datetime
    ) -> Mapping[str, datetime]:
        """Where the newest slot is not composed yet; readers are asked about there only, for this is done often."""
        open_ = [
            name
            for name in digests.timezones(connection)
            if not digests.has_slot(
                connection,
                newsletter.slug,
                cadence,
                latest_slot(expression, zone_of(name, newsletter.zone), now).name,
            )
        ]
        return digests.zones_lived_in(connection, newsletter.slug, cadence, open_) if open_ else {}

    def _due_at_once(self, connection: Connection, newsletter: Newsletter, cadence: str) -> dict[Slot, tuple[str, ...]]:
        since = digests.last_upto(connection, newsletter.slug, cadence)
        rows = articles.numbered_since(connection, since, articles.newest_sequence(connection))
        fresh = eligible(rows, newsletter)
        if not fresh:
            return {}
        newest = max(fresh, key=lambda row: row.sequence)
        [article] = articles.by_ids(connection, [newest.id])
        return {instant_slot(newest.sequence, article.picked_up_at): ()}

    def _compose(
        self,
        newsletter: Newsletter,
        cadence: str,
        slot: Slot,
        now: datetime,
        timezones: tuple[str, ...] = (),
        by: By = SHELL,
        order: Order | None = None,
    ) -> Digest | None:
        """Renders first and takes the slot afterwards, so that the database is never locked while templates run.

        When an editor changes the draft meanwhile, it is rendered again.
        """
        with self.store.write() as connection:
            copies.check(connection)
            is_undecided = copies.read(connection).standing is Standing.UNDECIDED
            digest_id = digests.take_id(connection)
            upto = min(articles.newest_sequence(connection), order.upto if order else sys.maxsize)
        due_at = slot.due_at.astimezone(zone_of(next(iter(timezones), ""), newsletter.zone))
        with self.store.read() as connection:
            read = drafting.to_compose(connection, newsletter, cadence, due_at, timezones)
            groups = (
                by_hand.readers(digests.groups(connection, newsletter.slug, None), order.cadences) if order else None
            )
        if order and read.read.version != order.version:
            raise ConflictError("What it says was edited meanwhile.")
        found = self.press.composition(newsletter, read.draft, upto, timezones, groups)
        rendered, wrong = self.press.printed_anyway(newsletter, read.draft, found, digest_id, due_at)
        digest = blank(newsletter, cadence, slot, digest_id, upto, now)
        if rendered:
            digest = begun(digest, newsletter, rendered[found.widest], wrong, now, undecided=is_undecided)
        try:
            planned = self._freeze(digest, found, rendered, timezones, read, now, by, order)
        except _EditedError:
            log.info("edited meanwhile, composing again", newsletter=newsletter.slug, cadence=cadence, slot=slot.name)
            return self._compose(newsletter, cadence, slot, now, timezones, by, order)
        if planned is None:
            log.info(
                "slot was composed by another process", newsletter=newsletter.slug, cadence=cadence, slot=slot.name
            )
            return None
        log.info(
            "digest composed" if rendered else "nothing new, nothing sent",
            newsletter=newsletter.slug,
            cadence=cadence,
            slot=slot.name,
            digest=digest.id,
            state=digest.state.value,
            planned=planned,
        )
        return digest

    def _freeze(
        self,
        digest: Digest,
        found: Composition,
        rendered: Mapping[tuple[int, ...], Parts],
        timezones: tuple[str, ...],
        read: ToCompose,
        now: datetime,
        by: By,
        order: Order | None,
    ) -> int | None:
        """Returns how many deliveries were planned, None when another process had the slot."""
        newsletter = self.newsletter(digest.newsletter)
        with self.store.write() as connection:
            if not digests.add(connection, digest):
                return None
            digests.set_zones(connection, digest.id, timezones)
            freeze(connection, digest.id, found, rendered)
            for superseded in digests.supersede(connection, digest, now=now):
                log.warning("waiting digest superseded", digest=superseded, by=digest.id)
            if (rendered or found.left_out) and not drafting.use(connection, newsletter, read, digest):
                raise _EditedError
            if digest.state in (DigestState.SENDING, DigestState.EMPTY):
                drafting.postpone(connection, newsletter, digest, now=now)
                planned = deliveries.plan(connection, digest, now=now)
                self.owe(connection, digest.id, now)
                if order:
                    by_hand.agree(connection, digest.id, order)
                if digest.cadence == MANUAL:
                    _note(connection, digest.id, "sent by hand", now, by, f"{planned} planned")
                return planned
        return 0


class _EditedError(Exception):
    """What was rendered is not what editors want any more."""


def _note(connection: Connection, digest_id: int, act: str, now: datetime, by: By, detail: str = "") -> None:
    audit.note(connection, by.name, act, about=f"digest {digest_id}", detail=detail, ip=by.ip, now=now)


def _clock_of(newsletter: Newsletter, cadence: str) -> tuple[str | None, str, str]:
    return newsletter.cadences.get(cadence), newsletter.timezone, newsletter.send_in
