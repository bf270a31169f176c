"""An article in the next digests: where it stands there, and what editors want of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.digest import drafting
from syndicate.errors import NotFoundError
from syndicate.model import Article, Choice, Chosen, Draft
from syndicate.settings import Newsletter
from syndicate.store import Connection, audit
from syndicate.web.console.articles.find import article_of
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_ACTS: Mapping[str, tuple[Callable[..., Draft], str]] = MappingProxyType(
    {
        "pin": (drafting.pin, "pinned"),
        "add": (drafting.add, "added"),
        "leave-out": (drafting.leave_out, "left out"),
        "put-off": (drafting.put_off, "put off"),
        "undo": (drafting.undo, "took back what was said of"),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """How an article stands in the next digest of a cadence. ``comes`` is: by itself."""

    newsletter: Newsletter
    cadence: str
    comes: bool
    chosen: Chosen | None

    @property
    def said(self) -> str:
        """In words."""
        if self.chosen is None:
            return "comes by itself" if self.comes else "not in it"
        if self.chosen.choice in (Choice.LEFT_OUT, Choice.POSTPONED):
            return "left out" if self.chosen.choice is Choice.LEFT_OUT else "comes next time"
        if self.chosen.place is None:
            return "added" if self.chosen.choice is Choice.ADDED else "comes by itself"
        return "at the top" if self.chosen.place <= 0 else "has a place"


def places(connection: Connection, newsletters: tuple[Newsletter, ...], article: Article, now: datetime) -> list[Place]:
    """How it stands everywhere."""
    found = []
    for newsletter in newsletters:
        for cadence in newsletter.cadences:
            draft = drafting.upcoming(connection, newsletter, cadence, now)
            chosen = next((one for one in draft.chosen if one.article_id == article.id), None)
            comes = drafting.is_coming(connection, newsletter, cadence, article.id)
            found.append(Place(newsletter, cadence, comes, chosen))
    return found


class ArticlePlaces:
    """Pins it, adds it, leaves it out, puts it off."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.post("/console/articles/{article_id:int}/next", Right.EDIT, self.choose)

    def choose(self, visit: Visit, article_id: int) -> Response:
        """Says it of the next digest of ``newsletter`` and ``cadence``."""
        form, settings = visit.form, self._app.settings
        newsletter = settings.newsletter(form.one("newsletter"))
        if newsletter is None:
            raise NotFoundError("newsletter", form.one("newsletter"), [one.slug for one in settings.newsletters])
        act, done = _ACTS.get(form.one("act"), (None, ""))
        if act is None:
            raise NotFoundError("act", form.one("act"), _ACTS)
        cadence = form.one("cadence")
        with self._app.store.write() as connection:
            found = article_of(connection, article_id)
            act(connection, newsletter, cadence, found.id, by=visit.user.name, now=visit.now)
            about, detail = f"article {article_id}", f"next digest of {newsletter.slug}, {cadence}"
            audit.note(connection, visit.user.name, done, about=about, detail=detail, ip=visit.ip, now=visit.now)
        told = f"{newsletter.title}, {cadence}: {_TOLD[form.one('act')]}"
        return self._desk.go(visit, f"/console/articles/{article_id}#next", told)


_TOLD = {
    "pin": "it will be at the top.",
    "add": "it will be in the next one.",
    "leave-out": "it will not be in the next one, nor later.",
    "put-off": "it comes in the one after the next.",
    "undo": "what was said of it is taken back.",
}
