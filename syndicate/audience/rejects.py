"""The rows that an import could not use, written beside it for mending; only the roster calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Self, TextIO

from syndicate.audience.sheet import Record, Writer
from syndicate.errors import RosterError


class Rejects:
    """Collects bad rows in a file of their own, which takes the name ``path`` when ``keep`` says that all went well.

    Each row has its line in the original and the reason before its cells. Without bad rows there is no file, and one
    that an earlier run left under that name goes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f"{path.name}.part")
        self._out: TextIO | None = None
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._out:
            self._out.close()
            self._draft.unlink(missing_ok=True)

    def add(self, record: Record, reason: str, names: list[str]) -> None:
        """Writes one bad row; ``names`` are the columns of the file it comes from. :raises RosterError: no room."""
        try:
            if self._out is None:
                self._out = self._draft.open("w", encoding="utf-8", newline="")
                Writer(self._out).write(["line", "reason", *names])
            Writer(self._out).write([str(record.line), reason, *record.cells])
        except OSError as error:
            raise self._unwritable(error) from error
        self.count += 1

    def keep(self) -> Path | None:
        """Puts the finished file in place and says where; None when every row was good. :raises RosterError: else."""
        try:
            if self._out is None:
                self._path.unlink(missing_ok=True)
                return None
            self._out.close()
            self._draft.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error
        self._out = None
        return self._path

    def _unwritable(self, error: OSError) -> RosterError:
        return RosterError(str(self._path), f"bad rows can't be written there ({error.strerror}); name another file")
