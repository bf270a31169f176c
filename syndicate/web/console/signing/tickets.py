"""Between password and code: a ticket says that somebody's password was right, to the browser that it came from."""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

from syndicate.web.console.desk import Desk
from syndicate.web.console.signing.browser import Browser

GOOD_FOR = timedelta(minutes=5)

_TICKET = re.compile(r"([a-z0-9._-]{1,40}):([0-9]{1,12}):[0-9a-f]{64}")


def ticket_for(desk: Desk, browser: Browser, name: str, now: datetime) -> str:
    """For who gave the right password now."""
    return _signed(desk, browser, name, int((now + GOOD_FOR).timestamp()))


def name_of(desk: Desk, browser: Browser, ticket: str, now: datetime) -> str | None:
    """Whose it is; None when it was not made here, for this browser, or is too old."""
    match = _TICKET.fullmatch(ticket)
    if not match or not hmac.compare_digest(ticket, _signed(desk, browser, match[1], int(match[2]))):
        return None
    return match[1] if now.timestamp() < int(match[2]) else None


def _signed(desk: Desk, browser: Browser, name: str, until: int) -> str:
    return f"{name}:{until}:{desk.mark(f'ticket {browser.csrf} {name} {until}')}"
