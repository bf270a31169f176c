"""Looks at what would go out, and how it will arrive. Called by ``check`` and by the console's pages before *send*."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syndicate.delivery.letter import write_letter
from syndicate.digest.digests import Digests
from syndicate.digest.proofs import ANYBODY
from syndicate.errors import ConflictError, SyndicateError
from syndicate.model import SHOWN, DigestState, Parts
from syndicate.preflight.deliverability.arrival import Arrival
from syndicate.preflight.deliverability.complaints import complaints
from syndicate.preflight.finding import Finding, Section
from syndicate.preflight.message import answered, asking
from syndicate.preflight.message.asking import Answer
from syndicate.preflight.message.checks import IMAGE_SIZE, LINKS, SIZE
from syndicate.preflight.message.judge import judge
from syndicate.preflight.message.links import linked, shown
from syndicate.preflight.message.mail import Mail
from syndicate.preflight.message.page import Page, page
from syndicate.preflight.rules import rules
from syndicate.reach.names import Look
from syndicate.render.holes import fill, reader_values
from syndicate.settings import Newsletter
from syndicate.store import digests, returns, standing

_MOST_VARIANTS = 12
_LATE = 12
"""Digests whose complaints are counted."""
_OFFLINE = "this was a look without the network"


Mails = Sequence[tuple[str, Mail | Finding]]
"""Each with what it is called; a finding says why there is none."""


class Preflight:
    """Makes mails of digests, as a reader called Ana would get them, and has them looked at; and how they arrive.

    ``keys`` is selector → the DKIM record that ours needs.
    """

    def __init__(self, runner: Digests, keys: Mapping[str, str]) -> None:
        self._digests, self._links, self._settings = runner, runner.links, runner.settings
        self._arrival = Arrival(runner.settings, keys, runner.links.unsubscribe(0))

    def of_digest(self, digest_id: int, now: datetime) -> Mails:
        """The mails of a digest that is composed, those of its first variants.

        :raises NotFoundError: when there is none of that id, or its newsletter is gone.
        :raises ConflictError: when it has no mail.
        """
        with self._digests.store.read() as connection:
            digest = digests.get(connection, digest_id)
            variants = digests.variants_of(connection, digest_id)[:_MOST_VARIANTS]
        if digest.state is DigestState.EMPTY or not variants:
            raise ConflictError(f"digest {digest_id} is {digest.state}: there is no mail to look at")
        newsletter = self._digests.newsletter(digest.newsletter)
        name = f"digest {digest_id}"
        return [
            (
                name if len(variants) == 1 else f"{name}, variant {one.id}",
                self.mail(newsletter, one.parts, digest_id, now),
            )
            for one in variants
        ]

    def of_newsletter(self, newsletter: Newsletter, now: datetime) -> Mails:
        """What would be sent of it now; the newest articles when nothing is new."""
        about = f"the next digest of {newsletter.slug}"
        try:
            return [(about, self.mail(newsletter, self._digests.preview(newsletter.slug, now).parts, 0, now))]
        except ConflictError as error:
            return [(about, SIZE.unchecked(str(error)))]
        except SyndicateError as error:
            remedy = "mend the template, or what an editor wrote into the draft"
            return [(about, SIZE.blocks(str(error), remedy))]

    def mail(self, newsletter: Newsletter, parts: Parts, digest_id: int, now: datetime) -> Mail:
        """One mail, with links that change nothing."""
        links, site = self._links, self._settings.site
        unsubscribe, preferences = links.unsubscribe(0), links.preferences(0, now)
        values = reader_values(ANYBODY, unsubscribe_url=unsubscribe, preferences_url=preferences)
        mine = parts.for_name(ANYBODY.name)
        html, text = self._digests.filled(parts, ANYBODY, now)
        message_id = f"<preview@{newsletter.domain}>"
        letter = write_letter(
            newsletter, links, parts, ANYBODY, subscription_id=0, message_id=message_id, sending="preview", date=now
        )
        return Mail(
            subject=" ".join(fill(mine.subject, mine.nonce, values, escape=False).split()),
            html=html,
            text=text,
            octets=len(letter),
            unsubscribe=unsubscribe,
            postal_address=site.postal_address,
            own=frozenset({unsubscribe, preferences, links.view(newsletter.slug, digest_id)}),
        )

    def mails(self, digest_id: int | None, now: datetime) -> Mails:
        """Those of a digest, or what is next of each newsletter.

        :raises NotFoundError: when there is no such digest.
        :raises ConflictError: when it has no mail.
        """
        if digest_id is not None:
            return self.of_digest(digest_id, now)
        return [one for newsletter in self._settings.newsletters for one in self.of_newsletter(newsletter, now)]

    async def check(self, digest_id: int | None, now: datetime, *, offline: bool, look: Look) -> list[Section]:
        """All that is to be said; ``offline`` asks nobody. Raises as ``mails`` does."""
        mails = await asyncio.to_thread(self.mails, digest_id, now)
        newsletters = (
            [await asyncio.to_thread(self.newsletter_of, digest_id)] if digest_id else self._settings.newsletters
        )
        message, arrival = await asyncio.gather(
            self.of_mails(mails, offline=offline), self.arrival(newsletters, now, offline=offline, look=look)
        )
        return [*message, *arrival, rules([*message, *arrival])]

    async def of_mails(self, mails: Mails, *, offline: bool) -> list[Section]:
        """What is to be said of the mails alone."""
        if offline:
            return self.at_once(mails)
        pages = {about: page(mail.html) for about, mail in mails if isinstance(mail, Mail)}
        own = frozenset(address for _, mail in mails if isinstance(mail, Mail) for address in mail.own)
        answers = await self._answers(pages.values(), own)
        return _sections(mails, {about: _asked(seen, own, answers) for about, seen in pages.items()})

    def at_once(self, mails: Mails) -> list[Section]:
        """The same, without asking anybody."""
        return _sections(mails, {about: _unasked(page(mail.html)) for about, mail in mails if isinstance(mail, Mail)})

    async def arrival(
        self, newsletters: Sequence[Newsletter], now: datetime, *, offline: bool, look: Look
    ) -> list[Section]:
        """How mail of these newsletters will arrive."""
        if offline:
            found = self._arrival.unasked(newsletters, _OFFLINE)
        else:
            found = await self._arrival.asked(newsletters, now, look)
        came_back = await asyncio.to_thread(self._complaints)
        return [*found[:-1], replace(found[-1], findings=(*found[-1].findings, came_back))]

    def newsletter_of(self, digest_id: int) -> Newsletter:
        """Whose it is. :raises NotFoundError: when there is none of that id, or its newsletter is gone."""
        with self._digests.store.read() as connection:
            return self._digests.newsletter(digests.get(connection, digest_id).newsletter)

    def _complaints(self) -> Finding:
        with self._digests.store.read() as connection:
            ids = [one.id for one in digests.latest(connection, states=SHOWN, limit=_LATE)]
            mails = sum(one.accepted for one in standing.by_digest(connection, ids).values())
            complained = sum(one.complaints for one in returns.counts(connection, ids).values())
        return complaints(mails, complained)

    async def _answers(self, pages: Iterable[Page], own: frozenset[str]) -> dict[str, Answer]:
        links = [address for one in pages for address in linked(one, own)]
        images = [address for one in pages for address in shown(one)]
        return await asking.ask(links, images, allow_private=self._settings.fetch.allow_private)


def _asked(seen: Page, own: frozenset[str], answers: Mapping[str, Answer]) -> list[Finding]:
    return [*answered.links(linked(seen, own), answers), *answered.images(shown(seen), answers)]


def _unasked(seen: Page) -> list[Finding]:
    """What could not be checked, where there was something to check."""
    links, images = linked(seen, frozenset()), shown(seen)
    found = [LINKS.unchecked(f"{len(links)} links: {_OFFLINE}", "look again with it")] if links else []
    return [
        *found,
        *([IMAGE_SIZE.unchecked(f"{len(images)} images: {_OFFLINE}", "look again with it")] if images else []),
    ]


def _sections(mails: Mails, more: Mapping[str, list[Finding]]) -> list[Section]:
    """What is to be said of each, with ``more`` of some; what was said of one is not said of another."""
    seen: set[Finding] = set()
    sections = []
    for about, mail in mails:
        findings = [mail] if isinstance(mail, Finding) else [*judge(mail), *more.get(about, [])]
        sections.append(Section(about, tuple(_new(findings, seen))))
    return sections


def _new(findings: Iterable[Finding], seen: set[Finding]) -> Iterable[Finding]:
    """Those that were not told of another variant before."""
    for one in findings:
        if one not in seen:
            seen.add(one)
            yield one
