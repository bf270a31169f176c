"""Commands that stay wait for a database that is away when they begin, as they do later on."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from syndicate.errors import AwayError

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0

Result = TypeVar("Result")

log = structlog.get_logger()


def once_there(act: Callable[[], Result]) -> Result:
    """What ``act`` returns as soon as the database is there. SIGTERM ends the process well meanwhile."""
    wait = 0.0
    usual = signal.signal(signal.SIGTERM, _leave)
    try:
        while True:
            try:
                result = act()
            except AwayError as error:
                if not wait:
                    log.warning("the database is away, waiting for it", reason=error.reason)
                wait = min(_LONGEST_WAIT_S, 2 * wait or _FIRST_WAIT_S)
                time.sleep(wait)
            else:
                if wait:
                    log.warning("the database is back, going on")
                return result
    finally:
        signal.signal(signal.SIGTERM, usual)


def _leave(*_: object) -> None:
    sys.exit(0)
