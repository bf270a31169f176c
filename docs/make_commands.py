"""Writes ``docs/commands.md`` and the README's table from the commands. Called by ``make docs``; a test compares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer.main

from syndicate.cli.main import command_line

PAGE = Path(__file__).with_name("commands.md")
README = Path(__file__).resolve().parent.parent / "README.md"

TABLE = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- /commands -->)", re.DOTALL)
"""The README's table, between two comments."""

_ARGUMENTS = {
    "newsletter": "The newsletter's slug.",
    "email": "The reader's address.",
    "name": "The source's name.",
}
"""What is meant by arguments whose help says nothing."""

EXAMPLES = {
    "init": "syndicate init courier",
    "migrate": "syndicate migrate",
    "demo": "syndicate demo --once",
    "serve": "syndicate serve --config /srv/courier/syndicate.toml",
    "catch": "syndicate catch --port 2525 --dir mail",
    "worker": "syndicate worker\nsyndicate worker --queues send --concurrency 8",
    "run": "syndicate run\nsyndicate run --now 2026-12-01T07:00:00+01:00 --json",
    "pickup": "syndicate pickup --source wire",
    "publish": "syndicate publish",
    "compose": "syndicate compose daily",
    "preview": "syndicate preview daily --out preview",
    "check": "syndicate check\nsyndicate check 7 --offline\nsyndicate check 7 --json --dns 9.9.9.9",
    "send": "syndicate send daily --dry-run\nsyndicate send daily --to editor@lakeside.example\nsyndicate send 7 --yes",
    "backup": "syndicate backup news.tar.gz\nsyndicate backup /var/backups/news --keep 14",
    "restore": "syndicate restore news.tar.gz --dir /srv/news",
    "doctor": "syndicate doctor\nsyndicate doctor report.txt",
    "live": "syndicate live\nsyndicate live --since-backup resend\nsyndicate live --since-backup mark-sent --yes",
    "status": "syndicate status\nsyndicate status --json",
    "alerts": "syndicate alerts\nsyndicate alerts --json",
    "alerts test": "syndicate alerts test",
    "webhooks": "syndicate webhooks\nsyndicate webhooks --json",
    "webhooks add": (
        "syndicate webhooks add https://crm.example/hooks/news --event subscriber.confirmed --event subscriber.left"
    ),
    "webhooks remove": "syndicate webhooks remove 3",
    "webhooks test": "syndicate webhooks test 3",
    "webhooks replay": "syndicate webhooks replay 3 --days 2",
    "health": "syndicate health\nsyndicate health --alive",
    "pace": "syndicate pace\nsyndicate pace --forget gmail.com",
    "articles": "syndicate articles --source newsroom --limit 50\nsyndicate articles --state held",
    "digests": "syndicate digests --newsletter daily --limit 5",
    "digests show": "syndicate digests show 7\nsyndicate digests show 7 --undelivered",
    "digests approve": "syndicate digests approve 7",
    "digests cancel": "syndicate digests cancel 7",
    "digests pause": "syndicate digests pause 7",
    "digests resume": "syndicate digests resume 7",
    "digests retry": "syndicate digests retry 7\nsyndicate digests retry 7 --only rejected",
    "digests resolve": "syndicate digests resolve 7 --resend",
    "subscribers import": (
        "syndicate subscribers import subscribers.csv\n"
        "syndicate subscribers import audience_export.zip --newsletter daily --dry-run\n"
        "syndicate subscribers import members.csv --map 'Mail=email' --map 'Notes='"
    ),
    "subscribers export": (
        "syndicate subscribers export --out readers.csv --newsletter daily\n"
        "syndicate subscribers export --out readers.jsonl --format jsonl"
    ),
    "subscribers list": "syndicate subscribers list --newsletter daily --limit 10",
    "subscribers add": "syndicate subscribers add ana@example.org --newsletter daily --name Ana --topic culture",
    "subscribers remove": "syndicate subscribers remove ana@example.org",
    "subscribers tag": "syndicate subscribers tag ana@example.org vip",
    "subscribers show": "syndicate subscribers show ana@example.org --json",
    "subscribers erase": "syndicate subscribers erase ana@example.org --yes",
    "inbound poll": "syndicate inbound poll",
    "inbound feed": "syndicate inbound feed --dry-run mails/*.eml",
    "inbound webhooks": "syndicate inbound webhooks",
    "dkim new": "syndicate dkim new --dir keys",
    "users add": "syndicate users add ana --role editor",
    "tokens": "syndicate tokens --json",
    "tokens add": "syndicate tokens add cms --scope articles:write --days 90",
    "tokens revoke": "syndicate tokens revoke cms",
    "users": "syndicate users",
    "users role": "syndicate users role ana operator",
    "users reset": "syndicate users reset ana --codes",
    "users remove": "syndicate users remove ana --yes",
    "sources": "syndicate sources",
    "sources webhook": "syndicate sources webhook cms",
    "sources release": "syndicate sources release wire --publish-only",
    "store copy": "syndicate store copy --to postgresql://syndicate@db.example/syndicate",
}

