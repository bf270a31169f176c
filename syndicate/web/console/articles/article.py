"""``/console/articles/7``: one article, what is known of it, and where it appeared."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.comparison import changes
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import ArticleState
from syndicate.pickup.markup import markup_of
from syndicate.pickup.release import release
from syndicate.store import audit, browse, edits, originals
from syndicate.web.console.articles.find import article_of
from syndicate.web.console.articles.frames import framed, unsafe
from syndicate.web.console.articles.placing import places
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

MOST_DIGESTS = 20


class ArticlePage:
    """Shows an article, and releases it when it is held."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._folders = {one.name for one in app.settings.sources if one.kind == "folder"}
        home = "/console/articles/{article_id:int}"
        door.get(home, Right.VIEW, self.article)
        door.get(f"{home}/cleaned", Right.VIEW, self.cleaned)
        door.get(f"{home}/original", Right.VIEW, self.original)
        door.post(f"{home}/release", Right.EDIT, self.release)

    def article(self, visit: Visit, article_id: int) -> Response:
        """One article."""
        with self._app.store.read() as connection:
            found = article_of(connection, article_id)
            first = article_of(connection, found.duplicate_of) if found.duplicate_of else None
            among = browse.appeared(connection, [found.id], most=MOST_DIGESTS)[found.id]
            edit = edits.of(connection, found.id)
            original = originals.of(connection, found.id)
            coming = []
            if found.state is ArticleState.CURRENT:
                coming = places(connection, self._app.settings.newsletters, found, visit.now)
        taken, is_all = changes(markup_of(original), found.html) if original else ([], True)
        return self._desk.show(
            visit,
            "articles/article.html",
            section="articles",
            article=found,
            first=first,
            edit=edit,
            original=original,
            coming=coming,
            is_file=found.source in self._folders and found.state is not ArticleState.WITHDRAWN,
            taken=taken,
            is_all=is_all,
            address=self._app.links.article(found),
            digests=among,
            titles={one.slug: one.title for one in self._app.settings.newsletters},
        )

    def cleaned(self, visit: Visit, article_id: int) -> Response:  # noqa: ARG002 - every page is given its visit
        """What readers get of it, as a page for a frame."""
        with self._app.store.read() as connection:
            found = article_of(connection, article_id)
        return framed(found)

    def original(self, visit: Visit, article_id: int) -> Response:  # noqa: ARG002 - as above
        """What its source had of it, as a page for a frame; it may hold anything."""
        with self._app.store.read() as connection:
            found = originals.of(connection, article_of(connection, article_id).id)
        if found is None:
            raise NotFoundError("original of article", article_id)
        return unsafe(markup_of(found))

    def release(self, visit: Visit, article_id: int) -> Response:
        """Lets a held one go, or with ``all`` all that its source holds; with ``feeds`` into feeds alone."""
        whole, publish_only = visit.form.one("all") == "1", visit.form.one("into") == "feeds"
        with self._app.store.write() as connection:
            found = article_of(connection, article_id)
            if found.state is not ArticleState.HELD:
                raise ConflictError(f"article {article_id} is {found.state}; only one that is held can be released")
            about = f"source {found.source}" if whole else f"article {article_id}"
            detail = "into feeds only" if publish_only else "into feeds and digests"
            audit.note(connection, visit.user.name, "released", about=about, detail=detail, ip=visit.ip, now=visit.now)
            count = release(
                connection,
                found.source,
                now=visit.now,
                publish_only=publish_only,
                article_id=None if whole else article_id,
            )
        self._app.jobs.fresh.ring()
        told = f"{count} articles were" if count != 1 else "The article was"
        return self._desk.go(visit, f"/console/articles/{article_id}", f"{told} released {detail}.")
