"""Forms for newsletters, sources and the site: made from the schema, tried, saved, removed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience.limits import Turnstile
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError, NotFoundError, PickupError, SettingsError
from syndicate.model import DigestState, SubscriptionState
from syndicate.pickup.trial import Trial, try_source
from syndicate.settings import ApiSource, FeedSource, FolderSource, Newsletter, Rate, Settings, WordPressSource
from syndicate.settings.edit import Change, Value, edit, table_of
from syndicate.settings.load import ARRAYS
from syndicate.settings.schema import Site
from syndicate.settings.values import Section
from syndicate.store import digests, subscribers
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.settings.form import Table, problems_of
from syndicate.web.console.settings.saving import Opened, Saving
from syndicate.web.console.visit import Visit

AT_ONCE = 2
"""So many sources are tried at the same time."""

_HOW_OFTEN = Rate(30, 600)
_UNFINISHED = (DigestState.REVIEW, DigestState.HELD, DigestState.SENDING, DigestState.PAUSED)
_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Kind:
    """What a form is for. ``main`` keys are in sight, ``rare`` ones folded away."""

    section: str
    model: type[Section]
    main: Sequence[str]
    rare: Sequence[str] = ()
    fixed: Mapping[str, str] | None = None


NEWSLETTER = Kind(
    "newsletters",
    Newsletter,
    ("title", "description", "sender", "reply_to", "sources", "tags", "cadences", "timezone", "language", "review"),
    ("send_in", "max_articles", "max_lateness", "relay", "give_up_after", "uncertain", "confirm"),
)
FEED = Kind("sources", FeedSource, ("url", "every", "full_text"), ("hold_over", "first_pickup"), {"kind": "feed"})
FOLDER = Kind("sources", FolderSource, ("path", "every"), ("hold_over", "first_pickup"), {"kind": "folder"})
WORDPRESS = Kind("sources", WordPressSource, ("url", "every"), ("hold_over", "first_pickup"), {"kind": "wordpress"})
API = Kind("sources", ApiSource, (), (), {"kind": "api"})
SOURCES = {"feed": FEED, "folder": FOLDER, "wordpress": WORDPRESS, "api": API}
SITE = Kind("site", Site, ("name", "postal_address", "language"))


class SettingsForms:
    """Creates, changes and removes."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk, self._saving = app, desk, Saving(app)
        self._room, self._turnstile = threading.BoundedSemaphore(AT_ONCE), Turnstile(_HOW_OFTEN)
        home = "/console/settings"
        for path, page, act in (
            ("/site", self.site, self.save_site),
            ("/newsletter", self.new_newsletter, self.save_newsletter),
            ("/newsletters/{name}", self.newsletter, self.save_newsletter),
            ("/source/{kind}", self.new_source, self.save_source),
            ("/sources/{name}", self.source, self.save_source),
        ):
            door.get(home + path, Right.SETTINGS, page)
            door.post(home + path, Right.SETTINGS, act)
        door.get(home + "/{section}/{name}/remove", Right.SETTINGS, self.ask_to_remove, fresh=True)
        door.post(home + "/{section}/{name}/remove", Right.SETTINGS, self.remove, fresh=True)

    def site(self, visit: Visit) -> Response:
        """The publisher's name and address."""
        return self._show(visit, self._saving.opened(), SITE, "")

    def save_site(self, visit: Visit) -> Response:
        """Saves them."""
        return self._save(visit, SITE, "")

    def new_newsletter(self, visit: Visit) -> Response:
        """An empty form."""
        return self._show(visit, self._saving.opened(), NEWSLETTER, "")

    def newsletter(self, visit: Visit, name: str) -> Response:
        """A newsletter's form."""
        return self._show(visit, self._there(NEWSLETTER.section, name), NEWSLETTER, name)

    def save_newsletter(self, visit: Visit, name: str = "") -> Response:
        """Saves it; asks when readers would be left without a cadence."""
        return self._save(visit, NEWSLETTER, name)

    def new_source(self, visit: Visit, kind: str) -> Response:
        """An empty form."""
        return self._show(visit, self._saving.opened(), _source_kind(kind), "")

    def source(self, visit: Visit, name: str) -> Response:
        """A source's form."""
        opened = self._there("sources", name)
        return self._show(visit, opened, self._kind(opened, name), name)

    def save_source(self, visit: Visit, name: str = "", kind: str = "") -> Response:
        """Saves it, or tries it and keeps nothing."""
        if not name:
            return self._save(visit, _source_kind(kind), "")
        return self._save(visit, self._kind(self._there("sources", name), name), name)

    def ask_to_remove(self, visit: Visit, section: str, name: str) -> Response:
        """Says what goes and what stays."""
        opened = self._there(section, name)
        return self._desk.show(
            visit,
            "settings/remove.html",
            section="settings",
            what=section,
            called=name,
            print=opened.print,
            hindrance=self._hindrance(opened.understood.settings, section, name),
        )

    def remove(self, visit: Visit, section: str, name: str) -> Response:
        """Takes it out of the file."""
        opened = self._there(section, name)
        if opened.print != visit.form.one("print"):
            raise ConflictError("the settings file has changed meanwhile; nothing was removed")
        if hindrance := self._hindrance(opened.understood.settings, section, name):
            raise ConflictError(hindrance)
        text = self._saving.candidate(opened, Change("remove", section, name))
        self._saving.write(visit, opened, text, "removed", f"{section[:-1]} {name}")
        return self._desk.go(visit, "/console/settings", f"{name} was taken out of the settings.")

    def _there(self, section: str, name: str) -> Opened:
        opened = self._saving.opened()
        if section not in ("newsletters", "sources") or opened.index(section, name) is None:
            raise NotFoundError(section[:-1], name)
        return opened

    def _kind(self, opened: Opened, name: str) -> Kind:
        return _source_kind(str(opened.written("sources", name).get("kind")))

    def _hindrance(self, settings: Settings, section: str, name: str) -> str:
        if section == "sources":
            users = [one.title for one in settings.newsletters if name in one.sources]
            return f"it is a source of {', '.join(users)}; take it out there first" if users else ""
        with self._app.store.read() as connection:
            found = digests.latest(connection, newsletter=name, states=_UNFINISHED, limit=1)
        return f"digest {found[0].id} of it is {found[0].state}; cancel it, or let it end, first" if found else ""

    def _table(self, opened: Opened, kind: Kind, name: str, keys: Sequence[str]) -> Table:
        settings = opened.understood.settings
        options: dict[str, Sequence[str]] = {}
        if kind is NEWSLETTER:
            options = {
                "sources": [one.name for one in settings.sources],
                "relay": ["", *(one.label for one in settings.every_relay)],
            }
        is_new = kind.section in ARRAYS and not name
        written = {} if is_new else opened.written(kind.section, name)
        variables = {} if is_new else opened.variables(kind.section, name)
        return Table(kind.model, keys, written, variables, options)

    def _keys(self, kind: Kind, name: str) -> tuple[Sequence[str], Sequence[str]]:
        naming = [ARRAYS[kind.section]] if kind.section in ARRAYS and not name else []
        return [*naming, *kind.main], kind.rare

    def _show(self, visit: Visit, opened: Opened, kind: Kind, name: str, status: int = 200, **more: Any) -> Response:
        problems = more.pop("problems", {})
        typed = visit.form if visit.request.method == "POST" else None
        main, rare = self._keys(kind, name)
        given: dict[str, Any] = {
            "others": [],
            "copy": "",
            "sure": False,
            "trial": None,
            "failed": "",
            "conflict": False,
        }
        return self._desk.show(
            visit,
            "settings/form.html",
            section="settings",
            status=status,
            what=kind.section,
            called=name,
            kind=(kind.fixed or {}).get("kind", ""),
            main=self._table(opened, kind, name, main).fields(typed, problems),
            rare=self._table(opened, kind, name, rare).fields(typed, problems),
            rare_problem=any(key in problems for key in rare),
            zones=sorted(available_timezones()) if kind is NEWSLETTER else (),
            print=opened.print,
            obstacle=self._app.file.obstacle(),
            **(given | more),
        )

    def _save(self, visit: Visit, kind: Kind, name: str) -> Response:
        opened = self._saving.opened()
        if opened.print != visit.form.one("print"):
            return self._show(visit, opened, kind, name, 409, conflict=True)
        main, rare = self._keys(kind, name)
        values = self._table(opened, kind, name, [*main, *rare]).changes(visit.form)
        is_new = kind.section in ARRAYS and not name
        if is_new:
            change = Change("add", kind.section, values={**values, **(kind.fixed or {})})
        else:
            change = Change("put", kind.section, name, values)
        index = opened.index(kind.section, name) if name else len(opened.understood.written.get(kind.section, []))
        try:
            text = self._saving.candidate(opened, change)
        except SettingsError as error:
            problems, others = problems_of(error, kind.section, index if kind.section in ARRAYS else None)
            return self._show(visit, opened, kind, name, 422, problems=problems, others=others)
        called = name or str(values.get(ARRAYS.get(kind.section, ""), ""))
        after = self._app.file.understand(text).settings
        if kind is FOLDER and "path" in values and (wrong := self._outside(after, called)):
            return self._show(visit, opened, kind, name, 422, problems={"path": wrong})
        if "try" in visit.form:
            return self._try(visit, opened, kind, name, after, called)
        if kind is NEWSLETTER and name and not visit.form.one("sure") and (left := self._left(after, name)):
            return self._show(visit, opened, kind, name, 422, sure=True, others=[left])
        if self._app.file.obstacle():
            copy = table_of(text, kind.section, called) if kind.section in ARRAYS else _lines(values)
            return self._show(visit, opened, kind, name, copy=copy)
        if not values:
            return self._desk.go(visit, "/console/settings", "Nothing was changed.")
        about = f"{kind.section.removesuffix('s')} {called}".strip()
        self._saving.write(visit, opened, text, "created" if is_new else "changed", about, ", ".join(values))
        return self._desk.go(visit, "/console/settings", "Saved. It is in use in a moment.")

    def _left(self, after: Settings, name: str) -> str:
        """Who would get nothing any more."""
        newsletter = after.newsletter(name)
        with self._app.store.read() as connection:
            counts = subscribers.counts(connection)
        left = {
            cadence: number
            for (slug, cadence, state), number in counts.items()
            if slug == name and state is SubscriptionState.ACTIVE and newsletter and cadence not in newsletter.cadences
        }
        told = ", ".join(
            f"{number} {'reader' if number == 1 else 'readers'} chose {cadence!r}" for cadence, number in left.items()
        )
        return f"{told}; without that cadence they get nothing" if told else ""

    def _outside(self, after: Settings, name: str) -> str:
        """Why a folder may not be picked up: whoever edits here could read what lies there."""
        home = after.directory.resolve()
        folder = next(one.path for one in after.sources if one.name == name and one.kind == "folder").resolve()
        if home not in folder.parents:
            return f"a folder below {home}; one elsewhere is set by hand, in the file"
        values = self._app.file.understand(self._app.file.read()).written
        tables = [values.get("site", {}), values.get("smtp", {}), values.get("inbound", {}), *values.get("relays", [])]
        secrets = [home / str(one) for table in tables for key, one in table.items() if key.endswith("_file")]
        if any(folder in Path(one).resolve().parents for one in secrets):
            return "another folder: a secret of the service lies in this one"
        return ""

    def _try(self, visit: Visit, opened: Opened, kind: Kind, name: str, after: Settings, called: str) -> Response:
        source = next((one for one in after.polled if one.name == called), None)
        if source is None:
            return self._show(visit, opened, kind, name, 400, failed="There is nothing to look at: programs bring it.")
        if not self._turnstile.admit(None, visit.user.name):
            return self._show(visit, opened, kind, name, 429, failed="Too many tests; wait a few minutes.")
        if not self._room.acquire(blocking=False):
            return self._show(visit, opened, kind, name, 429, failed="Other sources are being tested; try again.")
        trial: Trial | None = None
        failed = ""
        try:
            trial = try_source(source, self._app.store, after.fetch)
        except PickupError as error:
            failed = str(error)
        finally:
            self._room.release()
        return self._show(visit, opened, kind, name, trial=trial, failed=failed, shown=_SHOWN)


def _source_kind(kind: str) -> Kind:
    if kind not in SOURCES:
        raise NotFoundError("kind of source", kind, list(SOURCES))
    return SOURCES[kind]


def _lines(values: Mapping[str, Value | None]) -> str:
    return edit("", Change("put", "site", "", values)) if values else ""
