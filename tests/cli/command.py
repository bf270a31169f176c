"""Runs the real ``syndicate`` command in a folder, as a shell would."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

from tests.cli.starter import Started, Starter

SECRET = "for-the-tests-of-the-command-line-only"
PASSWORD = "pa55-w0rd-that-nobody-may-see"

_SECONDS = 60

_SETTINGS = """\
[site]
name = "Lakeside Courier"
url = "https://news.lakeside.example"
postal_address = "1 Quay Street, Lakeside"
secret = "{secret}"

[smtp]
url = "{relay}"
connections = 2

[web]
listen = "127.0.0.1:0"

[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"

[[newsletters]]
slug = "daily"
title = "The Daily Brief"
sender = "Lakeside Courier <news@lakeside.example>"
{more}
[newsletters.cadences]
daily = "0 7 * * *"
weekly = "0 7 * * mon"
instant = true
"""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with settings, where commands run."""

    path: Path

    def run(self, *arguments: str, code: int | None = 0, given: str | None = None, **environment: str) -> Done:
        """Runs the command and checks its exit code, and that nothing secret or unreadable was printed."""
        ended = self._started(arguments, given, environment)
        printed = ended.out + ended.err
        assert code in (None, ended.code), f"exit {ended.code}\n{printed}"
        assert "Traceback" not in printed, printed
        assert "\x1b[" not in printed, printed
        assert SECRET not in printed
        assert PASSWORD not in printed
        return ended

    def _started(self, arguments: Sequence[str], given: str | None, environment: dict[str, str]) -> Done:
        with TemporaryFile("w+") as read, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            read.write(given or "")
            read.seek(0)
            code = starter().run(arguments, self.path, environment, (read, out, err), _SECONDS)
            out.seek(0)
            err.seek(0)
            return Done(code, out.read(), err.read())

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Started]:
        """A command that stays; it is told to end when the block does, and must do so well."""
        with _ending_well(starter().start(arguments, self.path)) as process:
            yield process

    @contextmanager
    def running_within(self, before: Sequence[str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """The same, where ``before`` runs it."""
        process = subprocess.Popen(
            [*before, *command(*arguments)],
            cwd=self.path,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with _ending_well(process):
            yield process

    def write(self, name: str, text: str) -> Path:
        """Writes a file below the folder, whole or not at all."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}")
        unfinished.write_text(text, "utf-8")
        return unfinished.replace(path)

    def article(self, title: str, tags: str = "news") -> Path:
        """Writes an article."""
        text = f"---\ntitle: {title}\ntags: [{tags}]\n---\n\nWhat there is to say about {title}, said at some length.\n"
        return self.write(f"articles/{title.lower().replace(' ', '-')}.md", text)

    def readers(self, *rows: str) -> None:
        """Imports readers; each row is ``email,cadence``."""
        self.write("readers.csv", "\n".join(["email,cadence", *rows]) + "\n")
        self.run("subscribers", "import", "readers.csv")


def make_folder(path: Path, relay: str = "smtp://127.0.0.1:9", more: str = "") -> Folder:
    """A folder with settings and nothing else; ``more`` goes into the newsletter's table."""
    (path / "articles").mkdir()
    (path / "syndicate.toml").write_text(_SETTINGS.format(secret=SECRET, relay=relay, more=more), "utf-8")
    return Folder(path)


def command(*arguments: str) -> list[str]:
    """The command line that runs this checkout's command."""
    return [sys.executable, "-m", "syndicate", *arguments]


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Returns as soon as it is so; fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


@cache
def starter() -> Starter:
    """What starts commands quickly, for all tests of this process."""
    made = Starter(_environment())
    atexit.register(made.close)
    return made


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNDICATE_")}
    return kept | {"TERM": "dumb", "TZ": "UTC"}


_Process = TypeVar("_Process", Started, subprocess.Popen[str])


@contextmanager
def _ending_well(process: _Process) -> Iterator[_Process]:
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=15)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors, errors
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
