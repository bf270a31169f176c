"""Where the log goes, and how: lines for people, or JSON. What libraries say goes the same way. Called by commands.

No address gets into it, whoever says it: servers repeat them in their answers, and so do errors.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from syndicate.desk.recent import RECENT

Format = Literal["auto", "json", "pretty"]
Level = Literal["debug", "info", "warning", "error"]

_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+")
_LIBRARY_LEVELS = (logging.CRITICAL, logging.ERROR, logging.WARNING)


def set_up(form: Format, level: Level) -> None:
    """What is at least of that level goes to standard error; of what libraries say, warnings and worse.

    ``auto`` is for people on a terminal, and for machines elsewhere.
    """
    is_pretty = form == "pretty" or (form == "auto" and sys.stderr.isatty())
    show = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
        )
        if is_pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            RECENT.keep,
            structlog.processors.format_exc_info,
            without_addresses,
            show,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, Libraries)]:
        root.removeHandler(handler)
    root.addHandler(Libraries(logging.WARNING))
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick is left out while the one before it runs
    logging.captureWarnings(capture=True)


def scrubbed(text: str) -> str:
    """The same without what looks like an address."""
    return _ADDRESS.sub("(an address)", text)


def without_addresses(_logger: object, _method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: what looks like an address is left out, wherever it stands."""
    for name, value in said.items():
        if not isinstance(value, bool | int | float | None):
            text = value if isinstance(value, str) else str(value)
            if "@" in text:
                said[name] = scrubbed(text)
    return said


class Libraries(logging.Handler):
    """Hands on what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        """As if the service had said it, with the library's name."""
        level = next(one for one in _LIBRARY_LEVELS if record.levelno >= one)
        told = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(level, record.getMessage(), library=record.name, **told)
