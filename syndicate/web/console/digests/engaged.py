"""How often a digest's links were followed and its mails shown, for its results."""

from __future__ import annotations

from typing import NamedTuple

from syndicate.audience.engagement import links_of
from syndicate.store import Connection, engagement
from syndicate.store.engagement import OPENED, Counted

_MOST = 50


class Engaged(NamedTuple):
    """One link, or the mails themselves where it is None: how often by people, and by machines."""

    url: str | None
    people: int
    machines: int


def engaged(connection: Connection, digest_id: int) -> list[Engaged]:
    """The mails first, then the links, the most followed first; nothing where nothing was counted."""
    counted = engagement.of_digest(connection, digest_id)
    if not counted:
        return []
    urls = links_of(connection, digest_id)

    def told(link: int, url: str | None) -> Engaged:
        people, machines = (counted.get(Counted(digest_id, link, by_machine), 0) for by_machine in (False, True))
        return Engaged(url, people, machines)

    followed = [told(link, urls[link]) for link in {one.link for one in counted} if link in urls]
    mails = told(OPENED, None)
    shown = [mails] if mails.people or mails.machines else []
    return shown + sorted(followed, key=lambda one: (-one.people, -one.machines, one.url))[:_MOST]
