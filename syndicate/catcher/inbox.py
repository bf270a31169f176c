"""A web inbox over a folder of ``.eml`` files, for looking at what was sent. `catch` and `demo` serve it on loopback.

Mails are hostile: the pages run no script, a mail's HTML is shown in a sandboxed frame under a policy of its own, and
a file is only served when it lies in the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from syndicate.catcher.mail import Heading, parse, parse_heading
from syndicate.render.environment import open_templates, render, shipped_templates

SHOWN = 200
"""At most so many mails on the front page; the newest. ``/messages.json`` has all."""

_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HTTP = re.compile(r"<(https?://[A-Za-z0-9.:\[\]-]+/[!-;=?-~]*)>")
_MAIL_POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@dataclass(frozen=True, slots=True)
class Caught:
    """A mail in the folder: its file's name, when it came, its size in bytes, and whom it is from and to."""

    name: str
    received_at: datetime
    size: int
    heading: Heading


def create_inbox(directory: Path) -> FastAPI:
    """The inbox of that folder, read anew at every request; the folder need not exist yet."""
    app = FastAPI(title="Inbox", docs_url=None, redoc_url=None, openapi_url=None)
    templates = open_templates()

    def page(template: str, form_action: str = "", **values: Any) -> HTMLResponse:
        html = render(templates, f"inbox/{template}", **values)
        policy = _PAGE_POLICY.replace("form-action 'self'", f"form-action 'self' {form_action}".rstrip())
        return HTMLResponse(html, headers={**_HEADERS, "Content-Security-Policy": policy})

    def find(name: str) -> Path:
        path = directory / name
        inside = re.fullmatch(r"[^/\\\0]+\.eml", name) and path.resolve().parent == directory.resolve()
        if not inside or not path.is_file():
            raise HTTPException(404, "no such mail")
        return path

    @app.get("/")
    def front(to: str = "") -> HTMLResponse:
        everything = _caught(directory)
        shown = _sent_to(everything, to)
        recipients = sorted({recipient for one in everything for recipient in one.heading.recipients})
        return page("index.html", mails=shown[:SHOWN], count=len(shown), to=to, recipients=recipients)

    @app.get("/messages.json")
    def messages(to: str = "") -> JSONResponse:
        return JSONResponse([_summary(one) for one in _sent_to(_caught(directory), to)], headers=_HEADERS)

    @app.get("/style.css")
    def style() -> FileResponse:
        return FileResponse(shipped_templates() / "inbox" / "style.css", media_type="text/css")

    @app.get("/messages/{name}")
    def one(name: str, part: Literal["html", "text", "headers"] | None = None) -> HTMLResponse:
        path = find(name)
        mail = parse(path.read_bytes())
        parts = [*(kind for kind in ("html", "text") if getattr(mail, kind)), "headers"]
        leaving = one_click(mail.headers)
        host = "/".join(leaving.split("/", 3)[:3])
        shown = {"caught": _read(path), "mail": mail, "part": part or parts[0], "parts": parts}
        return page("mail.html", form_action=host, **shown, unsubscribe_url=leaving)

    @app.get("/messages/{name}/html")
    def html_part(name: str) -> HTMLResponse:
        html = _links_open_outside(parse(find(name).read_bytes()).html)
        return HTMLResponse(html, headers={**_HEADERS, "Content-Security-Policy": _MAIL_POLICY})

    @app.get("/messages/{name}/raw")
    def raw(name: str) -> Response:
        path = find(name)
        headers = {**_HEADERS, "Content-Security-Policy": "sandbox; default-src 'none'"}
        return FileResponse(path, media_type="message/rfc822", filename=path.name, headers=headers)

    return app


def one_click(headers: Iterable[tuple[str, str]]) -> str:
    """Where a mail program's button to unsubscribe posts to (RFC 8058 §3.2), empty when the mail offers none."""
    values = {name.lower(): value for name, value in headers}
    found = _HTTP.search(values.get("list-unsubscribe", ""))
    offered = values.get("list-unsubscribe-post", "").strip() == "List-Unsubscribe=One-Click"
    return found[1] if found and offered else ""


def _caught(directory: Path) -> list[Caught]:
    """All mails of the folder, newest first; the catcher's file names sort by arrival."""
    return [_read(path) for path in sorted(directory.glob("[!.]*.eml"), reverse=True) if path.is_file()]


def _read(path: Path) -> Caught:
    status = path.stat()
    return _read_once(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=20_000)
def _read_once(path: Path, mtime_ns: int, size: int) -> Caught:
    received_at = datetime.fromtimestamp(mtime_ns / 1e9, UTC)
    return Caught(path.name, received_at, size, parse_heading(path.read_bytes()))


def _sent_to(caught: list[Caught], recipient: str) -> list[Caught]:
    wanted = recipient.strip().lower()
    return [one for one in caught if not wanted or any(wanted in address.lower() for address in one.heading.recipients)]


def _summary(caught: Caught) -> dict[str, object]:
    return {
        "name": caught.name,
        "from": caught.heading.sender,
        "to": caught.heading.recipients,
        "subject": caught.heading.subject,
        "received_at": caught.received_at.isoformat(),
        "size": caught.size,
    }


def _links_open_outside(html: str) -> str:
    return re.sub(r"<head\b[^>]*>", lambda head: f'{head[0]}<base target="_blank">', html, count=1, flags=re.IGNORECASE)
