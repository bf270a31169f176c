"""One request to the console by somebody who may make it: what every page and act of the console is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from starlette.datastructures import QueryParams

from syndicate.desk.rights import Right, may
from syndicate.model import Session, User
from syndicate.store.audit import By
from syndicate.web.console.forms import Form
from syndicate.web.guard import ip_of


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, from which session, and what they sent. ``csrf`` is what their forms must bring back."""

    request: Request
    session: Session
    now: datetime
    csrf: str
    form: Form

    @property
    def user(self) -> User:
        """Who is signed in."""
        return self.session.user

    @property
    def query(self) -> QueryParams:
        """What stands behind the ``?`` of the address."""
        return self.request.query_params

    @property
    def ip(self) -> str:
        """Where the request comes from, for the audit log."""
        return ip_of(self.request) or ""

    @property
    def by(self) -> By:
        """Who acts, for the audit log."""
        return By(self.user.name, self.ip)

    @property
    def is_part(self) -> bool:
        """Whether a script asks for a piece of a page, not for a whole one."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, right: str) -> bool:
        """Whether they may do it: a ``Right``, by its word."""
        return may(self.user.role, Right(right))
