"""``/console/digests/{digest_id}``: one digest, what it carried, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.model import SHOWN, DeliveryState, Digest, DigestState, Equation
from syndicate.store import Connection, articles, audit, digests, reasons, returns, standing
from syndicate.store.remedies import RETRIED
from syndicate.web.console import words
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_VARIANTS, _ARTICLES, _REASONS, _ACTS, _DOMAINS = 12, 12, 20, 50, 500
"""How many of each are shown."""

UNDER_WAY = (DigestState.SENDING, DigestState.PAUSED)
_MENDABLE = (*UNDER_WAY, DigestState.SENT)


class DigestPages:
    """One digest, as anyone may see it who is signed in: without persons."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/digests/{digest_id:int}", Right.VIEW, self.digest)
        door.get("/console/digests/{digest_id:int}/domains", Right.VIEW, self.domains)

    def digest(self, visit: Visit, digest_id: int) -> Response:
        """All about it."""
        with self._app.store.read() as connection:
            digest = digests.get(connection, digest_id)
            counts = standing.equation(connection, digest_id)
            first_at = standing.first_tried_at(connection, digest_id)
            values = {
                "undecided": standing.undecided(connection, digest_id),
                "returned": returns.counts(connection, [digest_id])[digest_id],
                "reasons": reasons.by_words(connection, digest_id, now=visit.now, limit=_REASONS),
                "troubles": reasons.by_trouble(connection, digest_id, now=visit.now, limit=_REASONS),
                "acts": audit.newest(connection, about=f"digest {digest_id}", limit=_ACTS),
                **self._carried(connection, digest_id),
            }
        newsletter = self._app.settings.newsletter(digest.newsletter)
        until = digest.finished_at or visit.now
        return self._desk.show(
            visit,
            "digests/digest.html",
            section="digests",
            digest=digest,
            newsletter=newsletter,
            counts=counts,
            first_at=first_at,
            lasted=words.lasting(until - first_at) if first_at else "",
            speed=_speed(counts, until - first_at) if first_at else "",
            moving=self._desk.meter.of([digest_id]) if digest.state in UNDER_WAY else [],
            told_at=visit.now,
            progress_url=f"{self._desk.base}/console/digests/{digest_id}/progress",
            looked_at=reasons.LOOKED_AT,
            retryable=_retryable(digest, counts),
            is_mendable=digest.state in _MENDABLE,
            is_waiting=digest.state in digests.WAITING,
            view_url=self._app.links.view(digest.newsletter, digest.id) if digest.state in SHOWN else "",
            **values,
        )

    def domains(self, visit: Visit, digest_id: int) -> Response:
        """Every domain that it went to, those with most readers first."""
        with self._app.store.read() as connection:
            digest = digests.get(connection, digest_id)
            found = reasons.by_domain(connection, digest_id)
        rows: dict[str, dict[str, int]] = {}
        for one in found:
            row = rows.setdefault(one.domain, dict.fromkeys(DeliveryState, 0))
            row[one.state] += one.mails
        ordered = sorted(rows.items(), key=lambda row: (-sum(row[1].values()), row[0]))
        return self._desk.show(
            visit,
            "digests/domains.html",
            section="digests",
            digest=digest,
            rows=ordered[:_DOMAINS],
            others=len(ordered) - len(ordered[:_DOMAINS]),
        )

    def _carried(self, connection: Connection, digest_id: int) -> dict[str, Any]:
        looks = digests.looks_of(connection, digest_id, limit=_VARIANTS + 1)
        shown = looks[:_VARIANTS]
        ids = list(dict.fromkeys(one for look in shown for one in look.articles[:_ARTICLES]))
        found = {one.id: one for one in articles.by_ids(connection, ids)}
        return {
            "variants": shown,
            "mails": standing.by_variant(connection, digest_id) if len(looks) > 1 else {},
            "more_variants": len(looks) > _VARIANTS,
            "most_articles": _ARTICLES,
            "articles": found,
            "links": {one.id: self._app.links.article(one) for one in found.values()},
        }


def _speed(counts: Equation, took: timedelta) -> str:
    return words.speed(counts.accepted / max(1.0, took.total_seconds())) if counts.accepted else ""


def _retryable(digest: Digest, counts: Equation) -> dict[DeliveryState, int]:
    """What can be tried once more, and how many of each."""
    if digest.state not in _MENDABLE:
        return {}
    found = {state: getattr(counts, state) for state in DeliveryState if state in RETRIED}
    return {state: count for state, count in found.items() if count}
