"""What is done with a digest: paused, resumed, cancelled; what did not get through, and what is uncertain."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.digest.digests import Resolution
from syndicate.errors import ConflictError
from syndicate.model import DeliveryState
from syndicate.store import digests, standing
from syndicate.store.remedies import RETRIED, Remedied
from syndicate.web.console.desk import Desk
from syndicate.web.console.digests.given import number, state_of
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_DONE = {
    Resolution.RESEND: "{} will be sent again.",
    Resolution.HOLD: "{} will stay uncertain, for good.",
    Resolution.MARK_SENT: "{} will count as sent.",
}


class DigestActs:
    """The buttons of a digest's page."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        for act in (self.pause, self.resume, self.cancel, self.retry, self.resolve):
            door.post(f"/console/digests/{{digest_id:int}}/{act.__name__}", Right.SEND, act)
        door.get("/console/digests/{digest_id:int}/cancel", Right.SEND, self.ask_to_cancel)

    def pause(self, visit: Visit, digest_id: int) -> Response:
        """Stops it for now."""
        self._app.digests.pause(digest_id, visit.now, visit.by)
        return self._back(visit, digest_id, "It is paused. Mail that is being handed over is finished; the rest waits.")

    def resume(self, visit: Visit, digest_id: int) -> Response:
        """Lets it go on."""
        self._app.digests.resume(digest_id, visit.now, visit.by)
        self._app.jobs.bell.ring()
        return self._back(visit, digest_id, "It goes on.")

    def ask_to_cancel(self, visit: Visit, digest_id: int) -> Response:
        """What cancelling would mean now."""
        with self._app.store.read() as connection:
            digest = digests.get(connection, digest_id)
            counts = standing.equation(connection, digest_id)
        waiting = digest.state in digests.WAITING
        return self._desk.show(
            visit, "digests/cancel.html", section="digests", digest=digest, counts=counts, is_waiting=waiting
        )

    def cancel(self, visit: Visit, digest_id: int) -> Response:
        """Ends it."""
        _, dropped = self._app.digests.cancel(digest_id, visit.now, visit.by)
        return self._back(visit, digest_id, f"It is cancelled; {_mails(dropped)} will not be sent.")

    def retry(self, visit: Visit, digest_id: int) -> Response:
        """Has what did not get through tried once more."""
        only = state_of(DeliveryState, visit.form.one("only"))
        if only not in RETRIED | {None}:
            raise ConflictError(f"what is {only} can't be tried again")
        subscription = number(visit.form.one("subscription"))
        _, done = self._app.digests.retry(digest_id, visit.now, only, visit.by, subscription)
        self._app.jobs.bell.ring()
        return self._back(visit, digest_id, f"{_mails(done.changed)} will be tried once more.{_left_out(done)}")

    def resolve(self, visit: Visit, digest_id: int) -> Response:
        """Decides about what may have gone out, or not."""
        resolution = state_of(Resolution, visit.form.one("resolution"))
        if resolution is None:
            raise ConflictError("say what to do about it: count it as sent, send it again, or leave it")
        subscription = number(visit.form.one("subscription"))
        _, done = self._app.digests.resolve(digest_id, resolution, visit.now, visit.by, subscription)
        self._app.jobs.bell.ring()
        return self._back(visit, digest_id, f"{_DONE[resolution].format(_mails(done.changed))}{_left_out(done)}")

    def _back(self, visit: Visit, digest_id: int, said: str) -> Response:
        """To where the button was: the digest's page, or that reader among its results."""
        if subscription := number(visit.form.one("subscription")):
            return self._desk.go(visit, f"/console/digests/{digest_id}/results?only={subscription}", said)
        return self._desk.go(visit, f"/console/digests/{digest_id}", said)


def _mails(count: int) -> str:
    return f"{count:,} mail{'' if count == 1 else 's'}"


def _left_out(done: Remedied) -> str:
    left = ((done.suppressed, "their address is suppressed"), (done.left, "they left or paused"))
    return "".join(f" {count:,} not, for {why} by now." for count, why in left if count)
