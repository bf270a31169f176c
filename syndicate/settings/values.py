"""What single values of ``syndicate.toml`` may look like. Called by the sections of the schema."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import getaddresses
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

SLUG = r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d{1,6})\s*([smhdw])", value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError('a whole number and a unit, such as "90s", "15m", "6h", "2d" or "1w"')
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def duration_text(value: timedelta) -> str:
    """A duration as it would stand in the file, in the largest unit that fits."""
    seconds = int(value.total_seconds())
    unit, size = next((u, size) for u, size in reversed(_UNITS.items()) if seconds % size == 0 and seconds >= size)
    return f"{seconds // size}{unit}"


def _reasonable(value: timedelta) -> timedelta:
    if not timedelta(0) < value <= timedelta(days=3650):
        raise ValueError("more than nothing, and at most ten years")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address that begins with https:// or http:// and names a host")
    return value.rstrip("/")


def _no_line_break(value: str) -> str:
    if re.search(r"[\r\n\0]", value):
        raise ValueError("text on one line")
    return value


def _mailbox(value: str) -> str:
    found = getaddresses([_no_line_break(value)])
    if len(found) != 1 or not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", found[0][1]):
        raise ValueError('"Name <user@host>" or "user@host"; a name with a comma in it wants quotes around it')
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_reasonable)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Line = Annotated[str, AfterValidator(_no_line_break)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]


class Section(BaseModel):
    """One table of the file. Unknown keys are errors; values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
