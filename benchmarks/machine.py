"""What was measured on; figures mean nothing without it."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.sinks import postfix_tool

RESULTS = Path(__file__).parent / "results"
_IN_MEMORY = ("tmpfs", "ramfs")
_PACKAGES = ("syndicate", "aiosmtplib", "sqlalchemy", "cryptography", "uvloop")


def facts(workshop: Path) -> dict[str, str]:
    """Name → value, in words; ``workshop`` is the folder that was worked in."""
    known = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "file system": file_system(workshop),
        "postfix": _postfix(),
    }
    return known | {name: _version(name) for name in _PACKAGES}


def workshop_parent() -> Path:
    """Where temporary folders go: the usual place, unless that is memory and not a disk."""
    usual = Path(tempfile.gettempdir())
    if file_system(usual) not in _IN_MEMORY:
        return usual
    RESULTS.mkdir(exist_ok=True)
    return RESULTS


def file_system(folder: Path) -> str:
    """Its kind, as the kernel names it, such as ``ext4``."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "unknown"
    found = [line.split()[1:3] for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    above = [(point, kind) for point, kind in found if folder.resolve().is_relative_to(point)]
    return max(above, key=lambda pair: len(pair[0]), default=("", "unknown"))[1]


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    text = cpus.read_text(encoding="utf-8", errors="replace") if cpus.exists() else ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1] if match else platform.processor() or platform.machine()


def _postfix() -> str:
    program = postfix_tool("postconf")
    if program is None:
        return "not installed"
    asked = subprocess.run([program, "-d", "-h", "mail_version"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
