"""``/console/templates``: what mails, pages and feeds are made with, and the operator's own in their place."""

from __future__ import annotations

from difflib import unified_diff
from html import escape

from fastapi.responses import HTMLResponse, Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.desk.templates import LARGEST, PURPOSES, Opened, OwnTemplates
from syndicate.errors import TemplateError
from syndicate.render.environment import Environment, check_syntax, with_draft
from syndicate.settings import Newsletter
from syndicate.store import audit
from syndicate.web.console.desk import PRIVATE, Desk
from syndicate.web.console.door import Door
from syndicate.web.console.templates.preview import Made, NoPreviewError, Preview
from syndicate.web.console.visit import Visit

AROUND = 3
"""So many lines are shown before and after one that is wrong."""

_HOME = "/console/templates"
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: http: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox"
)
_LONE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Preview</title>'
    "<style>:root{{color-scheme:light dark}}pre{{margin:1rem;font:.875rem/1.5 monospace;"
    "white-space:pre-wrap;overflow-wrap:anywhere}}</style></head>"
    "<body><pre>{}</pre></body></html>"
)
_ROOMS = {"email": "Mails", "web": "Pages", "feeds": "Feeds"}


class TemplatePages:
    """Lists, shows, edits and reverts them."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._templates = OwnTemplates(app.settings.directory / "templates")
        door.get(_HOME, Right.VIEW, self.listed)
        door.get(_HOME + "/edit/{name:path}", Right.VIEW, self.template)
        door.post(_HOME + "/edit/{name:path}", Right.SETTINGS, self.save, fresh=True, stale=self.unproved)
        door.get(_HOME + "/preview/{name:path}", Right.VIEW, self.preview)
        door.post(_HOME + "/preview/{name:path}", Right.SETTINGS, self.preview)

    def listed(self, visit: Visit) -> Response:
        """All that there are, and which are the operator's own."""
        own = self._templates.own()
        rooms = [
            (title, [(name, purpose, name in own) for name, purpose in PURPOSES.items() if name.startswith(f"{room}/")])
            for room, title in _ROOMS.items()
        ]
        return self._desk.show(
            visit, "templates/list.html", section="templates", rooms=rooms, folder=self._templates.folder
        )

    def template(self, visit: Visit, name: str) -> Response:
        """One of them; with ``?version=3`` what stood there before, to look at and to save again."""
        opened, asked = self._templates.open(name), visit.query.get("version", "")
        number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0
        text = self._templates.version(name, number) if number else opened.text
        return self._show(visit, opened, text, version=number)

    def save(self, visit: Visit, name: str) -> Response:
        """Writes it when it can be used; with ``revert`` what is shipped counts again."""
        opened = self._templates.open(name)
        text = opened.shipped if "revert" in visit.form else _typed(visit)
        if visit.form.one("print") != opened.print:
            return self._show(visit, opened, text, 409, conflict=True)
        if text == opened.text:
            return self._desk.go(visit, f"{_HOME}/edit/{name}", "Nothing was changed.")
        if len(text) > LARGEST:
            wrong = f"It has {len(text):,} characters; {LARGEST:,} are taken."
            return self._show(visit, opened, text, 422, wrong=wrong)
        if "revert" not in visit.form:
            try:
                self._try(visit, name, text)
            except TemplateError as error:
                may_insist = not _is_syntax(self._app.templates, name, text)
                if not (may_insist and visit.form.one("sure")):
                    return self._show(visit, opened, text, 422, error=error, may_insist=may_insist)
        with self._app.store.write() as connection:
            act = "reverted" if text == opened.shipped else "changed"
            audit.note(connection, visit.user.name, act, about=f"template {name}", ip=visit.ip, now=visit.now)
            self._templates.save(name, text, opened.print)
        told = "The shipped template counts again." if text == opened.shipped else "Saved. It is in use."
        return self._desk.go(visit, f"{_HOME}/edit/{name}", told)

    def unproved(self, visit: Visit, name: str) -> Response:
        """Who has to prove again who they are keeps what they typed."""
        opened = self._templates.open(name)
        return self._show(visit, opened, _typed(visit), 403, stale=True)

    def preview(self, visit: Visit, name: str) -> Response:
        """What it makes, as it stands or as it was typed, as a page for a frame."""
        opened = self._templates.open(name)
        text = _typed(visit) if "text" in visit.form else opened.text
        try:
            made = self._make(visit, name, text)
        except NoPreviewError as error:
            made = Made(f"There is no preview: {error}.", is_html=False)
        except TemplateError as error:
            lines = _lines(text, error) if error.template == name else []
            made = Made("\n".join([str(error), "", *lines]), is_html=False)
        html = made.text if made.is_html else _LONE.format(escape(made.text))
        return HTMLResponse(html, headers={**PRIVATE, "Content-Security-Policy": _POLICY})

    def _try(self, visit: Visit, name: str, text: str) -> None:
        """:raises TemplateError: when it can't be read, or can't be rendered with what there is."""
        try:
            self._make(visit, name, text)
        except NoPreviewError:
            return

    def _make(self, visit: Visit, name: str, text: str) -> Made:
        check_syntax(self._app.templates, name, text)
        templates = with_draft(self._app.templates, name, text)
        return Preview(self._app, templates, self._newsletter(visit), visit).of(name)

    def _newsletter(self, visit: Visit) -> Newsletter | None:
        settings = self._app.settings
        named = settings.newsletter(visit.form.one("newsletter") or visit.query.get("newsletter", ""))
        return named or next(iter(settings.newsletters), None)

    def _show(
        self,
        visit: Visit,
        opened: Opened,
        text: str,
        status: int = 200,
        *,
        error: TemplateError | None = None,
        may_insist: bool = False,
        wrong: str = "",
        version: int = 0,
        conflict: bool = False,
        stale: bool = False,
    ) -> Response:
        name = opened.name
        return self._desk.show(
            visit,
            "templates/edit.html",
            section="templates",
            status=status,
            template=name,
            purpose=PURPOSES[name],
            opened=opened,
            text=text,
            error=error,
            lines=_lines(text, error) if error and error.template == name else [],
            may_insist=may_insist,
            wrong=wrong,
            version=version,
            versions=self._templates.versions(name),
            conflict=conflict,
            stale=stale,
            obstacle=self._templates.obstacle(name),
            newsletters=self._app.settings.newsletters,
            newsletter=self._newsletter(visit),
            difference=_difference(opened.shipped, text, name),
        )


def _typed(visit: Visit) -> str:
    """The text as it was typed; browsers end lines with CR LF (HTML §4.10.21.4)."""
    return "".join(visit.form.values.get("text", ())[:1]).replace("\r\n", "\n").replace("\0", "")


def _difference(shipped: str, text: str, name: str) -> list[str]:
    return list(unified_diff(shipped.splitlines(), text.splitlines(), "shipped", name, lineterm=""))


def _lines(text: str, error: TemplateError) -> list[str]:
    """The line that is to blame with those around it, each with its number."""
    if not error.line:
        return []
    first = max(0, error.line - 1 - AROUND)
    return [
        f"{'→' if number == error.line else ' '} {number:>4}  {line}"
        for number, line in enumerate(text.splitlines()[first : error.line + AROUND], first + 1)
    ]


def _is_syntax(templates: Environment, name: str, text: str) -> bool:
    try:
        check_syntax(templates, name, text)
    except TemplateError:
        return True
    return False
