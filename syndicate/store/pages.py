"""Articles' texts that were fetched from their own pages, for feeds that have only a beginning of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from syndicate.store.schema import page_texts


class PageText(NamedTuple):
    """``html`` is empty when the page had nothing better; ``teaser_hash`` is of what the feed said then."""

    guid: str
    teaser_hash: str
    html: str


def of_source(connection: Connection, source: str) -> dict[str, PageText]:
    """Those of that source, by guid."""
    c = page_texts.c
    rows = connection.execute(select(c.guid, c.teaser_hash, c.html).where(c.source == source))
    return {row.guid: PageText(*row) for row in rows}


def keep(connection: Connection, source: str, texts: Iterable[PageText], shown: Collection[str]) -> None:
    """Keeps those, and forgets the ones of articles that the feed no longer shows."""
    known = of_source(connection, source)
    new = {one.guid: one for one in texts}
    for guid in (known.keys() - set(shown)) | (known.keys() & new.keys()):
        connection.execute(delete(page_texts).where(page_texts.c.source == source, page_texts.c.guid == guid))
    if new:
        connection.execute(insert(page_texts), [{"source": source, **one._asdict()} for one in new.values()])
