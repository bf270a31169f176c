"""``/console/settings``: newsletters, sources, the site, and previous versions of the file."""

from __future__ import annotations

from difflib import unified_diff

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.errors import SettingsError
from syndicate.model import ArticleState, SubscriptionState
from syndicate.settings import Newsletter, SourceSettings
from syndicate.settings.file import print_of
from syndicate.settings.masked import masked, without_password
from syndicate.settings.schema import Settings
from syndicate.store import articles, sources, subscribers
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.settings.saving import Opened, Saving
from syndicate.web.console.visit import Visit


class SettingsPages:
    """What there is, and how it stands."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk, self._saving = app, desk, Saving(app)
        door.get("/console/settings", Right.VIEW, self.overview)
        door.get("/console/settings/versions", Right.SETTINGS, self.versions)
        door.get("/console/settings/versions/{number:int}", Right.SETTINGS, self.version, fresh=True)
        door.post("/console/settings/versions/{number:int}", Right.SETTINGS, self.restore, fresh=True)

    def overview(self, visit: Visit) -> Response:
        """Newsletters and sources."""
        wrong, notes = self._saving.states()
        settings = self._settings()
        with self._app.store.read() as connection:
            found = subscribers.counts(connection)
            counts = articles.counts(connection)
            states = {one.name: sources.status(connection, one.name) for one in settings.sources}
        readers = {one.slug: _readers(found, one) for one in settings.newsletters}
        return self._desk.show(
            visit,
            "settings/overview.html",
            section="settings",
            settings=settings,
            wrong=wrong,
            notes=notes,
            file=self._app.file.path,
            readers=readers,
            states=states,
            places={one.name: _place(one) for one in settings.sources},
            articles={one.name: counts.get((one.name, ArticleState.CURRENT), 0) for one in settings.sources},
        )

    def versions(self, visit: Visit) -> Response:
        """What stood in the file before."""
        found = self._app.file.versions()
        return self._desk.show(visit, "settings/versions.html", section="settings", versions=found)

    def version(self, visit: Visit, number: int) -> Response:
        """What going back to it would change."""
        text, now = self._app.file.version(number), self._app.file.read()
        shown, before = masked(text), masked(now)
        lines = None
        if shown is not None and before is not None:
            lines = list(unified_diff(before.splitlines(), shown.splitlines(), "now", f"version {number}", lineterm=""))
        return self._desk.show(
            visit, "settings/version.html", section="settings", number=number, lines=lines, print=print_of(now)
        )

    def restore(self, visit: Visit, number: int) -> Response:
        """Writes it back; what stands there now becomes the newest previous version."""
        text, now = self._app.file.version(number), self._app.file.read()
        if print_of(now) != visit.form.one("print"):
            return self._desk.go(
                visit, f"/console/settings/versions/{number}", "The file has changed meanwhile. Nothing was done."
            )
        try:
            before = self._saving.opened()
        except SettingsError:
            before = Opened(now, self._app.file.understand(text))
        self._saving.write(visit, before, text, "restored", "settings", f"version {number}")
        return self._desk.go(visit, "/console/settings", f"Version {number} stands in the file again.")

    def _settings(self) -> Settings:
        try:
            return self._app.file.load()
        except SettingsError:
            return self._app.settings


def _readers(counts: dict[tuple[str, str, SubscriptionState], int], newsletter: Newsletter) -> int:
    return sum(
        n for (slug, _, state), n in counts.items() if (slug, state) == (newsletter.slug, SubscriptionState.ACTIVE)
    )


def _place(source: SourceSettings) -> str:
    """Where it is; what stands behind the question mark of an address may be a key to it."""
    if source.kind == "folder":
        return str(source.path)
    if source.kind == "api":
        return "programs bring articles"
    address, _, query = without_password(source.url).partition("?")
    return f"{address}?…" if query else address
