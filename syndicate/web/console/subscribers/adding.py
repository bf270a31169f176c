"""``/console/subscribers/add``: one subscriber by hand, who is asked to confirm, or is added as one who has agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience import choices, requests
from syndicate.audience.choices import by_cadence
from syndicate.audience.subscribe import Evidence, Wish, join, wish
from syndicate.desk.rights import Right
from syndicate.errors import NotFoundError, SyndicateError
from syndicate.model import Via
from syndicate.store import audit, seek
from syndicate.web.chosen import every_zone
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.subscribers.pages import HOME, about
from syndicate.web.console.visit import Visit
from syndicate.web.fields import Fields
from syndicate.web.typed import Reading


class AddSubscriber:
    """The form, and what becomes of it."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get(f"{HOME}/add", Right.READERS, self.page)
        door.get(f"{HOME}/{{id:int}}/add", Right.READERS, self.page_of)
        door.post(f"{HOME}/add", Right.READERS, self.add)
        door.post(f"{HOME}/{{id:int}}/add", Right.READERS, self.add)

    def page(self, visit: Visit) -> Response:
        """An empty form."""
        return self._show(visit, Fields({}), {})

    def page_of(self, visit: Visit, id: int) -> Response:  # noqa: A002 - the address names it so, here and below
        """The form for somebody who is known."""
        with self._app.store.read() as connection:
            one = seek.person(connection, id)
        if one is None:
            raise NotFoundError("subscriber", id)
        return self._show(visit, Fields({"email": [one.subscriber.email]}), {})

    def add(self, visit: Visit, id: int = 0) -> Response:  # noqa: A002, ARG002
        """Asks the address, or adds it; what can't be used comes back with what is wrong."""
        app, form = self._app, visit.form
        reading = Reading(form)
        email, newsletters = reading.email(), reading.newsletters(app.settings.newsletters)
        chosen = reading.choices(newsletters)
        problems, is_agreed = dict(reading.errors), form.one("how") == "agreed"
        agreed = self._agreed(form, problems) if is_agreed else ""
        if problems:
            return self._show(visit, form, problems)
        wishes = [
            wish(
                newsletters,
                email=email,
                name=chosen.name or "",
                slugs=slugs,
                cadence=cadence,
                topics=chosen.topics or (),
                language=chosen.language,
                timezone=chosen.timezone,
            )
            for cadence, slugs in by_cadence(newsletters, chosen.cadence).items()
        ]
        return self._joined(visit, wishes, agreed) if is_agreed else self._asked(visit, wishes)

    def _joined(self, visit: Visit, wishes: Sequence[Wish], agreed: str) -> Response:
        evidence = Evidence(via=Via.CLI, source=agreed, asked_at=visit.now)
        with self._app.store.write() as connection:
            newsletters = self._app.settings.newsletters
            *_, joined = [join(connection, newsletters, one, evidence, now=visit.now) for one in wishes]
            person = joined.subscriptions[0].subscriber
            audit.note(
                connection, visit.user.name, "added", about=about(person.id), detail=agreed, ip=visit.ip, now=visit.now
            )
        banned = " The address is banned from mail, though; lift that first." if joined.suppressed else ""
        return self._desk.go(visit, f"{HOME}/{person.id}", f"Added; the next digest goes to them, too.{banned}")

    def _asked(self, visit: Visit, wishes: Sequence[Wish]) -> Response:
        with self._app.store.write() as connection:
            store = self._app.store.within(connection)
            for one in wishes:
                requests.ask(store, self._app.settings, one, via=Via.CLI, now=visit.now)
            audit.note(connection, visit.user.name, "asked somebody to confirm", ip=visit.ip, now=visit.now)
        return self._desk.go(visit, HOME, "The address is asked to confirm. They are listed here once they have.")

    def _agreed(self, form: Fields, problems: dict[str, str]) -> str:
        try:
            return choices.said_reason_of(form.one("consent"))
        except SyndicateError:
            problems["consent"] = "Say when and how they agreed, in at most 200 characters."
            return ""

    def _show(self, visit: Visit, form: Fields, problems: Mapping[str, str]) -> Response:
        newsletters = self._app.settings.newsletters
        return self._desk.show(
            visit,
            "subscribers/add.html",
            section="subscribers",
            status=422 if problems else 200,
            newsletters=newsletters,
            cadences=list(dict.fromkeys(name for one in newsletters for name in one.cadences)),
            zones=every_zone(),
            form=form,
            chosen=form.all("newsletter") or [one.slug for one in newsletters if len(newsletters) == 1],
            problems=problems,
        )
