"""A service in a folder that mail comes in to, on a clock that stands still; what it would answer is read off it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syndicate.app import App, open_app
from syndicate.audience import requests
from syndicate.audience.subscribe import subscribe
from syndicate.delivery.notices import Told
from syndicate.inbound.sort import Envelope, Kind
from syndicate.model import Subscription, SubscriptionState
from syndicate.settings import Inbound, Newsletter
from syndicate.store import notices, subscribers
from syndicate.store import requests as kept_requests
from syndicate.store.notices import Notice
from tests.inbound.letters import NEWSLETTERS, letter
from tests.newsroom import Clock, settings_for
from tests.tables import ready

ANA, NEWS = "ana@reader.example", "news@lake.example"


@dataclass(frozen=True, slots=True)
class Mailroom:
    """The service and its clock."""

    app: App
    clock: Clock

    def mail(self, subject: str = "", body: str = "", *, to: str = NEWS, sender: str | None = ANA, **more: Any) -> Kind:
        """A reader's mail comes in; ``more`` as for ``letter``."""
        return self.app.jobs.reception(letter(subject, body, to=to, **more), Envelope(sender, to))

    def join(self, email: str = ANA, slug: str = "brief") -> int:
        """Subscribes someone; the subscription's id."""
        app = self.app
        joined = subscribe(
            app.store, app.settings.newsletters, email=email, slugs=[slug], consent="test", now=self.clock()
        )
        return joined.subscriptions[0].id

    def unsubscribe_token(self, subscription_id: int) -> str:
        """The token of a mail's own link."""
        return self.app.links.unsubscribe_token(subscription_id)

    def subscriptions(self, email: str = ANA) -> dict[str, SubscriptionState]:
        """Newsletter → state."""
        return {one.newsletter: one.state for one in self.held(email)}

    def held(self, email: str = ANA) -> list[Subscription]:
        """What an address has."""
        with self.app.store.read() as connection:
            return subscribers.of_address(connection, email)

    def notices(self, email: str = ANA) -> list[Notice]:
        """What was queued for an address."""
        with self.app.store.read() as connection:
            return notices.of_address(connection, email)

    def kinds(self, email: str = ANA) -> list[str]:
        """The kinds of those."""
        return [one.kind for one in self.notices(email)]

    def send(self) -> Told:
        """Sends what was queued."""
        return asyncio.run(self.app.jobs.send_notices(stop=asyncio.Event()))

    def confirm_token(self, email: str = ANA) -> str:
        """The token of the newest request that an address was asked to confirm."""
        asking = [one for one in self.notices(email) if one.request_id is not None]
        with self.app.store.read() as connection:
            request = kept_requests.by_id(connection, asking[-1].request_id or 0)
        assert request is not None
        return requests.token_of(self.app.settings, request)


@contextmanager
def mailroom(directory: Path, newsletters: Sequence[Newsletter] = NEWSLETTERS, **given: Any) -> Iterator[Mailroom]:
    """Opens it, with mail coming in by LMTP; ``given`` as for ``settings_for``."""
    inbound = Inbound(listen="lmtp://127.0.0.1:0")
    made = settings_for(directory, **given).model_copy(update={"newsletters": tuple(newsletters), "inbound": inbound})
    ready(directory)
    clock = Clock()
    app = open_app(made, clock)
    try:
        yield Mailroom(app, clock)
    finally:
        app.close()
