"""What may be wrong with a digest before it is sent: the mail at once, links, relays and the DNS at a button."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience.limits import Turnstile
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError
from syndicate.preflight.finding import Finding, Section, Verdict, worst_first
from syndicate.preflight.preflight import Mails
from syndicate.preflight.rules import rules
from syndicate.reach.names import Names
from syndicate.settings import Newsletter, Rate
from syndicate.store import audit
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_HOW_OFTEN = Rate(30, 600)


@dataclass(frozen=True, slots=True)
class Told:
    """What was found about one thing: what somebody should look at, the worst first, and what is fine."""

    about: str
    problems: tuple[Finding, ...]
    fine: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """All that was found. ``is_whole``: the network was asked, too."""

    told: tuple[Told, ...]
    is_whole: bool

    def count(self, verdict: str) -> int:
        """How many are so bad."""
        return sum(one.verdict == verdict for told in self.told for one in (*told.problems, *told.fine))


def checked(sections: Iterable[Section], *, is_whole: bool = False) -> Checked:
    """Findings, as a page tells them."""
    return Checked(tuple(_told(one) for one in sections), is_whole)


class Asking:
    """Looks with the network, for pages that have mails to look at; not too often."""

    def __init__(self, app: App) -> None:
        self._app, self._turnstile = app, Turnstile(_HOW_OFTEN)

    def ask(self, visit: Visit, mails: Mails, newsletters: Sequence[Newsletter], about: str) -> Checked:
        """All that is to be said. :raises ConflictError: when that was asked too often."""
        if not self._turnstile.admit(None, visit.user.name):
            raise ConflictError("too many looks; wait a few minutes")

        async def both() -> list[Section]:
            preflight = self._app.preflight
            found = await asyncio.gather(
                preflight.of_mails(mails, offline=False),
                preflight.arrival(newsletters, visit.now, offline=False, look=Names().look),
            )
            return [section for sections in found for section in sections]

        sections = asyncio.run(both())
        with self._app.store.write() as connection:
            audit.note(connection, visit.user.name, "looked over", about=about, ip=visit.ip, now=visit.now)
        return checked([*sections, rules(sections)], is_whole=True)


class Checking:
    """A digest that is composed, and what is next of a newsletter."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk, self._asking = app, desk, Asking(app)
        for path in ("/console/digests/{digest_id:int}/check", "/console/digests/check/{slug}"):
            door.get(path, Right.VIEW, self.page)
            door.post(path, Right.EDIT, self.ask)

    def page(self, visit: Visit, digest_id: int = 0, slug: str = "") -> Response:
        """The mail, looked at without asking anybody."""
        mails, _ = self._mails(visit, digest_id, slug)
        return self._show(visit, checked(self._app.preflight.at_once(mails)), digest_id, slug)

    def ask(self, visit: Visit, digest_id: int = 0, slug: str = "") -> Response:
        """The same, and how it will arrive."""
        mails, newsletter = self._mails(visit, digest_id, slug)
        about = f"digest {digest_id}" if digest_id else f"newsletter {newsletter.slug}"
        return self._show(visit, self._asking.ask(visit, mails, [newsletter], about), digest_id, slug)

    def _mails(self, visit: Visit, digest_id: int, slug: str) -> tuple[Mails, Newsletter]:
        preflight = self._app.preflight
        if digest_id:
            return preflight.of_digest(digest_id, visit.now), preflight.newsletter_of(digest_id)
        newsletter = self._app.digests.newsletter(slug)
        return preflight.of_newsletter(newsletter, visit.now), newsletter

    def _show(self, visit: Visit, found: Checked, digest_id: int, slug: str) -> Response:
        if visit.is_part:
            return self._desk.part(visit, "digests/checked.html", checked=found)
        here = f"{self._desk.base}/console/digests/{f'{digest_id}/check' if digest_id else f'check/{slug}'}"
        back = f"{digest_id}" if digest_id else f"now?newsletter={slug}"
        return self._desk.show(
            visit, "digests/check.html", section="digests", checked=found, here=here, back=back, digest_id=digest_id
        )


def _told(section: Section) -> Told:
    ordered = worst_first(section.findings)
    return Told(
        section.about,
        tuple(one for one in ordered if one.verdict is not Verdict.FINE),
        tuple(one for one in ordered if one.verdict is Verdict.FINE),
    )
