"""The form of a draft: of a cadence's next digest, and of one that waits. Everything in it works without a script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience.address import normalise
from syndicate.audience.limits import Turnstile
from syndicate.desk.rights import Right
from syndicate.digest.proofs import Place, Proofs
from syndicate.errors import AddressError, ConflictError, NotFoundError, SyndicateError, WordingError
from syndicate.model import Choice, Draft
from syndicate.settings import INSTANT, MANUAL, Rate
from syndicate.store import audit, browse
from syndicate.store.browse import Listed, Wanted
from syndicate.store.words import LONGEST_QUERY, parse
from syndicate.web.console.desk import Desk
from syndicate.web.console.digests import typed
from syndicate.web.console.digests.checking import Asking
from syndicate.web.console.digests.given import number
from syndicate.web.console.digests.preview import Preview, Previews, readers_of
from syndicate.web.console.digests.shelf import LOOKS
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_HOMES = ("/console/digests/upcoming/{slug}/{cadence}", "/console/digests/{digest_id:int}/draft")
_HOW_OFTEN = Rate(30, 600)
_FOUND = 20
MOST_SHOWN = 200
"""Articles that can be moved; those with a place are the first."""

_ACT = re.compile(r"(up|down|top|add):([0-9]{1,18})", re.ASCII)


class DraftPages:
    """Shows, changes, previews and tests drafts."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._proofs = Proofs(app.digests)
        self._previews = Previews(app, self._proofs)
        self._turnstile, self._asking = Turnstile(_HOW_OFTEN), Asking(app)
        for home in _HOMES:
            door.get(home, Right.VIEW, self.page)
            door.post(home, Right.EDIT, self.act)
            for name in ("preview", "reader", "test", "check"):
                door.get(f"{home}/{name}", Right.VIEW, self.page)
            door.post(f"{home}/preview", Right.VIEW, self.preview)
            door.post(f"{home}/reader", Right.READERS, self.reader)
            door.post(f"{home}/test", Right.EDIT, self.test)
            door.post(f"{home}/check", Right.EDIT, self.check)
        door.get("/console/digests/proofs/{key}/{look}", Right.VIEW, self.look)

    def page(self, visit: Visit, **where: Any) -> Response:
        """The draft as it is kept; also where somebody comes back to after signing in."""
        place = self._place(visit, where)
        return self._show(visit, place, place.draft)

    def act(self, visit: Visit, **where: Any) -> Response:
        """Saves what was typed, or shows it with an article moved, added or looked for."""
        place = self._place(visit, where)
        draft = self._typed(visit, place)
        if visit.form.one("do") != "save":
            return self._show(visit, place, draft, part="draft_articles")
        if problems := typed.problems(draft):
            return self._show(visit, place, draft, status=422, problems=problems)
        if (visit.form.one("version"), visit.form.one("moment")) != (str(place.draft.version), place.moment):
            return self._show(visit, place, draft, status=409, is_late=True)
        try:
            self._proofs.keep(place, draft, by=visit.by, now=visit.now)
        except WordingError as error:
            return self._show(visit, place, draft, status=422, problems={error.field: error.reason})
        return self._desk.go(visit, _home(place), "Saved.")

    def preview(self, visit: Visit, **where: Any) -> Response:
        """How what was typed looks."""
        place = self._place(visit, where)
        return self._show(visit, place, self._typed(visit, place), part="preview")

    def reader(self, visit: Visit, **where: Any) -> Response:
        """The same for one reader, by address."""
        place = self._place(visit, where)
        draft = self._typed(visit, place)
        try:
            email = normalise(visit.form.one("reader"))
            seen = self._previews.for_reader(place, draft, email, visit.user.name, visit.now)
        except AddressError as error:
            seen = Preview(wrong=str(error))
        return self._show(visit, place, draft, part="preview", seen=seen)

    def test(self, visit: Visit, **where: Any) -> Response:
        """Sends what was typed to an address, as a test."""
        place = self._place(visit, where)
        draft = self._typed(visit, place)
        try:
            tested, failed = self._sent(visit, place, draft), ""
        except SyndicateError as error:
            tested, failed = "", str(error)
        return self._show(visit, place, draft, part="tested", tested=tested, failed=failed)

    def check(self, visit: Visit, **where: Any) -> Response:
        """What was typed, looked over with the network: links, images, and how it will arrive."""
        place = self._place(visit, where)
        draft = self._typed(visit, place)
        about = f"digest {place.digest.id}" if place.digest else f"newsletter {place.newsletter.slug}"
        try:
            mails = self._previews.to_check(place, draft, self._chosen(visit, place, draft), visit.now)
            found, unlooked = self._asking.ask(visit, mails, [place.newsletter], about), ""
        except SyndicateError as error:
            found, unlooked = None, str(error)
        return self._show(visit, place, draft, part="checked", checked=found, unlooked=unlooked)

    def look(self, visit: Visit, key: str, look: str) -> Response:
        """One look of a mail that was made before."""
        mail = self._previews.shelf.get(visit.user.name, key)
        if mail is None or look not in LOOKS:
            raise NotFoundError("preview", key)
        return mail.look(look)

    def _place(self, visit: Visit, where: Mapping[str, Any]) -> Place:
        if "digest_id" in where:
            return self._proofs.waiting(where["digest_id"])
        return self._proofs.upcoming(where["slug"], where["cadence"], visit.now)

    def _typed(self, visit: Visit, place: Place) -> Draft:
        """What was typed, with an article moved or added if that was asked for."""
        if "intro" not in visit.form:
            return place.draft
        if visit.form.one("do") == "blank":
            return replace(place.draft, subject="", preheader="", intro="", chosen=())
        draft = typed.words(visit.form, place.draft)
        rows = typed.rows(visit.form)
        if asked := _ACT.fullmatch(visit.form.one("do")):
            article_id = int(asked[2])
            if asked[1] == "add":
                rows = [row for row in rows if row.article_id != article_id]
                rows.append(typed.Row(article_id))
            else:
                rows = typed.moved(rows, asked[1], article_id)
        coming = self._proofs.proof(place, place.draft).coming
        return replace(draft, chosen=typed.chosen(rows, coming))

    def _sent(self, visit: Visit, place: Place, draft: Draft) -> str:
        email = normalise(visit.form.one("to"))
        if not self._turnstile.admit(None, visit.user.name):
            raise ConflictError("too many tests; wait a few minutes")
        said = self._previews.send(place, draft, self._chosen(visit, place, draft), email, now=visit.now)
        with self._app.store.write() as connection:
            about = f"digest {place.digest.id}" if place.digest else f"newsletter {place.newsletter.slug}"
            audit.note(connection, visit.user.name, "sent a test of", about=about, ip=visit.ip, now=visit.now)
        return f"Sent to {email}. The server said: {said}"

    def _chosen(self, visit: Visit, place: Place, draft: Draft) -> tuple[int, ...]:
        """The articles of those readers that were chosen to look at it as."""
        proof = self._proofs.proof(place, draft)
        found = readers_of(proof)
        at = min(number(visit.form.one("as")) or 0, len(found) - 1)
        return found[at].articles if found else tuple(one.id for one in proof.shown)

    def _found(self, visit: Visit, draft: Draft, shown: set[int]) -> list[Listed] | None:
        """Articles that fit what is looked for, and are not in it; None when nothing is."""
        text = visit.form.one("find")[:LONGEST_QUERY].strip()
        if not text:
            return None
        query = parse(text)
        with self._app.store.read() as connection:
            found = browse.page(connection, Wanted(query=query), limit=_FOUND * 2) if query else []
        known = shown | {one.article_id for one in draft.chosen}
        return [one for one in found if one.id not in known][:_FOUND]

    def _show(
        self, visit: Visit, place: Place, draft: Draft, *, part: str = "", status: int = 200, **more: Any
    ) -> Response:
        """The page, or the part of it that a script asked for."""
        proof = self._proofs.proof(place, draft)
        at = number(visit.form.one("as")) or 0
        seen = more.pop("seen", None)
        wants_look = not visit.is_part or part == "preview"
        if seen is None and wants_look:
            seen = self._previews.of(place, draft, proof, at, visit.user.name, visit.now)
        found = self._found(visit, draft, {one.id for one in proof.shown})
        values: dict[str, Any] = {
            "place": place,
            "draft": draft,
            "proof": proof,
            "home": f"{self._desk.base}{_home(place)}",
            "readers": readers_of(proof),
            "at": at,
            "seen": seen,
            "looks": LOOKS,
            "found": found,
            "find": visit.form.one("find"),
            "most": MOST_SHOWN,
            "places": {one.article_id: one.place for one in draft.chosen},
            "later": draft.of(Choice.POSTPONED),
            "is_instant": place.draft.cadence == INSTANT,
            "is_manual": place.draft.cadence == MANUAL,
            "problems": {},
            "is_late": False,
            "tested": "",
            "checked": None,
            "failed": "",
            "to": visit.form.one("to"),
            "reader": visit.form.one("reader"),
            **more,
        }
        if visit.is_part and part:
            response = self._desk.part(visit, f"digests/{part}.html", **values)
            if part == "draft_articles":
                response.headers["HX-Trigger-After-Settle"] = "rearranged"
            return response
        return self._desk.show(visit, "digests/draft.html", section="digests", status=status, **values)


def _home(place: Place) -> str:
    if place.digest:
        return f"/console/digests/{place.digest.id}/draft"
    return f"/console/digests/upcoming/{place.draft.newsletter}/{place.draft.cadence}"
