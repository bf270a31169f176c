"""Who did not get a digest, and why: one line each, written as it is read, however many they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime

from syndicate.cli.terminal import local, say
from syndicate.model import DeliveryState, Digest, DigestState
from syndicate.store import Connection, standing
from syndicate.store.standing import Trouble

_LINE = "{:<36} {:<10} {:>8}  {:<16}  {:<16}  {}\n"


def show_undelivered(connection: Connection, digest: Digest, *, now: datetime, as_json: bool) -> None:
    """Prints every delivery that was not accepted: lines for people, or one JSON array."""
    found = standing.undelivered(connection, digest.id)
    if as_json:
        sys.stdout.writelines(_array(found, digest, now))
        return
    first = next(found, None)
    if first is None:
        say(f"digest {digest.id} has nothing that was not delivered")
        return
    sys.stdout.write(_LINE.format("address", "state", "attempts", "tried", "due", "why"))
    sys.stdout.write(_line(first, digest, now))
    sys.stdout.writelines(_line(one, digest, now) for one in found)


def why(one: Trouble, digest: Digest, now: datetime) -> str:
    """What keeps a delivery from its reader: what it waits for, and the server's last words."""
    if one.state is DeliveryState.BEGUN:
        return "waits: it is with the relay, which has not answered yet"
    if one.state is not DeliveryState.QUEUED:
        return one.reply
    if digest.state is DigestState.PAUSED:
        reason = "the digest is paused"
    elif one.due_at is None or one.due_at <= now:
        reason = "its turn"
    else:
        reason = "it is tried again later" if one.attempts else "its domain or relay takes no more for now"
    return f"waits: {reason}{'; ' + one.reply if one.reply else ''}"


def _line(one: Trouble, digest: Digest, now: datetime) -> str:
    return _LINE.format(
        one.email, one.state, one.attempts, local(one.tried_at), local(one.due_at), why(one, digest, now)
    )


def _array(found: Iterator[Trouble], digest: Digest, now: datetime) -> Iterator[str]:
    before = "[\n  "
    for one in found:
        facts = one._asdict() | {
            "tried_at": _instant(one.tried_at),
            "due_at": _instant(one.due_at),
            "why": why(one, digest, now),
        }
        yield before + json.dumps(facts, ensure_ascii=False)
        before = ",\n  "
    yield "[]\n" if before.startswith("[") else "\n]\n"


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
