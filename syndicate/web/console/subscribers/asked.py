"""Whom the list shows: what stands in its address → who is sought, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syndicate.model import SubscriptionState
from syndicate.store.seek import EVERYONE, Sought

SUPPRESSED = "suppressed"
FIELDS = ("text", "newsletter", "state", "topic", "tag")
STATES = (*SubscriptionState, SUPPRESSED)
"""What can be chosen as a state: those of subscriptions, and a ban on the address."""

_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is sought, as fields of a form; what can't be is left out. ``before`` is where the page begins."""

    text: str = ""
    newsletter: str = ""
    state: str = ""
    topic: str = ""
    tag: str = ""
    before: int | None = None

    @property
    def sought(self) -> Sought:
        """The same, for the database."""
        if not self.fields:
            return EVERYONE
        return Sought(
            text=self.text,
            newsletter=self.newsletter,
            state=SubscriptionState(self.state) if self.state and self.state != SUPPRESSED else None,
            topic=self.topic,
            tag=self.tag,
            suppressed=self.state == SUPPRESSED,
        )

    @property
    def fields(self) -> dict[str, str]:
        """What says something, by the name of its field."""
        found = {name: getattr(self, name) for name in FIELDS}
        return {name: value for name, value in found.items() if value}


def read(fields: Mapping[str, str]) -> Asked:
    """What was asked for."""
    state, before = fields.get("state", ""), fields.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 20 else 0
    return Asked(
        text=fields.get("text", "").strip()[:254],
        newsletter=fields.get("newsletter", "").strip()[:200],
        state=state if state in STATES else "",
        topic=fields.get("topic", "").strip()[:200],
        tag=fields.get("tag", "").strip()[:200],
        before=number if 0 < number < _LARGEST else None,
    )
