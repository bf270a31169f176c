"""``check``: what would be wrong with a digest, and with how it arrives, before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from syndicate.cli.terminal import Json, opened, plural, say, show_json
from syndicate.jobs import loop
from syndicate.preflight.finding import Finding, Section, Verdict, is_blocked, worst_first
from syndicate.reach.names import Names

_SIGNS = {
    Verdict.BLOCKS: "[bold red]✗[/]",
    Verdict.WARNS: "[yellow]![/]",
    Verdict.UNCHECKED: "[cyan]?[/]",
    Verdict.FINE: "[green]✓[/]",
}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(check)


def check(
    digest_id: Annotated[
        int | None,
        typer.Argument(metavar="[DIGEST]", help="A digest's number; else what is next of every newsletter."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody: what needs the network is left open.")
    ] = False,
    dns: Annotated[
        str, typer.Option(metavar="ADDRESS[:PORT]", help="Ask this name server instead of this machine's own.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Look at a digest before it is sent, and at how it will arrive. Exits with 1 when something blocks."""
    try:
        names = Names(dns)
    except ValueError:
        raise typer.BadParameter(f"{dns!r} is not an IP address, with a port or without", param_hint="--dns") from None
    with opened() as app:
        sections = loop.run(app.preflight.check(digest_id, datetime.now(UTC), offline=offline, look=names.look))
    if as_json:
        show_json(_facts(sections))
    else:
        _tell(sections)
    if is_blocked(sections):
        raise typer.Exit(1)


def _facts(sections: Sequence[Section]) -> dict[str, object]:
    counts = {verdict.value: sum(one.count(verdict) for one in sections) for verdict in Verdict}
    findings = [_finding(section, one) for section in sections for one in section.findings]
    return counts | {"findings": findings}


def _finding(section: Section, one: Finding) -> dict[str, str]:
    return {
        "about": section.about,
        "code": one.check.code,
        "verdict": one.verdict.value,
        "said": one.said,
        "where": one.where,
        "why": one.check.why,
        "remedy": one.remedy,
    }


def _tell(sections: Sequence[Section]) -> None:
    for section in sections:
        say(f"\n[bold]{escape(section.about)}[/]")
        for one in worst_first(section.findings):
            where = f"{one.where}: " if one.where else ""
            say(f"  {_SIGNS[one.verdict]} {one.check.title}: {escape(where + one.said)}")
            if one.verdict is not Verdict.FINE:
                say(escape(f"      {one.check.why}"))
                if one.remedy:
                    say(escape(f"      → {one.remedy}"))
    blocks, warns, open_ = (
        sum(one.count(verdict) for one in sections) for verdict in (Verdict.BLOCKS, Verdict.WARNS, Verdict.UNCHECKED)
    )
    told = f"{plural(blocks, 'thing')} to mend first, {plural(warns, 'warning')}, {open_} could not be checked"
    say(f"\n{told if blocks or warns or open_ else 'all is fine'}")
