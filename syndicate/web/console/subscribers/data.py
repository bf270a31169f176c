"""One person's data: all of it as a file, and its erasure. Both ask for a fresh proof of who asks."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience import personal
from syndicate.desk.rights import Right
from syndicate.errors import NotFoundError
from syndicate.store import seek
from syndicate.store.seek import Found
from syndicate.web.console.desk import PRIVATE, Desk
from syndicate.web.console.door import Door
from syndicate.web.console.subscribers.acting import doing
from syndicate.web.console.subscribers.pages import HOME
from syndicate.web.console.visit import Visit


class PersonalData:
    """Gives it, and forgets it."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        for path, page, act in (("data", self.ask_for, self.give), ("erase", self.ask_to_erase, self.erase)):
            door.get(f"{HOME}/{{id:int}}/{path}", Right.READERS, page, fresh=True)
            door.post(f"{HOME}/{{id:int}}/{path}", Right.READERS, act, fresh=True)

    def ask_for(self, visit: Visit, id: int) -> Response:  # noqa: A002 - the addresses name it so, here and below
        """Says what the file holds."""
        return self._desk.show(visit, "subscribers/data.html", section="subscribers", one=self._one(id))

    def give(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """All that is kept of them, as JSON."""
        with doing(self._app, visit, id, "exported all that is kept") as it:
            data = personal.data_of(it.store, it.one.subscriber.email)
        named = {"Content-Disposition": f'attachment; filename="subscriber-{id}.json"'}
        return Response(personal.written(data), media_type="application/json", headers={**PRIVATE, **named})

    def ask_to_erase(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """Says what goes and what stays."""
        return self._erasing(visit, self._one(id))

    def erase(self, visit: Visit, id: int) -> Response:  # noqa: A002
        """Forgets them for good, if their address was typed."""
        one = self._one(id)
        if visit.form.one("email").strip() != one.subscriber.email:
            return self._erasing(visit, one, status=422)
        with doing(self._app, visit, id, "erased") as it:
            personal.forget(it.connection, self._app.traces, it.one.subscriber, now=visit.now)
        return self._desk.go(visit, HOME, f"Subscriber {id} was erased.")

    def _erasing(self, visit: Visit, one: Found, status: int = 200) -> Response:
        given = {"one": one, "is_wrong": status != 200}
        return self._desk.show(visit, "subscribers/erase.html", section="subscribers", status=status, **given)

    def _one(self, subscriber_id: int) -> Found:
        with self._app.store.read() as connection:
            one = seek.person(connection, subscriber_id)
        if one is None:
            raise NotFoundError("subscriber", subscriber_id)
        return one
