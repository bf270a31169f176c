"""Outcomes → a table to read, and a file to keep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Outcome, Side, Target

_WIDTH = 116
"""Columns that the table wants, also when it goes to a file."""


def show(machine: Mapping[str, str], outcomes: Sequence[Outcome]) -> None:
    """Prints everything as one table, the machine above it."""
    console = Console()
    console.width = max(console.width, _WIDTH)
    table = Table(box=box.SIMPLE_HEAD, title=_heading(machine), title_justify="left", title_style="none")
    table.add_column(max_width=40)
    for name in ("median", "rounds", "count", "CPU s/1,000", "result", "target", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for outcome in outcomes:
        table.add_row(f"[bold]{outcome.title}[/bold]")
        for side in outcome.sides:
            table.add_row(*_cells(side, outcome.unit))
        table.add_row(f"  [dim]{outcome.about}[/dim]", end_section=True)
    console.print(table)


def write(file: Path, machine: Mapping[str, str], outcomes: Sequence[Outcome]) -> None:
    """Writes everything as JSON, each round's figure too."""
    found = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(machine),
        "scenarios": [_record(outcome) for outcome in outcomes],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _heading(machine: Mapping[str, str]) -> str:
    first, *rest = [f"{name} {value}" for name, value in machine.items()]
    return ", ".join([first.removeprefix("processor "), *rest])


def _cells(side: Side, unit: str) -> tuple[str, ...]:
    spread = f"{_number(min(side.figures))}–{_number(max(side.figures))}" if len(side.figures) > 1 else ""
    return (
        f"  {side.name}",
        f"{_number(side.figure)} {unit}",
        spread,
        f"{side.count:,}",
        "" if side.cpu is None else f"{side.cpu:.3f}",
        *_verdict(side.target),
    )


def _verdict(target: Target | None) -> tuple[str, str, str]:
    if target is None:
        return "", "", ""
    sign = "[green]✓[/green]" if target.is_met else "[red]✗[/red]"
    value = f"{_number(target.value)} {target.unit}" if target.unit else f"{target.value:.2f} ×"
    bound = f"{target.bound:g} {target.unit}" if target.unit else f"{target.bound:g} ×"
    return value, f"{'≤' if target.is_most else '≥'} {bound}", sign


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _record(outcome: Outcome) -> dict[str, Any]:
    record = asdict(outcome)
    for given, side in zip(record["sides"], outcome.sides, strict=True):
        given["median"] = side.figure
        if side.target:
            given["target"]["is_met"] = side.target.is_met
    return record
