"""Letting a digest go that is held or in review: what goes to how many, and the button."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.digest.proofs import Proofs
from syndicate.store import articles, digests
from syndicate.web.console.desk import Desk
from syndicate.web.console.digests.checking import checked
from syndicate.web.console.digests.given import number
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_MOST = 12
"""Articles that are named."""


class Approving:
    """Asks before it sends to everyone."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk, self._proofs = app, desk, Proofs(app.digests)
        door.get("/console/digests/{digest_id:int}/approve", Right.SEND, self.ask, fresh=True)
        door.post("/console/digests/{digest_id:int}/approve", Right.SEND, self.approve, fresh=True)

    def ask(self, visit: Visit, digest_id: int) -> Response:
        """What would go out, to how many."""
        place = self._proofs.waiting(digest_id)
        with self._app.store.read() as connection:
            mails = digests.owed(connection, digests.get(connection, digest_id))
            looks = digests.variants_of(connection, digest_id)
            shown = articles.by_ids(connection, looks[0].articles) if looks else []
        return self._desk.show(
            visit,
            "digests/approve.html",
            section="digests",
            place=place,
            digest=place.digest,
            mails=mails,
            variants=len(looks),
            articles=shown,
            most=_MOST,
            checked=checked(self._app.preflight.at_once(self._app.preflight.of_digest(digest_id, visit.now))),
        )

    def approve(self, visit: Visit, digest_id: int) -> Response:
        """Lets it go, as it was when it was shown."""
        version = number(visit.form.one("version"))
        _, planned = self._app.digests.approve(digest_id, visit.now, visit.by, version or 0)
        self._app.jobs.bell.ring()
        told = f"{planned:,} mail{'' if planned == 1 else 's'}"
        return self._desk.go(visit, f"/console/digests/{digest_id}", f"Approved: {told} will go out now.")
