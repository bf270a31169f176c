"""Subscribing where no confirmation is needed: the newsletters with ``confirm = false``. The jobs call it.

Who asks is never told, by an answer or by its time, whether an address is known. So a request is only kept at first,
with the same work for every address; what is known of the address counts here, a moment later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.audience.requests import have_asked, wish_of
from syndicate.audience.subscribe import Evidence, join
from syndicate.audience.traces import Traces
from syndicate.model import SubscriptionState
from syndicate.settings import Settings
from syndicate.store import Connection, Store, requests, subscribers, suppressions
from syndicate.store.requests import Request


def admit(store: Store, settings: Settings, *, now: datetime) -> int:
    """Begins what was asked for and needs no confirmation; returns for how many requests.

    Whoever left such a newsletter, was erased or is banned is asked to confirm, as for all the others.
    """
    admitted = 0
    while True:
        with store.write() as connection:
            requests.take_turn(connection)
            request = requests.next_to_admit(connection, now=now)
            if request is None:
                return admitted
            admitted += _admit(connection, settings, request, now=now)


def _admit(connection: Connection, settings: Settings, request: Request, *, now: datetime) -> bool:
    wanted = wish_of(request)
    at_once = _at_once(connection, settings, request)
    if at_once:
        evidence = Evidence(
            via=request.via,
            source="without confirmation",
            wording=request.wording,
            asked_at=request.asked_at,
            asked_ip=request.ip,
        )
        chosen = {slug: wanted.chosen[slug] for slug in at_once}
        join(connection, settings.newsletters, replace(wanted, chosen=chosen), evidence, now=now)
    left = {slug: choice for slug, choice in request.wanted["newsletters"].items() if slug not in at_once}
    rest = replace(request, wanted={**request.wanted, "newsletters": left}, admit_at=None)
    requests.change(connection, rest)
    if left:
        have_asked(connection, settings, rest, now=now)
    else:
        requests.set_confirmed(connection, request.id, now=now)
    return bool(at_once)


def _at_once(connection: Connection, settings: Settings, request: Request) -> set[str]:
    """The newsletters that need no confirmation, unless the address had left them, was erased or is banned."""
    free = {one.slug for one in settings.newsletters if not one.confirm and one.slug in request.wanted["newsletters"]}
    held = {one.newsletter: one for one in subscribers.of_address(connection, request.email)}
    left = {slug for slug, one in held.items() if one.state is SubscriptionState.UNSUBSCRIBED}
    trace = Traces(settings.site.secret.get_secret_value()).of(request.email)
    banned = suppressions.suppressed(connection, [request.email, trace])
    return set() if banned else free - left
