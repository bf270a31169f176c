"""How a digest begins: what its row says, and what is frozen with it. Called by ``digests`` and ``proofs``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from syndicate.digest.cadence import Slot
from syndicate.digest.compose import Composition, first_state
from syndicate.digest.press import subject_for_all
from syndicate.errors import WordingError
from syndicate.model import Digest, DigestState, Parts
from syndicate.settings import MANUAL, Newsletter
from syndicate.store import Connection, digests


def blank(newsletter: Newsletter, cadence: str, slot: Slot, digest_id: int, upto: int, now: datetime) -> Digest:
    """One that has nothing for anybody."""
    return Digest(
        id=digest_id,
        newsletter=newsletter.slug,
        cadence=cadence,
        slot=slot.name,
        due_at=slot.due_at,
        state=DigestState.EMPTY,
        subject="",
        upto=upto,
        composed_at=now,
        note="nothing new, or nobody to send it to",
        finished_at=None,
    )


def begun(
    digest: Digest,
    newsletter: Newsletter,
    widest: Parts,
    wrong: WordingError | None,
    now: datetime,
    *,
    undecided: bool = False,
) -> Digest:
    """The same with something in it, and where that begins: held when it is late, or lacks ``wrong`` words.

    So is what comes while it is ``undecided`` whether another copy of this installation sent the same.
    """
    late = timedelta(0) if digest.cadence == MANUAL else now - digest.due_at
    state = DigestState.SENDING if digest.cadence == MANUAL else first_state(newsletter, late)
    note = f"its slot is {_hours(late)} late" if state is DigestState.HELD else ""
    if undecided and state is DigestState.SENDING and digest.cadence != MANUAL:
        state, note = DigestState.HELD, "it may have been sent before the backup was restored; `syndicate live` decides"
    if wrong:
        state, note = DigestState.HELD, f"composed without {wrong}"
    return replace(digest, state=state, note=note, subject=subject_for_all(widest))


def freeze(
    connection: Connection, digest_id: int, found: Composition, rendered: Mapping[tuple[int, ...], Parts]
) -> None:
    """Keeps its variants, and who gets which."""
    for chosen, groups in found.sets:
        variant = digests.add_variant(connection, digest_id, chosen, rendered[chosen]) if chosen else None
        for group in groups:
            digests.add_audience(connection, digest_id, group, variant)


def _hours(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
