"""Articles as their sources had them before they were cleaned: compressed, for people to compare."""

from __future__ import annotations

import zlib

from sqlalchemy import Connection, delete, insert, select

from syndicate.model import Original
from syndicate.store.schema import originals


def keep(connection: Connection, article_id: int, original: Original | None) -> None:
    """Keeps it in place of the one before; None when its source gave none."""
    connection.execute(delete(originals).where(originals.c.article_id == article_id))
    if original:
        body = zlib.compress(original.text.encode("utf-8", "replace"), 6)
        row = {"article_id": article_id, "kind": original.kind, "body": body, "is_whole": original.is_whole}
        connection.execute(insert(originals), row)


def of(connection: Connection, article_id: int) -> Original | None:
    """What an article was; None when that was not kept."""
    row = connection.execute(select(originals).where(originals.c.article_id == article_id)).one_or_none()
    return Original(zlib.decompress(row.body).decode(), row.kind, row.is_whole) if row else None
