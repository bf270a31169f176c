"""What workers are asked to do, as jobs. They carry ids alone; what is found to be done already is done at once."""

from __future__ import annotations

from collections.abc import Iterable

from syndicate.store.queues import Job


def _once(queue: str, task: str, what: str = "", **args: int | str) -> Job:
    """One that need not wait twice, and does not run beside its like."""
    name = f"{task} {what}".strip()
    return Job(queue=queue, task=task, args=args, lock=name, queueing_lock=name)


def pick_up(sources: Iterable[str], *, even_if_not_due: bool = False) -> list[Job]:
    """To look at each of these."""
    return [_once("pickup", "pick_up_source", one, source=one, asked=int(even_if_not_due)) for one in sources]


def compose(newsletters: Iterable[str]) -> list[Job]:
    """To compose what is due of each of these."""
    return [_once("publish", "compose_digest", one, newsletter=one) for one in newsletters]


def import_roster(upload: str) -> Job:
    """To import a file of readers."""
    return _once("inbound", "import_roster", upload, upload=upload)


PUBLISH = _once("publish", "publish_feeds")
ANNOUNCE = _once("publish", "announce")
TELL_PROGRAMS = _once("publish", "tell_programs")
TELL = _once("send", "send_notices")
POLL = _once("inbound", "process_inbound")
