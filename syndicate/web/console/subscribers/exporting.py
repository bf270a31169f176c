"""``/console/subscribers/export``: who fits, as a file that can be imported again; asks anew who asks."""

from __future__ import annotations

from fastapi.responses import Response, StreamingResponse

from syndicate.app import App
from syndicate.audience.export import Form, export_in_pieces
from syndicate.desk.rights import Right
from syndicate.store import audit, seek
from syndicate.web.console.desk import PRIVATE, Desk
from syndicate.web.console.door import Door
from syndicate.web.console.subscribers.asked import FIELDS, Asked, read
from syndicate.web.console.subscribers.pages import HOME, MOST_COUNTED
from syndicate.web.console.visit import Visit


class Export:
    """Says who is in it, and gives it."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get(f"{HOME}/export", Right.READERS, self.page, fresh=True)
        door.post(f"{HOME}/export", Right.READERS, self.give, fresh=True)

    def page(self, visit: Visit) -> Response:
        """What it will hold."""
        asked = read(visit.query)
        with self._app.store.read() as connection:
            count = seek.count(connection, asked.sought, upto=MOST_COUNTED + 1)
        return self._desk.show(
            visit, "subscribers/export.html", section="subscribers", asked=asked, count=count, most=MOST_COUNTED
        )

    def give(self, visit: Visit) -> Response:
        """The file, as it is read from the database."""
        asked = read({name: visit.form.one(name) for name in FIELDS})
        with self._app.store.write() as connection:
            audit.note(
                connection, visit.user.name, "exported subscribers", detail=_told(asked), ip=visit.ip, now=visit.now
            )
        form = Form.JSONL if visit.form.one("form") == Form.JSONL else Form.CSV
        name = f"subscribers-{visit.now:%Y-%m-%d}.{form}"
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
        pieces = export_in_pieces(self._app.store, sought=asked.sought, form=form)
        return StreamingResponse(pieces, headers=headers, media_type=_TYPES[form])


_TYPES = {Form.CSV: "text/csv; charset=utf-8", Form.JSONL: "application/jsonl; charset=utf-8"}


def _told(asked: Asked) -> str:
    """Who they are, without what was looked for in addresses."""
    fields = {name: value for name, value in asked.fields.items() if name != "text"}
    told = [f"{name} {value}" for name, value in fields.items()] + ["found by a text"] * bool(asked.text)
    return ", ".join(told) or "all"
