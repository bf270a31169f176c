"""Asks to subscribe as the pages and the mail commands do: what is typed is checked, then kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from syndicate.audience import requests
from syndicate.audience.subscribe import wish
from syndicate.model import Via
from syndicate.settings import Settings
from syndicate.store import Store


def ask(
    store: Store,
    settings: Settings,
    *,
    email: str,
    slugs: Iterable[str] = (),
    via: Via,
    ip: str | None = None,
    in_reply_to: str = "",
    now: datetime,
    **typed: Any,
) -> None:
    """``typed`` is what else a form has."""
    wanted = wish(settings.newsletters, email=email, slugs=slugs, **typed)
    requests.ask(store, settings, wanted, via=via, ip=ip, in_reply_to=in_reply_to, now=now)
