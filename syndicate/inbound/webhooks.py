"""What providers tell by webhook, checked and acted on. The web's ``/webhooks/…`` calls it.

1. A request is the provider's own, or refused: each proves it in its own way (``providers``).
2. Each of its events counts once. Those of one request are dealt with in one transaction, so when that fails, the
   provider tells again, and nothing was done yet.
3. A provider may be believed, so an address is enough to say whose mail came back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from threading import Lock

import structlog

from syndicate.audience.address import normalise
from syndicate.audience.limits import Turnstile
from syndicate.audience.returns import take_back
from syndicate.errors import AddressError, ForgedError, ReachError, ReplayedError, WebhookError
from syndicate.inbound.matching import came_back, mailed_to
from syndicate.inbound.providers import brevo, mailgun, postmark, sendgrid, sns
from syndicate.inbound.providers.brought import Brought
from syndicate.inbound.reports.report import Report
from syndicate.reach.request import Bounds, body_of, in_time, open_client, request
from syndicate.render.links import Signer
from syndicate.settings import Rate, Settings
from syndicate.store import Connection, Store, webhooks
from syndicate.store.webhooks import Outcome

LARGEST_BODY = 1024 * 1024
"""Bytes; SNS sends up to 256 kB, SendGrid its events in batches."""

_BOUNDS = Bounds(10, 100_000, allow_private=False, permitted_by="")
_MOST_CERTIFICATES = 8
_WRITES = Rate(60, 60)

Fetch = Callable[[str], Awaitable[bytes]]

log = structlog.get_logger()


async def fetch(url: str) -> bytes:
    """What stands at an address of Amazon's. :raises ReachError: when it can't be had, or is no success."""
    async with (
        open_client(_BOUNDS) as client,
        in_time(url, _BOUNDS),
        request(client, "GET", url, headers={}, content=None) as response,
    ):
        body = await body_of(response, url, _BOUNDS)
        if not response.is_success:
            raise ReachError(url, f"answered {response.status_code}")
        return body


class Webhooks:
    """All providers that the settings have a key for. ``fetch`` gets what Amazon keeps: certificates, confirmations."""

    def __init__(
        self, settings: Settings, store: Store, signer: Signer, clock: Callable[[], datetime], fetch: Fetch = fetch
    ) -> None:
        self._settings, self._store, self._signer, self._clock, self.fetch = settings, store, signer, clock, fetch
        self._certificates: dict[str, bytes] = {}
        self._writes, self._refused, self._lock = Turnstile(_WRITES), Counter[tuple[str, Outcome]](), Lock()
        keys = settings.webhooks
        self.providers = frozenset(
            name
            for name, key in (
                (sns.NAME, keys.ses_topics),
                (sendgrid.NAME, keys.sendgrid_key),
                (mailgun.NAME, keys.mailgun_key),
                (postmark.NAME, keys.postmark_login),
                (brevo.NAME, keys.brevo_token),
            )
            if key
        )

    async def take(self, provider: str, headers: Mapping[str, str], body: bytes) -> None:
        """Does what a request of one of ``providers`` tells; ``headers`` have their names in lower case.

        :raises ForgedError: when it is not the provider's.
        :raises UnknownEventError: when it tells something that nobody knows.
        :raises ReplayedError: when all of it was told before.
        :raises ReachError: when Amazon does not say whether it is Amazon's.
        :raises StoreError: when the database can't be used.
        """
        try:
            brought = await self._brought(provider, headers, body)
        except WebhookError as error:
            await asyncio.to_thread(self._refuse, provider, error)
            raise
        if brought.confirm:
            await self.fetch(brought.confirm)
        await asyncio.to_thread(self._act, provider, brought)

    async def _brought(self, provider: str, headers: Mapping[str, str], body: bytes) -> Brought:
        keys, now = self._settings.webhooks, self._clock()
        if provider == sns.NAME:
            message = sns.message_in(body, keys.ses_topics)
            return sns.brought(message, await self._certificate(message["SigningCertURL"]), now)
        if provider == sendgrid.NAME and keys.sendgrid_key:
            return sendgrid.brought(headers, body, keys.sendgrid_key, now)
        if provider == mailgun.NAME and keys.mailgun_key:
            return mailgun.brought(body, keys.mailgun_key.get_secret_value(), now)
        if provider == postmark.NAME and keys.postmark_login:
            return postmark.brought(headers, body, keys.postmark_login.get_secret_value())
        assert provider == brevo.NAME
        assert keys.brevo_token
        return brevo.brought(headers, body, keys.brevo_token.get_secret_value())

    async def _certificate(self, url: str) -> bytes:
        if url not in self._certificates:
            found = await self.fetch(url)
            if len(self._certificates) >= _MOST_CERTIFICATES:
                self._certificates.clear()
            self._certificates[url] = found
        return self._certificates[url]

    def _refuse(self, provider: str, error: WebhookError) -> None:
        """Counts it. Anyone can send forgeries, so when there are many, they are written together, now and then."""
        outcome = Outcome.FORGED if isinstance(error, ForgedError) else Outcome.UNKNOWN
        log.warning("a webhook is refused", provider=provider, reason=str(error))
        with self._lock:
            self._refused[provider, outcome] += 1
            if not self._writes.admit(None, "webhooks"):
                return
            refused, self._refused = self._refused, Counter()
        with self._store.write() as connection:
            for (name, what), number in refused.items():
                webhooks.count(connection, name, {what: number}, now=self._clock())

    def _act(self, provider: str, brought: Brought) -> None:
        now, outcomes = self._clock(), Counter[Outcome]()
        with self._store.write() as connection:
            for event in brought.events:
                is_new = not event.id or webhooks.is_new(connection, provider, event.id, now=now)
                outcomes[self._one(connection, provider, event.report, now) if is_new else Outcome.REPLAYED] += 1
            webhooks.count(connection, provider, outcomes, now=now)
        if set(outcomes) == {Outcome.REPLAYED}:
            raise ReplayedError("all of it was told before")

    def _one(self, connection: Connection, provider: str, report: Report | None, now: datetime) -> Outcome:
        outcome = Outcome.IGNORED
        for recipient in report.recipients if report else ():
            try:
                address = normalise(recipient)
            except AddressError:
                continue
            assert report is not None
            whom = mailed_to(connection, self._signer, report, address)
            came = came_back(report, whom, source=provider, now=now) if whom else None
            if whom and came:
                is_banned = take_back(connection, self._settings.bounces, whom, came)
                log.info(
                    "mail came back",
                    subscriber=whom.subscriber_id,
                    kind=came.kind,
                    reason=came.reason,
                    banned=is_banned,
                )
                outcome = Outcome.TAKEN
        return outcome
