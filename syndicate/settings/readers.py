"""What ``syndicate.toml`` may say about readers: confirmation, how long their data is kept, and limits to requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from syndicate.settings.rates import OneRate, Rate
from syndicate.settings.values import Duration, Line, Section


class Readers(Section):
    """`[readers]`: how readers confirm, what is kept of them, and for how long."""

    confirm_every: Duration = Field(
        timedelta(hours=6),
        description="An address, however it is spelled, is asked to confirm at most once in this time, over all "
        "newsletters; a later request waits for its turn.",
    )
    wording: Line = Field(
        "1",
        min_length=1,
        description="The version of what readers agree to when they subscribe, kept with each consent; change it with "
        "the text.",
    )
    ips: Literal["cut", "full", "none"] = Field(
        "cut",
        description="What is kept of the IP address of a request: its network (/24, or /48 in IPv6), all of it, or "
        "nothing.",
    )
    keep_unconfirmed: Duration = Field(
        timedelta(days=7), description="A request can be confirmed for so long; then it is deleted."
    )
    keep_ips: Duration = Field(timedelta(days=30), description="IP addresses are erased after so long.")
    keep_unsubscribed: Duration | None = Field(
        None,
        description="Who left every newsletter is erased after so long; without it, when they or an operator ask for "
        "it.",
    )

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.confirm_every > self.keep_unconfirmed:
            raise ValueError("`confirm_every` at most as long as `keep_unconfirmed`")
        return self


class Limits(Section):
    """`[limits]`: how many requests are taken; more are refused. All but `per_token` are about asking to subscribe, or
    to move to another address."""

    per_ip: OneRate = Field(Rate(30, 3600), description="From one IPv4 address.")
    per_network: OneRate = Field(Rate(60, 3600), description="From one IPv6 network (/64).")
    per_address: OneRate = Field(Rate(5, 3600), description="For one email address.")
    per_domain: OneRate = Field(Rate(1000, 3600), description="For all addresses of one domain.")
    overall: OneRate = Field(Rate(5000, 3600), description="In all.")
    per_token: OneRate = Field(Rate(600, 60), description="To the API, with one token.")