_INTRO = """\
<!-- Written by docs/make_commands.py: change the commands and run `make docs`. -->

# Commands

Every command works on the settings file of the working folder, or on the one that `--config` names. Tables, progress
bars and colours are for terminals: elsewhere the output is plain lines, and `--json` makes it a document for programs.
Warnings and errors go to standard error. `syndicate COMMAND --help` says what stands here.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | it could not be done, and one message says why |
| 2 | wrong settings or wrong usage; nothing was changed |
| 130 | interrupted |
"""


def main() -> None:
    """Writes the page, and the README's table."""
    PAGE.write_text(page(), "utf-8")
    README.write_text(TABLE.sub(lambda _: table(), README.read_text("utf-8")), "utf-8")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command as it is called, and what Typer knows about it; groups come before their own."""
    yield from _below("", typer.main.get_command(command_line()))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, one in getattr(command, "commands", {}).items():
        called = f"{path} {name}".strip()
        yield called, one
        yield from _below(called, one)


def runnable() -> dict[str, Any]:
    """The commands that do something when they are called alone."""
    return {
        called: one
        for called, one in commands()
        if not getattr(one, "commands", None) or getattr(one, "invoke_without_command", False)
    }


def help_of(command: Any) -> str:
    """A command's help; of a group that does something, what it does."""
    is_group = bool(getattr(command, "commands", None))
    return " ".join(((command.callback.__doc__ if is_group else command.help) or "").split())


def table() -> str:
    """The README's table: one line for each command."""
    rows = [f"| `{called}` | {help_of(command)} |\n" for called, command in runnable().items()]
    return "".join(["| `syndicate …` | |\n", "| --- | --- |\n", *rows])


def page() -> str:
    """The whole page, as it should be."""
    root = typer.main.get_command(command_line())
    before = "\n".join(["## Before every command", "", *_options(root), ""])
    return "\n".join([_INTRO, before, *(_section(called, one) for called, one in runnable().items())]).rstrip() + "\n"


def _section(called: str, command: Any) -> str:
    usage = " ".join([f"syndicate {called}", *(_in_usage(one) for one in command.params if _is_argument(one))])
    lines = [f"## `{usage}`", "", help_of(command), ""]
    if command.params:
        lines += [*_options(command), ""]
    example = EXAMPLES.get(called, "# an example is missing in docs/make_commands.py")
    return "\n".join([*lines, "```sh", example, "```", ""])


def _options(command: Any) -> list[str]:
    rows = [f"| {_named(one)} | {_default(one)} | {_meaning(one)} |" for one in command.params]
    return ["| argument or option | default | meaning |", "| --- | --- | --- |", *rows]


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _in_usage(argument: Any) -> str:
    shown = argument.metavar or argument.name.upper()
    return shown if argument.required else f"[{shown}]"


def _named(parameter: Any) -> str:
    if _is_argument(parameter):
        return f"`{parameter.metavar or parameter.name.upper()}`".replace("|", "\\|")
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} {_value(parameter)}"


def _value(option: Any) -> str:
    kind = option.type_descriptor.annotation
    words = {int: "NUMBER", Path: "PATH"}.get(kind, "TEXT")
    if isinstance(kind, type) and issubclass(kind, Enum):
        words = "WORD"
    return str(option.metavar or words)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "needed"
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    return "" if value in (None, False, "") else f"`{value}`"


def _meaning(parameter: Any) -> str:
    text = parameter.help or _ARGUMENTS.get(parameter.name, "")
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        text += f" One of {', '.join(f'`{one.value}`' for one in kind)}."
    return str(text)


if __name__ == "__main__":
    main()
