"""The root of the command line: every command is found, whichever modules are loaded for it."""

from __future__ import annotations

import subprocess
import sys

import typer
from typer.main import get_command

from syndicate.cli.main import GROUPS, command_line


def commands_of(app: typer.Typer) -> set[str]:
    """The names at the top."""
    root = get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    return set(root.commands)


def test_each_module_has_the_commands_that_it_is_loaded_for() -> None:
    for module, commands in GROUPS.items():
        assert commands_of(command_line([commands[0]])) == set(commands), module


def test_without_a_command_there_are_all() -> None:
    every = {command for commands in GROUPS.values() for command in commands}
    for words in ([], ["--help"], ["--help", "status"], ["no-such-command"]):
        assert commands_of(command_line(words)) == every


def test_a_command_is_found_beside_words_that_are_one_too() -> None:
    assert {"status", "run"} <= commands_of(command_line(["--config", "run", "status"]))


def test_the_version_is_told_without_loading_what_commands_need() -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "syndicate", "--version"], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("syndicate ")
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "syndicate.cli.main" in loaded
    assert not loaded & {"syndicate.app", "sqlalchemy"}
