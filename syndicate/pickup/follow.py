"""Asks hubs to tell us of changes, and believes those that can prove it (WebSub §5, §7). Called by jobs and the web."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

import structlog

from syndicate.errors import ReachError
from syndicate.pickup.reading import Hub
from syndicate.reach.addresses import is_public
from syndicate.reach.request import Bounds, in_time, open_client, request, user_agent
from syndicate.render.tokens import Tokens
from syndicate.settings import Settings
from syndicate.store import Connection, Store, follows
from syndicate.store.follows import Follow

LEASE = timedelta(days=10)
"""For how long hubs are asked to tell us; they may say something else."""
SHORTEST_LEASE, LONGEST_LEASE = timedelta(minutes=5), timedelta(days=90)
_VERIFIED_WITHIN = timedelta(minutes=10)
"""A hub that has not asked back by then is asked again."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=5), timedelta(days=1)
_FORM = {"user-agent": user_agent("WebSub subscriber"), "content-type": "application/x-www-form-urlencoded"}
_HASHES = {"sha1", "sha256", "sha384", "sha512"}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Callback:
    """Where hubs tell us of one source's changes. Both are made of the site's secret and the follow's nonce."""

    address: str
    token: str
    secret: str


def callback_of(settings: Settings, follow: Follow) -> Callback:
    """What the hub is given."""
    tokens = Tokens(settings.site.secret.get_secret_value())
    token = tokens.token(f"callback of {follow.source}", follow.nonce)
    address = f"{settings.site.url}/websub/{quote(follow.source)}/{token}"
    return Callback(address, token, tokens.token(f"secret of {follow.source}", follow.nonce))


def is_reachable(settings: Settings) -> bool:
    """Whether a hub could call back at all: not when the site is at this machine or in a network of its own."""
    host = urlsplit(settings.site.url).hostname or ""
    if settings.fetch.allow_private:
        return True
    try:
        return is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))


def notice(connection: Connection, settings: Settings, source: str, hub: Hub | None, *, now: datetime) -> None:
    """Notes which hub a source names now; another one, or another topic, is asked soon, and none is forgotten."""
    known = follows.of_source(connection, source)
    if hub is None or not settings.fetch.push or not is_reachable(settings):
        if known:
            follows.remove(connection, source)
    elif known is None or (known.hub, known.topic) != (hub.address, hub.topic):
        nonce = secrets.token_hex(16)
        follows.save(connection, Follow(source=source, hub=hub.address, topic=hub.topic, nonce=nonce, next_at=now))


async def ask_due(settings: Settings, store: Store, now: datetime) -> int:
    """Asks each hub that it is time to ask. Returns how many took it."""
    names = [one.name for one in settings.polled]
    with store.write() as connection:
        due = follows.take_due(connection, names, now=now, again_at=now + _VERIFIED_WITHIN)
    if not due:
        return 0
    seconds = settings.fetch.timeout.total_seconds()
    bounds = Bounds(seconds, 0, settings.fetch.allow_private, permitted_by="[fetch] allow_private")
    taken = 0
    async with open_client(bounds) as client:
        for follow in due:
            callback = callback_of(settings, follow)
            fields = {
                "hub.mode": "subscribe",
                "hub.topic": follow.topic,
                "hub.callback": callback.address,
                "hub.secret": callback.secret,
                "hub.lease_seconds": str(int(LEASE.total_seconds())),
            }
            try:
                async with in_time(follow.hub, bounds):
                    asked = request(client, "POST", follow.hub, headers=_FORM, content=urlencode(fields).encode())
                    async with asked as response:
                        error = "" if response.is_success else f"answered {response.status_code}"
            except ReachError as wrong:
                error = wrong.reason
            taken += not error
            with store.write() as connection:
                _record(connection, follow.source, error, now)
    return taken


def _record(connection: Connection, source: str, error: str, now: datetime) -> None:
    """What the hub may have verified meanwhile stays."""
    known = follows.of_source(connection, source)
    if known is None or not error:
        return
    wait = min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(known.failures, 12)))
    failed = replace(known, failures=known.failures + 1, error=error[:500], next_at=now + wait)
    follows.save(connection, failed)
    log.warning("a hub can't be followed", source=source, hub=known.hub, reason=error)


def answer_to(connection: Connection, follow: Follow, asked: Mapping[str, str], *, now: datetime) -> str | None:
    """What a hub that asks whether we mean it is answered (WebSub §5.3): its challenge, or None for no."""
    if asked.get("hub.topic") != follow.topic:
        return None
    if asked.get("hub.mode") == "denied":
        error = f"refuses: {asked.get('hub.reason', '')[:300] or 'it gives no reason'}"
        refused = replace(follow, until=None, failures=follow.failures + 1, error=error, next_at=now + _LONGEST_WAIT)
        follows.save(connection, refused)
        return ""
    if asked.get("hub.mode") != "subscribe" or not asked.get("hub.challenge"):
        return None
    given = asked.get("hub.lease_seconds", "")
    lease = timedelta(seconds=int(given)) if given.isascii() and given.isdigit() and len(given) < 10 else LEASE
    lease = min(max(lease, SHORTEST_LEASE), LONGEST_LEASE)
    follows.save(connection, replace(follow, until=now + lease, failures=0, error="", next_at=now + lease * 0.8))
    return asked["hub.challenge"]


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether ``X-Hub-Signature`` (WebSub §7.1) is by who was given the secret."""
    method, _, given = signature.strip().partition("=")
    if method not in _HASHES:
        return False
    return hmac.compare_digest(hmac.new(secret.encode(), body, method).hexdigest(), given.strip().lower())
