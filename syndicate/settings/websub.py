"""What ``syndicate.toml`` may say about WebSub: which hubs feeds name, and what the built-in one takes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from syndicate.settings.rates import OneRate, Rate
from syndicate.settings.values import Duration, Section

INTERNAL = "internal"
"""The hub that is built in."""


def _hubs(value: object) -> tuple[object, ...]:
    several = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(one, str) and (one == INTERNAL or _is_address(one)) for one in several):
        raise ValueError('"internal", or the address of a hub, https:// or http://, without a password; or several')
    return tuple(dict.fromkeys(several))


def _is_address(text: str) -> bool:
    """Whether it may stand in a feed, and in a header, as the address of a hub."""
    try:
        parts = urlsplit(text)
        names_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return (
        bool(names_one)
        and not parts.username
        and re.fullmatch(r"[^\x00-\x20\x7f-\U0010ffff<>\"#\\]+", text) is not None
    )


Hubs = Annotated[tuple[str, ...], BeforeValidator(_hubs)]


class WebSub(Section):
    """`[websub]`: telling who follows a feed that it changed, at once, through hubs (WebSub)."""

    hub: Hubs = Field(
        (),
        description='`"internal"` for the hub that is built in, the address of another one, or an array of several; '
        "empty: no WebSub.",
    )
    lease: Duration = Field(
        timedelta(days=10), description="The built-in hub: for how long one follows a feed who does not say how long."
    )
    shortest_lease: Duration = Field(timedelta(hours=1), description="Who asks for less gets this.")
    longest_lease: Duration = Field(timedelta(days=30), description="Who asks for more gets this.")
    followers: int = Field(
        10_000, ge=1, le=1_000_000, description="At most so many in all, counted by feed and callback."
    )
    followers_per_host: int = Field(1000, ge=1, le=1_000_000, description="At most so many at one callback's host.")
    requests: OneRate = Field(
        Rate(300, 3600),
        description="At most so many requests to follow from one IPv4 address or IPv6 network (/64), and for one "
        "callback's host.",
    )
    connections: int = Field(8, ge=1, le=100, description="At most so many hubs and callbacks are asked at once.")
    timeout: Duration = Field(timedelta(seconds=20), description="How long one request to them may take in all.")
    allow_private: bool = Field(False, description="Also ask hubs and callbacks at loopback and private addresses.")

    @model_validator(mode="after")
    def _leases(self) -> Self:
        if not self.shortest_lease <= self.lease <= self.longest_lease:
            raise ValueError("`lease` from `shortest_lease` to `longest_lease`")
        return self

    @property
    def is_internal(self) -> bool:
        """Whether the built-in hub is one of them."""
        return INTERNAL in self.hub
