"""What the command does where a person sits: it asks, and shows a progress bar."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import Folder, command, make_folder
from tests.relay import Relay


def at_a_terminal(folder: Folder, *arguments: str, answer: str) -> tuple[int, str]:
    """Runs the command on a terminal of its own and types ``answer`` when it asks; returns exit code and screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder.path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color"},
    )
    os.close(theirs)
    screen, typed = b"", False
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        screen += piece
        if not typed and b"[y/N]" in screen:
            os.write(ours, answer.encode() + b"\n")
            typed = True
    os.close(ours)
    return process.wait(30), screen.decode("utf-8", "replace")


@pytest.fixture
def folder(tmp_path: Path, relay: Relay) -> Folder:
    made = make_folder(tmp_path, relay.url)
    made.article("Ferry returns")
    made.readers(*(f"reader{number}@example.org,daily" for number in range(12)))
    made.run("pickup")
    return made


def test_no_sends_nothing(folder: Folder, relay: Relay) -> None:
    code, screen = at_a_terminal(folder, "send", "daily", answer="n")
    assert code == 1
    assert "to 12 readers now?" in screen
    assert relay.messages == []
    assert folder.run("digests", "--json").json() == []


def test_yes_sends_with_a_progress_bar(folder: Folder, relay: Relay) -> None:
    code, screen = at_a_terminal(folder, "send", "daily", answer="y")
    assert code == 0
    assert "12/12" in screen
    assert len(relay.messages) == 12
