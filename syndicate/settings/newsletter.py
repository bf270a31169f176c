"""`[[newsletters]]`: what readers subscribe to, and how often it comes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from syndicate.settings.values import LANGUAGE, SLUG, Duration, Line, Mailbox, Section

INSTANT = "instant"
"""The cadence that has no clock: as soon as an article is picked up."""

MANUAL = "manual"
"""Stands where a cadence would, for what an operator sends by hand to readers of all cadences; no cadence's name."""


def _cadence(value: object) -> object:
    if value is True or value == "true":
        return INSTANT
    if not isinstance(value, str):
        raise ValueError("a five-field cron expression, or `instant = true`")
    return value


class Newsletter(Section):
    """`[[newsletters]]`: what a reader subscribes to."""

    slug: str = Field(pattern=SLUG, description="Its name in addresses: lower-case letters, digits, hyphens.")
    title: Line = Field(min_length=1, description="What readers see.")
    description: Line = Field("", description="One sentence for the site, the feed and the mail.")
    language: Line | None = Field(
        None, pattern=LANGUAGE, description="What it is written in, as a language tag (BCP 47); else the site's."
    )
    sender: Mailbox = Field(description='The From header: "Name <user@host>".')
    reply_to: Mailbox | None = Field(None, description="The Reply-To header, when answers go elsewhere.")
    sources: tuple[str, ...] = Field((), description="Names of sources; empty means all.")
    tags: tuple[str, ...] = Field((), description="Only articles with one of these tags; empty means all.")
    timezone: str = Field("UTC", description="The cadences' time zone (IANA name).")
    max_articles: int = Field(12, ge=1, le=200, description="Articles shown in full or in short; the rest as links.")
    review: bool = Field(False, description="A composed digest waits until an operator approves it.")
    max_lateness: Duration = Field(timedelta(hours=6), description="A slot that is later than this is held.")
    relay: Line | None = Field(None, description="Mail goes over this one of the relays only, and over no other.")
    give_up_after: Duration = Field(
        timedelta(hours=48), description="A reader whose server puts the mail off for so long is given up."
    )
    uncertain: Literal["resend", "hold"] = Field(
        "resend", description="What happens to a delivery that was begun when the process died."
    )
    confirm: bool = Field(
        True,
        description="Who asks for it is asked back by mail. `false` only where something else proves that they agreed, "
        "such as a member register that posts to `/subscribe`; whoever left, or was erased, is asked all the same.",
    )
    send_in: Literal["newsletter", "subscriber"] = Field(
        "newsletter",
        description="Whose local time the cadences mean: the newsletter's time zone, or each reader's own where it is "
        "known.",
    )
    engagement: Literal["off", "clicks", "all"] = Field(
        "off",
        description="Count how often links in its mails are followed, and, with `all`, how often they are shown: "
        "numbers for each digest, never by whom.",
    )
    personal: bool = Field(
        False,
        description="Count them by reader, too: links then say whose they are, and who opened and followed which "
        "digest, and when, is kept for 90 days. Wants `engagement`, and in many countries your readers' consent.",
    )
    cadences: dict[str, Annotated[str, BeforeValidator(_cadence)]] = Field(
        description="Name = five-field cron expression, or `instant = true`. The first is the default.",
        min_length=1,
    )

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('an IANA time zone such as "Europe/Belgrade" or "UTC"') from None
        return value

    @field_validator("personal")
    @classmethod
    def _counted(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("engagement") == "off":
            raise ValueError('with `engagement = "clicks"` or `"all"` only: without it nothing is counted')
        return value

    @field_validator("cadences")
    @classmethod
    def _cadences(cls, value: dict[str, str]) -> dict[str, str]:
        for name, expression in value.items():
            if not re.fullmatch(SLUG, name) or name == MANUAL:
                raise ValueError(f"{name!r} is not a name: lower-case letters, digits, hyphens; not {MANUAL!r}")
            if (name == INSTANT) != (expression == INSTANT):
                raise ValueError(f"{name!r}: `instant = true` and a cron expression under another name")
            if expression != INSTANT:
                try:
                    if len(expression.split()) != 5:
                        raise CronSimError("Bad number of fields")
                    next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
                except (CronSimError, StopIteration) as error:
                    why = str(error) or "never comes"
                    raise ValueError(
                        f"{name} = {expression!r} is not a cron line ({why}); five fields: "
                        "minute hour day-of-month month day-of-week"
                    ) from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The cadences' time zone."""
        return ZoneInfo(self.timezone)

    @property
    def default_cadence(self) -> str:
        """What a reader gets who did not choose."""
        return next(iter(self.cadences))

    @property
    def address(self) -> str:
        """The sender's bare address."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """The sender's domain; Message-IDs and List-Ids end in it."""
        return self.address.rpartition("@")[2]
