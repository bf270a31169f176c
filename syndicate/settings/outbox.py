"""What ``syndicate.toml`` may say about webhooks that tell programs what happens here."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from syndicate.settings.values import Duration, Section


class Outbox(Section):
    """`[outbox]`: how programs are told what happens. Which ones those are, `syndicate webhooks` or the API say."""

    allow_private: bool = Field(False, description="They may be on this machine or in a private network.")
    give_up_after: Duration = Field(
        timedelta(days=5), description="A program that fails for so long is told nothing any more."
    )
