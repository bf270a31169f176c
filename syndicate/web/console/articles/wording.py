"""``/console/articles/7/words``: an article's title, summary and tags, in an editor's own words."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk import words
from syndicate.desk.rights import Right
from syndicate.model import Article
from syndicate.store import articles, audit, edits
from syndicate.store.edits import Edit, Words
from syndicate.web.console.articles.find import article_of
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit


class ArticleWords:
    """Edits them, and goes back to the source's."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/articles/{article_id:int}/words", Right.EDIT, self.edit)
        door.post("/console/articles/{article_id:int}/words", Right.EDIT, self.save)

    def edit(self, visit: Visit, article_id: int) -> Response:
        """The form."""
        with self._app.store.read() as connection:
            found, edit = article_of(connection, article_id), edits.of(connection, article_id)
        return self._show(visit, found, edit, edits.words_of(found))

    def save(self, visit: Visit, article_id: int) -> Response:
        """Saves them; with ``back`` the source's stand there again."""
        form = visit.form
        wanted, problems = words.read(form.one("title"), form.one("summary"), form.one("tags"))
        with self._app.store.write() as connection:
            found, edit = article_of(connection, article_id), edits.of(connection, article_id)
            source, before = _source(found, edit), edits.words_of(found)
            if form.one("print") != words.print_of(before, source):
                return self._show(visit, found, edit, wanted, 409, conflict=True)
            if "back" in form:
                wanted, problems = source, {}
            if problems:
                return self._show(visit, found, edit, wanted, 422, problems=problems)
            changed = [name for name in ("title", "summary", "tags") if getattr(wanted, name) != getattr(before, name)]
            if changed:
                articles.reword(connection, found, wanted, by=visit.user.name, now=visit.now)
                about, detail = f"article {article_id}", ", ".join(changed)
                audit.note(
                    connection, visit.user.name, "edited", about=about, detail=detail, ip=visit.ip, now=visit.now
                )
        told = "Nothing was changed."
        if changed:
            self._app.jobs.fresh.ring()
            told = "Saved. Feeds and pages have it, and digests from the next one on."
        return self._desk.go(visit, f"/console/articles/{article_id}", told)

    def _show(
        self,
        visit: Visit,
        article: Article,
        edit: Edit | None,
        typed: Words,
        status: int = 200,
        *,
        problems: Mapping[str, str] | None = None,
        conflict: bool = False,
    ) -> Response:
        source = _source(article, edit)
        return self._desk.show(
            visit,
            "articles/words.html",
            section="articles",
            status=status,
            article=article,
            typed=typed,
            source=source,
            edit=edit,
            print=words.print_of(edits.words_of(article), source),
            problems=problems or {},
            conflict=conflict,
        )


def _source(article: Article, edit: Edit | None) -> Words:
    return edit.source if edit else edits.words_of(article)
