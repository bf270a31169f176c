"""Who holds a delivery: names a process so that another one can tell whether it still lives."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def new_owner() -> str:
    """A name for this process, ``host/pid/random``; the host includes the PID namespace, for containers share names."""
    return f"{_host()}/{os.getpid()}/{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """Whether the process of that name provably ended: it ran here, and there is no such process any more."""
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
