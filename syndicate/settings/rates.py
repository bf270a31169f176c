"""How fast mail may go, as written in ``syndicate.toml``: ``14/s``, ``50000/day``, a warm-up that doubles each day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, GetPydanticSchema
from pydantic_core import core_schema

_SECONDS = {"s": 1, "sec": 1, "second": 1, "min": 60, "m": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}
_RATE = re.compile(r"(\d{1,9})\s*/\s*([a-z]+)")
_WARM_UP = re.compile(r"(\d{1,9})\s*/\s*day doubling to (\d{1,9})\s*/\s*day")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` messages in ``seconds``."""

    count: int
    seconds: int

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return self.count / self.seconds

    def __str__(self) -> str:
        unit = {1: "s", 60: "min", 3600: "h", 86400: "day"}[self.seconds]
        return f"{self.count}/{unit}"


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What a new sender may send: ``first`` messages on its first day, twice as many each day, up to ``last``."""

    first: int
    last: int

    def allowed(self, day: int) -> int:
        """Messages on that day, counted from 0."""
        return min(self.last, self.first << min(day, 40))

    def __str__(self) -> str:
        return f"{self.first}/day doubling to {self.last}/day"


def parse_rate(value: object) -> Rate:
    """:raises ValueError: when it is none."""
    if isinstance(value, Rate):
        return value
    match = _RATE.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if not match or match[2] not in _SECONDS or not int(match[1]):
        raise ValueError('a number and a time, such as "14/s", "600/min", "5000/h" or "50000/day"')
    return Rate(int(match[1]), _SECONDS[match[2]])


def _rates(value: object) -> tuple[Rate, ...]:
    several = value if isinstance(value, list | tuple) else [value]
    return tuple(parse_rate(one) for one in several)


def _warm_up(value: object) -> WarmUp:
    if isinstance(value, WarmUp):
        return value
    match = _WARM_UP.fullmatch(" ".join(value.lower().split())) if isinstance(value, str) else None
    if not match or not 0 < int(match[1]) <= int(match[2]):
        raise ValueError('a first and a last day, such as "200/day doubling to 200000/day"')
    return WarmUp(int(match[1]), int(match[2]))


def _as_is(_source: object, _handler: object) -> Any:
    return core_schema.any_schema()


OneRate = Annotated[Rate, GetPydanticSchema(_as_is), BeforeValidator(parse_rate)]
Rates = Annotated[tuple[Rate, ...], GetPydanticSchema(_as_is), BeforeValidator(_rates)]
WarmUpRate = Annotated[WarmUp, GetPydanticSchema(_as_is), BeforeValidator(_warm_up)]
