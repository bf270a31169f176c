"""The ``syndicate`` command's root: puts the groups together and turns errors into one message and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from syndicate.errors import SyndicateError
from syndicate.watch import logs

GROUPS: Mapping[str, tuple[str, ...]] = {
    "setup": ("init", "migrate"),
    "keeping": ("backup", "restore", "live", "doctor"),
    "demo": ("demo",),
    "service": ("serve", "catch"),
    "check": ("check",),
    "worker": ("worker",),
    "stages": ("run", "pickup", "publish", "compose", "preview"),
    "sending": ("send",),
    "digests": ("digests",),
    "status": ("status",),
    "health": ("health",),
    "alerts": ("alerts",),
    "webhooks": ("webhooks",),
    "pace": ("pace",),
    "importing": ("subscribers",),
    "people": ("subscribers",),
    "personal": ("subscribers",),
    "sources": ("sources", "articles"),
    "inbound": ("inbound",),
    "dkim": ("dkim",),
    "users": ("users",),
    "tokens": ("tokens",),
    "store": ("store",),
}
"""Each module of commands, and what it has."""


def command_line(words: Sequence[str] = ()) -> typer.Typer:
    """What ``syndicate`` understands. Of the modules only those are loaded whose commands are among the ``words``, and
    none to tell the version."""
    app = typer.Typer(
        name="syndicate",
        help="Newsletters and feeds: articles in, RSS and Atom and delivered digests out.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=True,
    )
    app.callback()(root)
    if "--version" in words[:1]:
        return app
    asked = frozenset(() if "--help" in words[:1] else words)
    for module in [module for module, commands in GROUPS.items() if asked & {*commands}] or GROUPS:
        import_module(f"syndicate.cli.{module}").register(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"syndicate {version('syndicate')}")
        raise typer.Exit


def root(
    config: Annotated[
        Path | None,
        typer.Option(help="The settings file; else SYNDICATE_CONFIG, else ./syndicate.toml. May stand anywhere."),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Newsletters and feeds: articles in, RSS and Atom and delivered digests out."""
    logs.set_up("auto", "warning")
    if config:
        os.environ["SYNDICATE_CONFIG"] = str(config)


def main() -> None:
    """Runs the command line and exits: 0 done, 1 could not, 2 wrong settings or usage, 130 interrupted."""
    try:
        words = _config_first(sys.argv[1:])
        gc.disable()  # what is loaded stays: looking for garbage among it is a fifth of the time
        app = command_line(words)
        gc.freeze()
        gc.enable()
        app(words)
    except SyndicateError as error:
        import_module("syndicate.cli.terminal").fail(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _config_first(arguments: list[str]) -> list[str]:
    """``--config`` belongs to the root; people write it behind the command too."""
    until = arguments.index("--") if "--" in arguments else len(arguments)
    for at, argument in enumerate(arguments[:until]):
        if argument == "--config" and at + 1 < until:
            return [*arguments[at : at + 2], *arguments[:at], *arguments[at + 2 :]]
        if argument.startswith("--config="):
            return [argument, *arguments[:at], *arguments[at + 1 :]]
    return arguments
