"""`wrk`, a load generator in C that reads every answer as a browser would: header by header, and its body."""

from __future__ import annotations

import re
import shutil
import subprocess

from benchmarks.children import Run
from benchmarks.sinks import HOST

_A_SECOND = 10_000
_FOUND = re.compile(r"(\d+) requests in .*Requests/sec: +([\d.]+)", re.DOTALL)
_WRONG = re.compile(r"(Socket errors|Non-2xx or 3xx).*")


def has_wrk() -> bool:
    """Whether it is installed."""
    return shutil.which("wrk") is not None


def wrk(port: int, path: str, headers: dict[str, str], count: int, connections: int) -> Run:
    """Asks for as long as so many may take, at least a second. :raises RuntimeError: when an answer was no answer."""
    options = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    duration = f"-d{max(1, round(count / _A_SECOND))}s"
    command = ["wrk", "-t1", f"-c{connections}", duration, *options, f"http://{HOST}:{port}{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = _FOUND.search(said)
    if found is None or (wrong := _WRONG.search(said)):
        raise RuntimeError(f"wrk: {wrong[0] if found and wrong else said}")
    done, rate = int(found[1]), float(found[2])
    return Run(done, done / rate, 0.0)
