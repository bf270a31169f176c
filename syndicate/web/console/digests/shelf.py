"""Mails that are being looked at before they are sent: in memory, for who made them, until newer ones need the room."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from html import escape

from fastapi.responses import HTMLResponse

from syndicate.web.console.desk import PRIVATE

LOOKS = {"desktop": "Desktop", "phone": "Phone", "dark": "Dark", "text": "Plain text", "source": "Source"}
"""Every way to look at a mail, by its name in addresses."""

_ROOM = 40
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_PLAIN = (
    ":root{color-scheme:light dark}body{margin:1rem;font:.8125rem/1.5 ui-monospace,Menlo,Consolas,monospace}"
    "pre{margin:0;font:inherit;white-space:pre-wrap;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{background:#17181a;color:#e6e3dc}}"
)
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_DECLARED = re.compile(r"((?:supported-)?color-schemes?\"?\s*(?::|content=\")\s*)light dark", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mail:
    """One reader's mail: what it is about, its two bodies, and all of it as it would go out."""

    subject: str
    html: str
    text: str
    source: str

    def look(self, name: str) -> HTMLResponse:
        """The mail in a frame, where nothing runs. ``name`` is one of ``LOOKS``."""
        if name in ("text", "source"):
            body = f"<pre>{escape(self.text if name == 'text' else self.source)}</pre>"
            html = f'<!DOCTYPE html><meta charset="utf-8"><title>Mail</title><style>{_PLAIN}</style>{body}'
        else:
            html = in_scheme(self.html, "dark" if name == "dark" else "light")
        return HTMLResponse(html, headers={**PRIVATE, "Content-Security-Policy": _POLICY})


class Shelf:
    """Keeps mails for a while. May be used by several threads."""

    def __init__(self) -> None:
        self._mails: OrderedDict[str, tuple[str, Mail]] = OrderedDict()
        self._turn = threading.Lock()

    def put(self, user: str, mail: Mail) -> str:
        """Keeps it for that user; returns the key that it is asked for with."""
        key = secrets.token_urlsafe(16)
        with self._turn:
            self._mails[key] = (user, mail)
            while len(self._mails) > _ROOM:
                self._mails.popitem(last=False)
        return key

    def get(self, user: str, key: str) -> Mail | None:
        """What that user put there, if it is still there."""
        with self._turn:
            owner, mail = self._mails.get(key, ("", None))
        return mail if owner == user else None


def in_scheme(html: str, scheme: str) -> str:
    """A mail as programs show it in that colour scheme, whatever this browser prefers."""

    def holds(match: re.Match[str]) -> str:
        return "(min-width: 0)" if match[1].lower() == scheme else "(max-width: 0)"

    return _DECLARED.sub(rf"\g<1>{scheme}", _SCHEME.sub(holds, html))
