"""A folder of articles → what it shows now. Pick-up calls it for each source of kind ``folder``."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from syndicate.errors import ParseError, PickupError
from syndicate.model import Content, Original
from syndicate.pickup.encoding import decode
from syndicate.pickup.htmlfile import declared_charset, parse_html
from syndicate.pickup.markdown import parse_markdown
from syndicate.pickup.plaintext import parse_plaintext
from syndicate.render.text import html_to_text, printable

MAX_FILE_BYTES = 5_000_000
SETTLED_AFTER_S = 2.0
"""A file that was not touched for so long is taken to be complete without a second look."""
SECOND_LOOK_S = 0.5
"""How long to wait before the second look at younger files, in seconds."""

_MARKDOWN = {".md", ".markdown"}
_HTML = {".html", ".htm"}
_KINDS = _MARKDOWN | _HTML | {".txt"}


@dataclass(frozen=True, slots=True)
class FolderScan:
    """What a folder shows. ``present`` holds the guids of ``contents``, ``unsettled`` and ``unreadable`` together.

    ``unsettled`` files are still being written, ``unreadable`` ones have a problem: neither may be picked up, and
    neither counts as withdrawn.
    """

    contents: tuple[Content, ...]
    unsettled: tuple[str, ...]
    unreadable: tuple[str, ...]
    problems: tuple[PickupError, ...]

    @property
    def present(self) -> frozenset[str]:
        """Every guid that is there, read or not."""
        return frozenset((*(content.guid for content in self.contents), *self.unsettled, *self.unreadable))


@dataclass(frozen=True, slots=True)
class _Look:
    """A file at one moment: two equal looks mean that nothing was written in between."""

    path: Path
    guid: str
    mtime_ns: int
    size: int
    inode: int


def read_folder(path: Path, *, second_look_s: float = SECOND_LOOK_S) -> FolderScan:
    """Read every ``.md``, ``.html`` and ``.txt`` file under ``path``; drafts and hidden files are not there.

    A file counts as complete when it was not touched for ``SETTLED_AFTER_S``, or when it has the same size and time
    at two looks ``second_look_s`` apart (one wait for all), and it must not change while it is read.
    Raises PickupError when the folder, or one in it, can't be read: then nothing can be said about what is gone.
    """
    root = Path(os.path.realpath(path))
    if not root.is_dir():
        raise PickupError(str(path), "is not a folder; make it, or correct the source's `path`")
    looks = sorted(_walk(root), key=lambda look: look.guid)
    young = {look.guid for look in looks if look.mtime_ns > (time.time() - SETTLED_AFTER_S) * 1e9}
    if young:
        time.sleep(second_look_s)
    contents: list[Content] = []
    unsettled: list[str] = []
    problems: dict[str, PickupError] = {}
    for look in looks:
        try:
            content = _read(look, again=look.guid in young)
        except (_ChangedError, FileNotFoundError):
            unsettled.append(look.guid)
        except PickupError as error:
            problems[look.guid] = error
        except OSError as error:
            problems[look.guid] = PickupError(look.guid, f"can't be read: {error.strerror or error}")
        else:
            contents += [content] if content else []
    return FolderScan(tuple(contents), tuple(unsettled), tuple(problems), tuple(problems.values()))


class _ChangedError(Exception):
    """The file is not what it was at the look before."""


def _read(look: _Look, *, again: bool) -> Content | None:
    if again and _look(look.path, look.guid) != look:
        raise _ChangedError
    if look.size > MAX_FILE_BYTES:
        raise ParseError(look.guid, f"has {look.size:,} bytes; at most {MAX_FILE_BYTES:,} are read")
    if "\ufffd" in look.guid:
        raise PickupError(look.guid, "has a name that is not UTF-8; rename it")
    data = look.path.read_bytes()
    if _look(look.path, look.guid) != look:
        raise _ChangedError
    return parse(data, look.guid, datetime.fromtimestamp(look.mtime_ns // 10**9, UTC))


def parse(data: bytes, guid: str, modified_at: datetime) -> Content | None:
    """The article of a file, by the end of its name; None for a draft. :raises ParseError: when it is none."""
    kind = Path(guid).suffix.lower()
    if kind in _MARKDOWN:
        return parse_markdown(decode(data), guid, modified_at)
    if kind in _HTML:
        return parse_html(decode(data, declared_charset(data)), guid, modified_at)
    text = decode(data)
    said = parse_plaintext(text)
    if not said.title:
        raise ParseError(guid, "is empty; write a first paragraph, or remove it")
    return Content(
        guid=guid,
        title=said.title,
        html=said.html,
        text=html_to_text(said.html),
        summary=said.summary,
        takeaways=said.takeaways,
        related=said.related,
        published_at=modified_at,
        original=Original.of(printable(text), "text"),
    )


def _walk(root: Path) -> Iterator[_Look]:
    def refuse(error: OSError) -> None:
        raise PickupError(str(error.filename), f"can't be read: {error.strerror}; give the service access") from None

    for folder, subfolders, names in os.walk(root, onerror=refuse):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if name.startswith((".", "#")) or path.stem.endswith("~") or path.suffix.lower() not in _KINDS:
                continue
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                continue
            guid = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
            try:
                if stat.S_ISREG(path.stat().st_mode):
                    yield _look(path, guid)
            except FileNotFoundError:
                continue


def _look(path: Path, guid: str) -> _Look:
    seen = path.stat()
    return _Look(path, guid, seen.st_mtime_ns, seen.st_size, seen.st_ino)
