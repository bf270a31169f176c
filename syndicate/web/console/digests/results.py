"""``/console/digests/{digest_id}/results``: what became of a digest for each reader, to look at and to take along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from urllib.parse import urlencode

from fastapi.responses import Response, StreamingResponse

from syndicate.app import App
from syndicate.audience.address import normalise
from syndicate.audience.sheet import Writer
from syndicate.desk.rights import Right
from syndicate.errors import AddressError
from syndicate.model import DigestState
from syndicate.store import Connection, audit, digests, results, settling, subscribers
from syndicate.store import engaged as by_reader
from syndicate.store.results import Result, Standing, Wanted
from syndicate.web.console.desk import PRIVATE, Desk
from syndicate.web.console.digests.engaged import engaged
from syndicate.web.console.digests.given import number, state_of, words
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

PAGE = 50
"""Results on one page."""

_AT_A_TIME = 1000
"""Rows of a file that are read at once, so that a slow download holds no transaction open."""

_ENHANCED = re.compile(r"\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b")
_COLUMNS = (
    *("address", "domain", "state", "attempts", "tried_at", "code", "enhanced_code", "words", "relay"),
    *("came_back", "reason", "came_back_at"),
)


class Results:
    """Each reader's delivery, searched and chosen by what the address says."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/digests/{digest_id:int}/results", Right.READERS, self.results)
        door.get("/console/digests/{digest_id:int}/results.csv", Right.READERS, self.export, fresh=True)

    def results(self, visit: Visit, digest_id: int) -> Response:
        """A page of them."""
        asked, after = _asked(visit), number(visit.query.get("after")) or 0
        with self._app.store.read() as connection:
            digest = digests.get(connection, digest_id)
            wanted = _wanted(connection, digest.newsletter, asked)
            found = results.of_digest(connection, digest_id, wanted, after=after, limit=PAGE + 1)
            counted = [] if asked or after else engaged(connection, digest_id)
            acted = by_reader.of_readers(connection, digest_id, [one.subscription_id for one in found])
            is_settled = settling.is_settled(connection, digest_id)
        shown = found[:PAGE]
        next_page = urlencode({**asked, "after": shown[-1].subscription_id}) if len(found) > PAGE else ""
        return self._desk.show(
            visit,
            "digests/results.html",
            section="digests",
            digest=digest,
            newsletter=self._app.settings.newsletter(digest.newsletter),
            results=shown,
            engaged=counted,
            acted=acted,
            asked=asked,
            standings=list(Standing),
            same=urlencode(asked),
            next_page=next_page,
            is_first=not after,
            is_settled=is_settled,
            can_be_mended=digest.state in (DigestState.SENDING, DigestState.PAUSED, DigestState.SENT),
        )

    def export(self, visit: Visit, digest_id: int) -> Response:
        """All of them as CSV, written as they are read."""
        asked = _asked(visit)
        with self._app.store.write() as connection:
            digest = digests.get(connection, digest_id)
            wanted = _wanted(connection, digest.newsletter, asked)
            chosen = ", ".join(f"by {name}" for name in asked) or "all"
            about = f"digest {digest.id}"
            audit.note(connection, visit.by.name, "exported", about=about, detail=chosen, ip=visit.by.ip, now=visit.now)
        name = f"digest-{digest.id}.csv"
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(self._rows(digest.id, wanted), 200, headers, "text/csv; charset=utf-8")

    def _rows(self, digest_id: int, wanted: Wanted) -> Iterator[str]:
        out, after = StringIO(), 0
        writer = Writer(out)
        writer.write(_COLUMNS)
        while True:
            with self._app.store.read() as connection:
                found = results.of_digest(connection, digest_id, wanted, after=after, limit=_AT_A_TIME)
            for one in found:
                writer.write(_cells(one))
            yield out.getvalue()
            out.seek(0)
            out.truncate()
            if len(found) < _AT_A_TIME:
                return
            after = found[-1].subscription_id


def _asked(visit: Visit) -> dict[str, str]:
    """What the address chooses by, without what says nothing."""
    found = {
        "state": state_of(Standing, visit.query.get("state")) or "",
        "domain": words(visit.query.get("domain")).lower(),
        "q": words(visit.query.get("q")),
        "only": str(number(visit.query.get("only")) or ""),
    }
    return {name: text for name, text in found.items() if text}


def _wanted(connection: Connection, newsletter: str, asked: dict[str, str]) -> Wanted:
    """The address of somebody who reads it is looked up; anything else is searched for."""
    searched, only = asked.get("q", ""), number(asked.get("only"))
    if "@" in searched:
        with suppress(AddressError):
            theirs = subscribers.of_address(connection, normalise(searched))
            if found := [one.id for one in theirs if one.newsletter == newsletter]:
                searched, only = "", found[0]
    return Wanted(
        standing=state_of(Standing, asked.get("state")),
        domain=asked.get("domain", ""),
        words=searched,
        subscription_id=only,
    )


def _cells(one: Result) -> tuple[str, ...]:
    last = one.tries[-1] if one.tries else None
    came = one.came[-1] if one.came else None
    said = one.reply or (last.reply if last else "")
    enhanced = _ENHANCED.match(said)
    return (
        "" if one.is_erased else one.email,
        one.domain,
        one.state,
        str(len(one.tries)),
        last.ended_at.isoformat() if last else "",
        str(last.code or "") if last else "",
        enhanced[1] if enhanced else "",
        said,
        last.relay if last else "",
        came.kind if came else "",
        came.reason if came else "",
        came.came_at.isoformat() if came else "",
    )
