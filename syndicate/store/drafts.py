"""Drafts: what editors want of a digest, until it is composed and, if it waits, until it is let go.

Whoever locks rows of digests, too, does so before. ``digest.drafting`` says what drafts mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from syndicate.errors import ConflictError
from syndicate.model import Choice, Chosen, Draft
from syndicate.store.schema import chosen, drafts

_d = drafts.c
_WORDS = ("newsletter", "cadence", "occasion", "digest_id", "subject", "preheader", "intro", "edited_at", "edited_by")


def upcoming(connection: Connection, newsletter: str, cadence: str, occasion: str = "", *, lock: bool = False) -> Draft:
    """What the next digest is to be like: one with version 0 when nothing was said of it.

    With an ``occasion``, the draft for that, or one for an earlier occasion on which nothing was composed.
    """
    used = drafts.alias()
    again = and_(
        used.c.newsletter == _d.newsletter,
        used.c.cadence == _d.cadence,
        used.c.occasion == _d.occasion,
        used.c.digest_id.is_not(None),
    )
    is_used = exists(select(used.c.id).where(again))
    fits: ColumnElement[bool] = (_d.occasion == "") | ~is_used
    if occasion:
        fits = (_d.occasion == occasion) | and_(_d.occasion < occasion, fits)
    query = select(drafts).where(_open(newsletter, cadence), fits).order_by(_d.occasion.desc()).limit(1)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _draft(connection, row) if row else Draft(newsletter=newsletter, cadence=cadence, occasion=occasion)


def of_digest(connection: Connection, digest_id: int) -> Draft | None:
    """What a digest was composed from, None when nothing was said of it."""
    row = connection.execute(select(drafts).where(_d.digest_id == digest_id)).one_or_none()
    return _draft(connection, row) if row else None


def keep(connection: Connection, draft: Draft, *, by: str, now: datetime) -> Draft:
    """Writes it down instead of the version that it was made from; gives back what is kept.

    :raises ConflictError: when that is not the newest any more.
    """
    values = {name: getattr(draft, name) for name in _WORDS} | {"edited_at": now, "edited_by": by}
    values["version"] = draft.version + 1
    if draft.version:
        mine = and_(_d.id == draft.id, _d.version == draft.version)
        if not connection.execute(update(drafts).where(mine).values(values)).rowcount:
            raise _overtaken(draft)
        connection.execute(delete(chosen).where(chosen.c.draft_id == draft.id))
        draft_id = draft.id
    else:
        try:
            with connection.begin_nested():
                draft_id = int(connection.execute(insert(drafts).returning(_d.id), values).scalar_one())
        except IntegrityError:
            raise _overtaken(draft) from None
    _choose(connection, draft_id, draft.chosen)
    return replace(draft, id=draft_id, version=draft.version + 1, edited_at=now, edited_by=by)


def use(connection: Connection, read: Draft, merged: Draft, digest_id: int, *, again: bool) -> bool:
    """Notes that a digest was composed from ``merged``, which was made of ``read``; false when that was changed since.

    ``again`` when other digests are composed from it, too: then it stays, for this one's occasion.
    """
    newest = upcoming(connection, read.newsletter, read.cadence, merged.occasion)
    if (newest.id, newest.version) != (read.id, read.version):
        return False
    if read.version:
        mine = and_(_d.id == read.id, _d.version == read.version)
        changing = update(drafts).where(mine).values(occasion=merged.occasion) if again else delete(drafts).where(mine)
        if not connection.execute(changing).rowcount:
            return False
    if merged.version or merged.chosen:
        values = {name: getattr(merged, name) for name in _WORDS}
        values |= {"digest_id": digest_id, "version": max(1, merged.version)}
        _choose(
            connection,
            int(connection.execute(insert(drafts).returning(_d.id), values).scalar_one()),
            merged.chosen,
        )
    return True


def forget(connection: Connection, newsletter: str, cadence: str, *, before: str) -> None:
    """Removes drafts for occasions before that one, which all had their digests."""
    connection.execute(delete(drafts).where(_open(newsletter, cadence), _d.occasion < before, _d.occasion > ""))


def merged(first: Iterable[Chosen], last: Iterable[Chosen]) -> tuple[Chosen, ...]:
    """Both together; where they differ about an article, ``last`` counts."""
    return tuple({one.article_id: one for one in (*first, *last)}.values())


def hand_on(connection: Connection, to: Draft, what: Sequence[Chosen], *, now: datetime) -> None:
    """Puts choices into a draft that says nothing of their articles yet."""
    if new := [one for one in what if one.article_id not in {known.article_id for known in to.chosen}]:
        keep(connection, replace(to, chosen=(*to.chosen, *new)), by=to.edited_by, now=to.edited_at or now)


def _open(newsletter: str, cadence: str) -> ColumnElement[bool]:
    return and_(_d.newsletter == newsletter, _d.cadence == cadence, _d.digest_id.is_(None))


def _choose(connection: Connection, draft_id: int, wanted: Sequence[Chosen]) -> None:
    rows = [
        {"draft_id": draft_id, "article_id": one.article_id, "choice": one.choice, "place": one.place} for one in wanted
    ]
    if rows:
        connection.execute(insert(chosen), rows)


def _draft(connection: Connection, row: Row[Any]) -> Draft:
    c = chosen.c
    query = select(c.article_id, c.choice, c.place).where(c.draft_id == row.id).order_by(c.article_id)
    found = [Chosen(one.article_id, Choice(one.choice), one.place) for one in connection.execute(query)]
    values = {f.name: getattr(row, f.name) for f in fields(Draft) if f.name != "chosen"}
    return Draft(**values, chosen=tuple(found))


def _overtaken(draft: Draft) -> ConflictError:
    what = f"digest {draft.digest_id}" if draft.digest_id else f"the next {draft.cadence} digest of {draft.newsletter}"
    return ConflictError(f"{what} was changed by somebody else, or composed, meanwhile; look at it again")
