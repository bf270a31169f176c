"""Who holds a delivery: names a process so that another one can tell whether it still lives."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def new_owner() -> str:
    """A name for this process, ``host/pid/random``; the host includes the PID namespace, for containers share names."""
    return f"{_host()}/{os.getpid()}/{secrets.token_hex(4)}"


_ended: set[str] = set()


def forsake(owner: str) -> None:
    """That run of this process ended, and could not say so."""
    _ended.add(owner)


def is_dead(owner: str) -> bool:
    """Whether what has that name provably ended: it ran here, and there is no such process or run any more."""
    if owner in _ended:
        return True
    host, _, rest = owner.partition("/")
    pid = rest.partition("/")[0]
    if host != _host() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _host() -> str:
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = "-"
    return f"{socket.gethostname().replace('/', '_')}.{namespace}"
