"""``/console/subscribers/import``: a file is sent, its columns are told, it is compared, then imported."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.responses import FileResponse, Response

from syndicate.app import App
from syndicate.audience import choices
from syndicate.audience.diff import COUNTED
from syndicate.audience.formats.format import FIELDS
from syndicate.audience.roster import Known, Terms
from syndicate.audience.staged import uploads_of
from syndicate.audience.uploads import KEPT_FOR, Stage, Upload
from syndicate.audience.working import Working
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError, NotFoundError, RosterError, SyndicateError
from syndicate.store import audit
from syndicate.web.console.desk import PRIVATE, Desk
from syndicate.web.console.door import Door
from syndicate.web.console.subscribers.pages import HOME
from syndicate.web.console.visit import Visit

LARGEST = 200 * 1024 * 1024
"""Octets of a file."""

_HERE = f"{HOME}/import"


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file was found to be: its parts, what each column says, and why none of it can be used, if so."""

    parts: tuple[Known, ...]
    fields: dict[str, str]
    obstacle: str = ""


class ImportWizard:
    """Each step is a page of its own, so that it can be left, and come back to, also after a restart."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._uploads = uploads_of(app.settings, app.store)
        self._working = Working(app.store, app.settings.newsletters, app.traces, self._uploads, app.jobs.clock)
        door.get(_HERE, Right.READERS, self.begin)
        door.post(_HERE, Right.READERS, self.upload, upload=LARGEST)
        door.get(f"{_HERE}/{{key}}", Right.READERS, self.page)
        door.get(f"{_HERE}/{{key}}/rejected/{{number:int}}", Right.READERS, self.rejected)
        for path, act in (("compare", self.compare), ("carry", self.carry), ("stop", self.stop), ("drop", self.drop)):
            door.post(f"{_HERE}/{{key}}/{path}", Right.READERS, act)

    def begin(self, visit: Visit) -> Response:
        """A form for a file, and those that were sent before."""
        return self._begin(visit)

    def upload(self, visit: Visit) -> Response:
        """Keeps a file."""
        sent = visit.form.files.get("file")
        if sent is None or not sent.size:
            return self._begin(visit, "Choose a file that is not empty.")
        if sent.size > LARGEST:
            return self._begin(visit, f"A file may have {LARGEST >> 20} MB; divide it, or use the command line.")
        kept = self._uploads.keep(sent.file, sent.name, visit.user.name, now=visit.now)
        return self._desk.go(visit, f"{_HERE}/{kept.key}")

    def page(self, visit: Visit, key: str) -> Response:
        """Where it stands: its columns, how far it is, what it would change, or what it did."""
        one = self._uploads.get(key)
        if visit.is_part and not one.is_running:
            there = f"{self._desk.base}{_HERE}/{key}"
            return Response(status_code=204, headers={"HX-Redirect": there, "Cache-Control": "no-store"})
        if visit.is_part:
            return self._desk.part(visit, "subscribers/import/progress.html", one=one)
        if not one.is_running and (one.stage is Stage.NEW or (one.file and "again" in visit.query)):
            return self._columns(visit, one)
        if one.is_running or one.was_cut_off:
            return self._show(visit, "running", one)
        return self._show(visit, "diff", one)

    def compare(self, visit: Visit, key: str) -> Response:
        """Takes what was said of the columns, and begins to compare."""
        one = self._uploads.get(key)
        try:
            terms = self._terms(visit, self._looked_at(one))
            self._working.roster(one, terms).look()
            self._working.compare(one, terms)
        except ConflictError:
            raise
        except SyndicateError as error:
            return self._columns(visit, one, str(error).replace(str(one.file), one.name))
        return self._back(visit, key)

    def carry(self, visit: Visit, key: str) -> Response:
        """Begins to import it, or goes on."""
        one = self._uploads.get(key)
        with self._app.store.write() as connection:
            self._app.carrier.import_roster(connection, self._working, one)
            audit.note(connection, visit.user.name, "began an import", detail=one.name, ip=visit.ip, now=visit.now)
        return self._back(visit, key)

    def stop(self, visit: Visit, key: str) -> Response:
        """Stops it after the rows in hand."""
        self._uploads.stop(key)
        return self._back(visit, key)

    def drop(self, visit: Visit, key: str) -> Response:
        """Deletes the file and all that was written beside it."""
        one = self._uploads.get(key)
        self._uploads.drop(key)
        return self._desk.go(visit, _HERE, f"{one.name} was deleted here. What it changed stays.")

    def rejected(self, visit: Visit, key: str, number: int) -> Response:  # noqa: ARG002 - the door asks who it is
        """The rows that can't be used, for mending."""
        one = self._uploads.get(key)
        names = [path.name for path in one.told.rejected] if one.told else []
        if not 0 <= number < len(names):
            raise NotFoundError("file of rejected rows", number)
        path = self._uploads.rejected_file(key, names[number])
        if not path.is_file():
            raise NotFoundError("file of rejected rows", number)
        return FileResponse(
            path, media_type="text/csv; charset=utf-8", filename=f"rejected-{number}.csv", headers=PRIVATE
        )

    def _begin(self, visit: Visit, problem: str = "") -> Response:
        return self._desk.show(
            visit,
            "subscribers/import/begin.html",
            section="subscribers",
            status=422 if problem else 200,
            problem=problem,
            uploads=list(self._uploads.all()),
            megabytes=LARGEST >> 20,
            days=KEPT_FOR.days,
        )

    def _columns(self, visit: Visit, one: Upload, problem: str = "") -> Response:
        form = visit.form
        columns = self._looked_at(one)
        said = {name: form.one(f"column-{place}") for place, name in enumerate(columns.fields)}
        newsletters = self._app.settings.newsletters
        only = tuple(each.slug for each in newsletters if len(newsletters) == 1)
        return self._show(
            visit,
            "columns",
            one,
            status=422 if problem else 200,
            problem=problem,
            columns=columns,
            chosen=said if problem else {**columns.fields, **one.terms.mapping},
            fields=FIELDS,
            newsletters=newsletters,
            checked=form.all("newsletter") or one.terms.newsletters or only,
            consent=form.one("consent") or one.terms.consent,
            revive=form.one("revive") or one.terms.revive,
        )

    def _looked_at(self, one: Upload) -> Columns:
        try:
            found = self._working.roster(one, Terms()).look()
        except RosterError as error:
            obstacle = str(error).replace(str(one.file), one.name)
            try:
                return Columns((), dict.fromkeys(self._uploads.columns(one), ""), obstacle)
            except RosterError:
                return Columns((), {}, obstacle)
        fields: dict[str, str] = {}
        for part in found.parts:
            fields = {**dict(part.columns), **fields}
        return Columns(found.parts, fields)

    def _terms(self, visit: Visit, columns: Columns) -> Terms:
        form = visit.form
        said = {name: form.one(f"column-{place}").strip() for place, name in enumerate(columns.fields)}
        consent = choices.reason_of(form.one("consent"))
        if not consent:
            raise RosterError("The file", "say how its people agreed; that is kept as the evidence of their consent")
        return Terms(
            mapping={name: field for name, field in said.items() if field != columns.fields[name]},
            newsletters=form.all("newsletter"),
            consent=consent,
            revive=choices.reason_of(form.one("revive")),
            who=visit.user.name,
        )

    def _show(self, visit: Visit, page: str, one: Upload, *, status: int = 200, **values: object) -> Response:
        given = {"one": one, "marks": COUNTED, **values}
        return self._desk.show(visit, f"subscribers/import/{page}.html", section="subscribers", status=status, **given)

    def _back(self, visit: Visit, key: str) -> Response:
        return self._desk.go(visit, f"{_HERE}/{key}")
