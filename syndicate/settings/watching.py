"""What ``syndicate.toml`` may say about those who watch the service."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parseaddr
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from syndicate.settings.values import Duration, Mailbox, Section


class Metrics(Section):
    """`[metrics]`: who may read `/metrics`, and the details of `/readyz`."""

    token: SecretStr | None = Field(
        None,
        min_length=20,
        description="Whoever asks sends it as `Authorization: Bearer …`. Without it, only programs on this machine "
        "that ask the service itself, and no web server in front of it, may. Or `token_file`.",
    )


class Log(Section):
    """`[log]`: what goes to standard error, and how; never an address of anybody."""

    format: Literal["auto", "json", "pretty"] = Field(
        "auto", description="One JSON object a line, or lines for people; `auto`: the latter on a terminal."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that `serve` says; single commands say warnings and errors."
    )


class Alerts(Section):
    """`[alerts]`: who is told when something is wrong that needs a person, and from when on."""

    mail: tuple[Mailbox, ...] = Field(
        (), description="Addresses that get a mail when it begins, each day, and at its end."
    )
    webhook: SecretStr | None = Field(
        None, description="An address that the same is posted to as JSON; chat programs show it. Or `webhook_file`."
    )
    allow_private: bool = Field(False, description="The webhook may be on this machine or in a private network.")
    relay: Duration = Field(
        timedelta(minutes=10), description="A relay that is down, or a mailbox that can't be read, for so long."
    )
    source: Duration = Field(timedelta(hours=24), description="A source that could not be read for so long.")
    bounces: float = Field(
        2.0,
        gt=0,
        le=100,
        description="More than this percentage of a digest's mails came back or were refused for good.",
    )
    complaints: float = Field(0.1, gt=0, le=100, description="Readers complained about more than this percentage.")
    disk: int = Field(
        1_000_000_000, ge=0, description="Fewer bytes than this are left where the database lies; 0 never tells."
    )

    @field_validator("webhook")
    @classmethod
    def _web_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            try:
                parts = urlsplit(value.get_secret_value())
                usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            except ValueError:
                usable = False
            if not usable:
                raise ValueError("an address that begins with https:// or http:// and names a host")
        return value

    @property
    def addresses(self) -> tuple[str, ...]:
        """The bare addresses of ``mail``."""
        return tuple(parseaddr(one)[1] for one in self.mail)
