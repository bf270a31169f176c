"""``/console/articles/new``: an article written by hand, seen as it will be, kept as a manuscript, published."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.responses import Response
from markupsafe import Markup

from syndicate.app import App
from syndicate.desk import words
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError, NotFoundError, ParseError
from syndicate.model import Content
from syndicate.pickup.manuscript import Manuscript, text_of, to_file
from syndicate.pickup.manuscripts import Manuscripts
from syndicate.pickup.markdown import parse_markdown
from syndicate.settings import FolderSource
from syndicate.store import articles, audit
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_HOME = "/console/articles"


@dataclass(frozen=True, slots=True)
class Opened:
    """A manuscript where it lies. ``name`` and ``print`` are empty for one that was not kept yet."""

    source: FolderSource
    shelf: Manuscripts
    name: str = ""
    print: str = ""


class Writing:
    """Writes articles into folders that are sources."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._sources = {one.name: one for one in app.settings.sources if isinstance(one, FolderSource)}
        door.get(f"{_HOME}/new", Right.EDIT, self.new)
        door.post(f"{_HOME}/new", Right.EDIT, self.act)
        door.get(f"{_HOME}/manuscripts", Right.EDIT, self.listed)
        door.get(f"{_HOME}/manuscripts/{{source}}/{{name}}", Right.EDIT, self.manuscript)
        door.post(f"{_HOME}/manuscripts/{{source}}/{{name}}", Right.EDIT, self.act)
        door.post(f"{_HOME}/seen", Right.EDIT, self.seen)

    def listed(self, visit: Visit) -> Response:
        """What was begun and not published."""
        found = [(name, one) for name, source in self._sources.items() for one in Manuscripts(source.path).listed()]
        found.sort(key=lambda pair: pair[1].changed_at, reverse=True)
        return self._desk.show(visit, "articles/manuscripts.html", section="articles", manuscripts=found)

    def new(self, visit: Visit) -> Response:
        """An empty form."""
        if not self._sources:
            raise ConflictError("articles are written into a folder, and no source is one; add a folder to the sources")
        return self._show(visit, self._opened(next(iter(self._sources)), ""), Manuscript(author=visit.user.name))

    def manuscript(self, visit: Visit, source: str, name: str) -> Response:
        """One that was kept."""
        opened = self._opened(source, name)
        return self._show(visit, opened, opened.shelf.open(name)[0])

    def act(self, visit: Visit, source: str = "", name: str = "") -> Response:
        """Shows, keeps, publishes or throws away what was typed."""
        opened = self._opened(source or visit.form.one("source"), name)
        typed, problems = _typed(visit)
        wanted, print_ = visit.form.one("act"), visit.form.one("print")
        if name and print_ != opened.print:
            return self._show(visit, opened, typed, 409, conflict=True)
        if wanted == "discard" and name:
            opened.shelf.discard(name, print_)
            self._note(visit, "threw away", opened, name)
            return self._desk.go(visit, f"{_HOME}/manuscripts", "The manuscript was thrown away.")
        if problems:
            return self._show(visit, opened, typed, 422, problems=problems)
        if wanted == "look":
            return self._show(visit, opened, typed)
        if wanted == "publish":
            try:
                self._read(typed, visit)
            except ParseError as error:
                return self._show(visit, opened, typed, 422, problems={"text": error.reason})
        try:
            kept = opened.shelf.keep(name, typed, print_)
        except ConflictError as error:
            return self._show(visit, opened, typed, 409, problems={"text": f"Nothing was kept: {error}."})
        if wanted == "publish":
            return self._publish(visit, opened, kept)
        self._note(visit, "kept", opened, kept)
        return self._desk.go(visit, f"{_HOME}/manuscripts/{opened.source.name}/{kept}", "Kept. Nobody sees it yet.")

    def seen(self, visit: Visit) -> Response:
        """What was typed as readers would get it, for a script that asks while it is being typed."""
        typed, _ = _typed(visit)
        return self._desk.part(visit, "articles/seen.html", **self._looks(typed, visit))

    def _publish(self, visit: Visit, opened: Opened, name: str) -> Response:
        source = opened.source.name
        file = opened.shelf.publish(name, opened.shelf.open(name)[1], visit.now)
        self._note(visit, "published", opened, file)
        asyncio.run(self._app.jobs.pick_up([source], visit.now, even_if_not_due=True))
        with self._app.store.read() as connection:
            found = articles.of_guid(connection, source, file)
        self._app.jobs.fresh.ring()
        if found is None:
            return self._desk.go(
                visit, _HOME, f"It was written to {file}, and is picked up when {source} is looked at."
            )
        return self._desk.go(visit, f"{_HOME}/{found.id}", f"Published: {file} in {source}.")

    def _note(self, visit: Visit, act: str, opened: Opened, name: str) -> None:
        with self._app.store.write() as connection:
            about = f"manuscript {opened.source.name}/{name}"
            audit.note(connection, visit.user.name, act, about=about, ip=visit.ip, now=visit.now)

    def _opened(self, source: str, name: str) -> Opened:
        found = self._sources.get(source)
        if found is None:
            raise NotFoundError("folder to write into", source, self._sources)
        shelf = Manuscripts(found.path)
        return Opened(found, shelf, name, shelf.open(name)[1] if name else "")

    def _read(self, typed: Manuscript, visit: Visit) -> Content:
        """:raises ParseError: when it can't be an article."""
        found = parse_markdown(to_file(typed), "manuscript", visit.now)
        if found is None:
            raise ParseError("manuscript", "is a draft")
        return found

    def _looks(self, typed: Manuscript, visit: Visit) -> dict[str, object]:
        if typed == Manuscript(author=typed.author):
            return {"content": None, "body": "", "wrong": ""}
        try:
            content = self._read(typed, visit)
        except ParseError as error:
            return {"content": None, "body": "", "wrong": error.reason}
        return {"content": content, "body": Markup(content.html), "wrong": ""}  # noqa: S704 - cleaned

    def _show(
        self,
        visit: Visit,
        opened: Opened,
        typed: Manuscript,
        status: int = 200,
        *,
        problems: Mapping[str, str] | None = None,
        conflict: bool = False,
    ) -> Response:
        return self._desk.show(
            visit,
            "articles/write.html",
            section="articles",
            status=status,
            opened=opened,
            sources=list(self._sources),
            typed=typed,
            problems=problems or {},
            conflict=conflict,
            obstacle=opened.shelf.obstacle(),
            **self._looks(typed, visit),
        )


def _typed(visit: Visit) -> tuple[Manuscript, dict[str, str]]:
    form = visit.form
    read, problems = words.read(form.one("title"), form.one("summary"), form.one("tags"))
    return (
        Manuscript(
            title=read.title,
            summary=read.summary,
            tags=read.tags,
            author=words.line(form.one("author")),
            image=words.line(form.one("image")),
            text=text_of(form.one("text")),
        ),
        problems,
    )
