"""The command that reads files of subscribers: subscribers import."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from syndicate.audience.diff import COUNTED, Diff
from syndicate.audience.roster import Known, Progress, Roster, RosterResult, Terms, result_of
from syndicate.cli.people import subscribers
from syndicate.cli.terminal import Json, ask, bar, opened, operator, out, say, show_json, show_table, tell
from syndicate.errors import SyndicateError

_STYLES = {"new": "green", "changed": "yellow", "suppressed": "magenta", "bad": "red"}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "{": "JSON lines"}


def register(_: typer.Typer) -> None:
    """Adds the command."""
    subscribers.command("import")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="CSV, or a ZIP file of CSV files, from here or from another service.")],
    newsletter: Annotated[
        list[str] | None, typer.Option(help="What people get whose row names no newsletter; may be repeated.")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="What a column says; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    consent: Annotated[str, typer.Option(help="How these people agreed; else the file's name.")] = "",
    revive: Annotated[
        bool, typer.Option("--revive", help="Bring back who left, and whose address is suppressed; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why they may be mailed again; it is kept with each of them.")] = "",
    rejected: Annotated[Path, typer.Option(help="Where rows go that can't be used.")] = Path("rejected.csv"),
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before importing.")] = False,
    as_json: Json = False,
) -> None:
    """Import readers from a file, of Mailchimp, Substack, Ghost, listmonk, Buttondown or MailPoet too.

    Doing so twice changes nothing. Rows that can't be used go to rejected.csv with line and reason.
    """
    if revive != bool(reason.strip()):
        raise SyndicateError("--revive and --reason go together: say why these people may be mailed again")
    terms = Terms(
        mapping=dict(map(_pair, map_ or ())),
        newsletters=tuple(newsletter or ()),
        consent=consent.strip(),
        revive=reason.strip(),
        who=operator(),
    )
    with opened() as app:
        roster = Roster(
            app.store,
            app.settings.newsletters,
            file,
            terms,
            traces=app.traces,
            rejected=rejected,
            now=datetime.now(UTC),
        )
        asks = not (yes or as_json) and sys.stdin.isatty()
        if dry_run or asks:
            _show(_followed("comparing", roster.compare()), as_json=as_json, done=False)
        if dry_run:
            return
        if asks:
            ask("Import them?", yes=False)
        _show(_followed("importing", roster.carry()), as_json=as_json, done=True)


def _followed(label: str, run: Iterator[Progress]) -> RosterResult:
    gc.disable()  # rows make no cycles; looking for some among them takes a seventh of the time
    with bar(label, None) as progress:

        def watched() -> Iterator[Progress]:
            for step in run:
                progress.update(progress.task_ids[0], completed=step.done, total=step.size)
                gc.collect(0)
                yield step

        return result_of(watched())


def _show(result: RosterResult, *, as_json: bool, done: bool) -> None:
    if as_json:
        samples = [{**asdict(one), "mark": one.mark.value} for one in result.diff.samples]
        show_json(
            {
                **result.diff.counts(),
                "samples": samples,
                "files": [asdict(one) for one in result.parts],
                "skipped": result.skipped,
                "rejected": result.rejected,
                "resumed": result.resumed,
            }
        )
        return
    for part in result.parts:
        _show_part(part)
    if result.skipped:
        tell("skipped", f"no subscribers to import: {', '.join(result.skipped)}", style="yellow")
    if result.resumed:
        tell("resumed", f"after {result.resumed:,} rows that an earlier import had dealt with")
    say("")
    _show_diff(result.diff)
    if result.rejected:
        files = ", ".join(map(str, result.rejected))
        tell("see", f"{files} for the rows that can't be used, and why", style="yellow")
    if not done:
        say("Nothing was changed.")


def _show_part(part: Known) -> None:
    how = f"{part.format}, {part.encoding.upper()}, {_DELIMITERS[part.delimiter]}"
    tell("file", f"{part.name}: {how}")
    if part.windows_lines:
        tell("", f"{part.windows_lines:,} lines of it in Windows-1252")
    tell("read", ", ".join(f"{field} ← {column}" for column, field in part.columns if field))
    ignored: Sequence[str] = [column for column, field in part.columns if not field]
    if ignored:
        tell("not read", ", ".join(ignored))


def _show_diff(diff: Diff) -> None:
    for mark, name in COUNTED.items():
        out.print(Text.assemble((f"{mark} {name:<12}", _STYLES.get(name, "")), f"{getattr(diff, name):>11,}"))
    if diff.repeated:
        out.print(Text(f"  {'repeated':<12}{diff.repeated:>11,}  more rows of the same addresses"))
    if diff.revived:
        out.print(Text(f"  {'revived':<12}{diff.revived:>11,}  had left, or were suppressed"))
    rows = [(one.mark.value, one.line, one.address, one.about) for one in diff.samples]
    if rows:
        say("")
        show_table("", ("", "line", "address", "for instance"), rows, empty="")


def _pair(text: str) -> tuple[str, str]:
    column, sign, field = text.rpartition("=")
    if not sign or not column.strip():
        raise SyndicateError(f"--map {text!r} is not COLUMN=FIELD, such as --map 'Mail=email'")
    return column, field
