"""``/console/articles/7/text``: the file of an article that came from a folder, changed with its look beside it."""

from __future__ import annotations

import asyncio

from fastapi.responses import Response
from markupsafe import Markup

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError, ParseError
from syndicate.model import Article
from syndicate.pickup.texts import TextFile
from syndicate.settings import FolderSource
from syndicate.store import audit
from syndicate.web.console.articles.find import article_of
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit


class ArticleText:
    """Changes the text of articles that lie in folders."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._folders = {one.name: one.path for one in app.settings.sources if isinstance(one, FolderSource)}
        home = "/console/articles/{article_id:int}/text"
        door.get(home, Right.EDIT, self.edit)
        door.post(home, Right.EDIT, self.save)
        door.post(f"{home}/seen", Right.EDIT, self.seen)

    def edit(self, visit: Visit, article_id: int) -> Response:
        """The form."""
        article, file = self._file(article_id)
        text, print_ = file.read()
        return self._show(visit, article, file, text, print_)

    def save(self, visit: Visit, article_id: int) -> Response:
        """Writes it and has it picked up; with ``look`` it only shows what it would be."""
        article, file = self._file(article_id)
        _, print_ = file.read()
        text = _typed(visit)
        if visit.form.one("print") != print_:
            return self._show(visit, article, file, text, print_, 409, conflict=True)
        if visit.form.one("act") == "look":
            return self._show(visit, article, file, text, print_)
        try:
            file.tried(text, visit.now)
            file.save(text, print_)
        except ParseError:
            return self._show(visit, article, file, text, print_, 422)
        with self._app.store.write() as connection:
            about = f"article {article_id}"
            audit.note(connection, visit.user.name, "changed the text of", about=about, ip=visit.ip, now=visit.now)
        asyncio.run(self._app.jobs.pick_up([article.source], visit.now, even_if_not_due=True))
        self._app.jobs.fresh.ring()
        return self._desk.go(visit, f"/console/articles/{article_id}", "Saved, and picked up.")

    def seen(self, visit: Visit, article_id: int) -> Response:
        """What was typed as readers would get it, for a script that asks while it is being typed."""
        _, file = self._file(article_id)
        return self._desk.part(visit, "articles/seen.html", **_looks(file, _typed(visit), visit))

    def _file(self, article_id: int) -> tuple[Article, TextFile]:
        with self._app.store.read() as connection:
            article = article_of(connection, article_id)
        folder = self._folders.get(article.source)
        if folder is None:
            raise ConflictError(f"article {article_id} does not come from a folder; it is changed where it came from")
        return article, TextFile(folder, article.guid)

    def _show(
        self,
        visit: Visit,
        article: Article,
        file: TextFile,
        text: str,
        print_: str,
        status: int = 200,
        *,
        conflict: bool = False,
    ) -> Response:
        return self._desk.show(
            visit,
            "articles/text.html",
            section="articles",
            status=status,
            article=article,
            text=text,
            print=print_,
            conflict=conflict,
            **_looks(file, text, visit),
        )


def _looks(file: TextFile, text: str, visit: Visit) -> dict[str, object]:
    try:
        content = file.tried(text, visit.now)
    except ParseError as error:
        return {"content": None, "body": "", "wrong": error.reason}
    if content is None:
        return {"content": None, "body": "", "wrong": "it says that it is a draft, so readers would lose it"}
    return {"content": content, "body": Markup(content.html), "wrong": ""}  # noqa: S704 - cleaned


def _typed(visit: Visit) -> str:
    """The text as it was typed; browsers end lines with CR LF (HTML §4.10.21.4)."""
    return "".join(visit.form.values.get("text", ())[:1]).replace("\r\n", "\n").replace("\0", "")
