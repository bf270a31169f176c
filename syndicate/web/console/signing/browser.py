"""A browser in which nobody is signed in: what its forms must bring, and whether somebody signed in with it before."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response

from syndicate.web.console.desk import Desk
from syndicate.web.console.door import is_from_here
from syndicate.web.console.forms import Form

COOKIE = "__Host-syndicate-browser"
_KEPT_FOR = int(timedelta(days=180).total_seconds())
_COOKIE = re.compile(r"([\w-]{22})(?:\.[0-9a-f]{64})?")


class Browser:
    """Made for each request. Its cookie holds a random number, and a mark of who signed in with it last."""

    def __init__(self, desk: Desk, request: Request) -> None:
        self._desk, self._request = desk, request
        kept = request.cookies.get(COOKIE, "")
        self._is_new = not _COOKIE.fullmatch(kept)
        self._cookie = secrets.token_urlsafe(16) if self._is_new else kept

    @property
    def csrf(self) -> str:
        """What its forms carry."""
        return self._desk.mark(f"browser {self._cookie}")

    def sent(self, form: Form) -> bool:
        """Whether that form came from a page that this browser was shown."""
        is_ours = hmac.compare_digest(form.one("csrf").encode(), self.csrf.encode())
        return is_from_here(self._request) and not self._is_new and is_ours

    def known_to(self, name: str) -> str | None:
        """Its number, when that user signed in with it before."""
        number, _, mark = self._cookie.partition(".")
        return number if mark and hmac.compare_digest(mark, self._mark(number, name)) else None

    def remember(self, response: Response, name: str | None = None) -> Response:
        """Has it keep its number, with the mark of the user who signed in just now."""
        number = self._cookie.partition(".")[0]
        value = f"{number}.{self._mark(number, name)}" if name else self._cookie
        response.set_cookie(COOKIE, value, max_age=_KEPT_FOR, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def _mark(self, number: str, name: str) -> str:
        return self._desk.mark(f"known {number} {name}")
