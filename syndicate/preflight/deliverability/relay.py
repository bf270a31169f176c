"""A relay, asked as for sending: does it take us, over TLS, and how long is its certificate good?"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syndicate.delivery.relay import connect
from syndicate.errors import RelayError
from syndicate.preflight.deliverability.checks import RELAY, TLS
from syndicate.preflight.finding import Finding
from syndicate.settings import Smtp

SECONDS = timedelta(seconds=10)
_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Greeted:
    """How a connection went. ``wrong``: why there was none. ``ends_at`` is the certificate's, None without TLS."""

    wrong: str = ""
    version: str = ""
    ends_at: datetime | None = None


async def greet(settings: Smtp) -> Greeted:
    """Connects, signs in, and says goodbye; no mail is begun."""
    brief = settings.model_copy(update={"timeout": min(settings.timeout, SECONDS)})
    try:
        async with asyncio.timeout(2 * SECONDS.total_seconds()), connect(brief) as path:
            version, until = path.tls
            ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if until else None
            return Greeted(version=version, ends_at=ends_at)
    except RelayError as error:
        return Greeted(f"{error.reason}{f' ({error.reply})' if error.reply else ''}")
    except TimeoutError:
        return Greeted("it does not answer in time")


def judge(settings: Smtp, greeted: Greeted, now: datetime, *, is_local: bool) -> list[Finding]:
    """``is_local``: it is on this machine, where nobody can listen in."""
    shown = str(settings.relay)
    if greeted.wrong:
        what = TLS if "certificate" in greeted.wrong or "STARTTLS" in greeted.wrong else RELAY
        return [what.blocks(greeted.wrong, "mend `smtp.url`, or the relay", shown)]
    found = [RELAY.fine("it takes our connection", shown)]
    if not greeted.version:
        if is_local:
            return [*found, TLS.fine("it is on this machine, so nothing has to be encrypted on the way there", shown)]
        return [*found, TLS.warns("it offers no STARTTLS", "turn TLS on there, or use smtps://", shown)]
    left = greeted.ends_at - now if greeted.ends_at else _SOON
    if left < _SOON:
        return [*found, TLS.warns(f"its certificate ends in {max(0, left.days)} days", "renew it", shown)]
    until = f", certificate until {greeted.ends_at:%Y-%m-%d}, {left.days:,} days" if greeted.ends_at else ""
    return [*found, TLS.fine(f"{greeted.version}{until}", shown)]
