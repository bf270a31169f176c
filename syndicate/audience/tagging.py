"""Tags of one reader, put on and taken off by an operator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from syndicate.audience.address import normalise
from syndicate.audience.choices import topics_of
from syndicate.errors import NotFoundError
from syndicate.store import Store, audit, subscribers
from syndicate.store.subscribers import topics_key


def tag(
    store: Store,
    email: str,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    who: str,
    ip: str = "",
    now: datetime,
) -> tuple[str, ...]:
    """Puts tags on the reader of that address, takes others off, and says which there are now.

    :raises AddressError: when it is none.
    :raises NotFoundError: when it is nobody's.
    :raises SyndicateError: when a tag is too long, or can't be shown.
    """
    address = normalise(email)
    added, gone = topics_of(add), subscribers.topics_of(topics_key(topics_of(remove)))
    with store.write() as connection:
        person = subscribers.people(connection, [address]).get(address)
        if person is None:
            raise NotFoundError("subscriber", address)
        tags = subscribers.topics_of(topics_key([*(one for one in person.tags if one not in gone), *added]))
        if tags != person.tags:
            subscribers.describe(connection, [replace(person, tags=tags)])
            about, detail = f"subscriber {person.id}", "; ".join(tags)
            audit.note(connection, who, "tagged", about=about, detail=detail, ip=ip, now=now)
    return tags
