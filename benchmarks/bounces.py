"""`python -m benchmarks.bounces FOLDER`: how much of a corpus of returned mail is read, beside flufl.bounce alone.

The folder holds mails and ``labels.json``: a list of ``{file, results: [{recipient, hard, feedback, reason}]}``, where
``results`` is empty when nothing came back, and ``feedback`` is set for complaints.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

from flufl.bounce import all_failures
from rich.console import Console
from rich.table import Table

from syndicate.inbound.addresses import Addresses
from syndicate.inbound.sort import Envelope, Kind, sort

Read = Callable[[bytes], tuple[str, Mapping[str, bool]]]
"""A mail → its kind, and for each recipient, in lower case, whether it is gone for good."""

_NOBODYS = Addresses(())


@dataclass(slots=True)
class Score:
    """What one reader read, and what there was to read. ``wrong`` says what it did not, for those who look closer."""

    recipients: int = 0
    found: int = 0
    right: int = 0
    mails: int = 0
    kinds: int = 0
    seconds: float = 0.0
    wrong: tuple[str, ...] = ()


def ours(content: bytes) -> tuple[str, Mapping[str, bool]]:
    """As `syndicate inbound feed` reads it."""
    found = sort(content, Envelope(), _NOBODYS)
    if found.report is None:
        return found.kind, {}
    if found.report.feedback:
        return found.kind, {one.casefold(): False for one in found.report.recipients}
    return found.kind, {one.recipient.casefold(): one.is_hard for one in found.report.failures}


def flufl(content: bytes) -> tuple[str, Mapping[str, bool]]:
    """As the library alone does."""
    temporary, permanent = all_failures(message_from_bytes(content))
    found = {one.decode("utf-8", "replace").casefold(): False for one in temporary}
    found |= {one.decode("utf-8", "replace").casefold(): True for one in permanent}
    return Kind.BOUNCE if found else Kind.UNKNOWN, found


def score(folder: Path, read: Read) -> Score:
    """Reads the whole corpus."""
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    mails = [(one, (folder / one["file"]).read_bytes()) for one in labels]
    began = time.perf_counter()
    told = [(one, read(content)) for one, content in mails]
    result = Score(mails=len(mails), seconds=time.perf_counter() - began)
    for label, (kind, found) in told:
        result.wrong += tuple(_compare(result, label, kind, found))
    return result


def _compare(result: Score, label: Mapping[str, Any], kind: str, found: Mapping[str, bool]) -> Iterable[str]:
    wanted = label["results"]
    meant = Kind.COMPLAINT if any(one["feedback"] for one in wanted) else Kind.BOUNCE if wanted else Kind.AUTO
    result.kinds += kind == meant
    if kind != meant:
        yield f"{label['file']}: {kind}, not {meant}"
    for one in wanted:
        address = one["recipient"].casefold()
        result.recipients += 1
        result.found += address in found
        result.right += found.get(address) is one["hard"]
        if address not in found:
            yield f"{label['file']}: {address} was not found"
        elif found[address] is not one["hard"]:
            yield f"{label['file']}: {address} is {'hard' if one['hard'] else 'soft'} ({one['reason']})"


def main() -> None:
    """Shows the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bounces", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the mails and labels.json are")
    parser.add_argument("--wrong", action="store_true", help="also list what was not read as it is labelled")
    asked = parser.parse_args()
    table = Table("reader", "recipients found", "hard or soft right, of those", "kinds right", "seconds")
    console = Console()
    wrong: tuple[str, ...] = ()
    for name, read in (("ours", ours), ("flufl.bounce alone", flufl)):
        result = score(asked.folder, read)
        wrong = wrong or result.wrong
        table.add_row(
            name,
            _share(result.found, result.recipients),
            _share(result.right, result.found),
            _share(result.kinds, result.mails),
            f"{result.seconds:.2f}",
        )
    console.print(table)
    if asked.wrong:
        for line in wrong:
            console.print(line, highlight=False, soft_wrap=True)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})" if whole else "none"


if __name__ == "__main__":
    main()
