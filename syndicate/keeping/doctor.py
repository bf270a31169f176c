"""Gathers what a helpful stranger would ask about an installation: no secret, no address, nothing of readers.

Each part is looked at on its own, so that one that is broken hides no other. Called by the command line.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from syndicate.errors import SettingsError, StoreError
from syndicate.keeping.redact import Redactor, secrets_of
from syndicate.model import DigestState, SourceState
from syndicate.settings import Settings, SettingsFile
from syndicate.settings.masked import masked
from syndicate.store import Connection, Store, alerts, answers, copies, digests, mailboxes, notices, sources, standing
from syndicate.store.engine.snapshot import ailments, database_file
from syndicate.store.schema import VERSION

_LIBRARIES = ("sqlalchemy", "fastapi", "uvicorn", "aiosmtplib", "jinja2", "cryptography", "psycopg", "procrastinate")
_ROOM = 200_000_000
"""Octets that a disk should have left."""


@dataclass(frozen=True, slots=True)
class Line:
    """One fact. ``mark`` is empty, ``look`` where somebody should look, or ``wrong`` where something is broken."""

    name: str
    said: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Parts by title, each a list of facts, and the settings' text without secrets."""

    parts: Mapping[str, list[Line]]
    settings: str

    @property
    def is_well(self) -> bool:
        """Whether nothing is broken."""
        return not any(one.mark == "wrong" for lines in self.parts.values() for one in lines)

    def text(self) -> str:
        """For people, and to be sent to others."""
        blocks = []
        for title, lines in self.parts.items():
            rows = [f"{one.mark.upper() or 'ok':<6}{one.name}: {' '.join(one.said.split())}" for one in lines]
            blocks.append("\n".join([f"== {title}", *rows]))
        return "\n\n".join([*blocks, f"== settings, without secrets\n{self.settings}"]).rstrip() + "\n"


def examine(file: SettingsFile, environ: Mapping[str, str]) -> Report:
    """Looks at everything; changes nothing, and asks nobody on the network but the database."""
    text, settings, problems = _settings(file)
    redact = Redactor(secrets_of(text, settings, environ))
    parts = {"program": list(_program()), "settings": [*problems, *_files(file, settings, environ)]}
    if settings:
        parts |= _database(settings)
    shown = masked(text) if text else None
    told = {title: [Line(one.name, redact(one.said), one.mark) for one in lines] for title, lines in parts.items()}
    return Report(told, redact(shown if shown is not None else "(they can't be read)"))


def _settings(file: SettingsFile) -> tuple[str, Settings | None, list[Line]]:
    try:
        text = file.read()
    except SettingsError as error:
        return "", None, [Line("file", str(error), "wrong")]
    try:
        return text, file.load(), [Line("file", f"{file.path.name} can be used")]
    except SettingsError as error:
        return text, None, [Line(one.where, one.allowed, "wrong") for one in error.problems]


def _program() -> Iterator[Line]:
    yield Line("syndicate", version("syndicate"))
    yield Line("Python", f"{platform.python_version()} ({platform.python_implementation()})")
    yield Line("machine", f"{platform.platform()}, {os.cpu_count()} processors")
    for name in _LIBRARIES:
        try:
            yield Line(name, version(name))
        except PackageNotFoundError:
            yield Line(name, "not installed")


def _files(file: SettingsFile, settings: Settings | None, environ: Mapping[str, str]) -> Iterator[Line]:
    names = sorted(name for name in environ if name.startswith("SYNDICATE_"))
    yield Line("environment", ", ".join(names) or "no SYNDICATE_… variables")
    folder = file.path.parent
    if file.path.exists() and stat.S_IMODE(file.path.stat().st_mode) & 0o077:
        yield Line("mode", f"others than its owner may read {file.path.name}, which may hold secrets", "look")
    for place in {folder, settings.feeds.directory if settings else folder}:
        if place.exists() and not os.access(place, os.W_OK):
            yield Line("folder", f"{place} can't be written to", "wrong")
    free = shutil.disk_usage(folder).free
    yield Line("disk", f"{free:,} bytes are left", "wrong" if free < _ROOM else "")


def _database(settings: Settings) -> dict[str, list[Line]]:
    try:
        place = database_file(settings.store.url)
        if place is not None and not place.is_file():
            return {"database": [Line("file", "is not there; `syndicate serve` makes it", "look")]}
        store = Store(settings.store.url)
    except StoreError as error:
        return {"database": [Line("database", str(error), "wrong")]}
    try:
        parts = {"database": list(_guarded(lambda: _store(store)))}
        if not any(one.mark == "wrong" and one.name in ("database", "version") for one in parts["database"]):
            with store.read() as connection:
                parts["ledger"] = list(_guarded(lambda: _ledger(connection)))
                parts["others"] = list(_guarded(lambda: _others(connection, settings)))
    except StoreError as error:
        parts = {"database": [Line("database", str(error), "wrong")]}
    finally:
        store.close()
    return parts


def _guarded(part: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    try:
        yield from part()
    except StoreError as error:
        yield Line("database", str(error), "wrong")


def _store(store: Store) -> Iterator[Line]:
    found = store.version()
    yield Line("version", f"{found}; this program needs {VERSION}", "" if found == VERSION else "wrong")
    facts = store.facts()
    yield Line("server", facts.server)
    yield Line("size", f"{facts.bytes:,} bytes")
    wrong = ailments(store)
    yield Line(
        "soundness", "; ".join(wrong) or "every page and every reference was looked at", "wrong" if wrong else ""
    )


def _ledger(connection: Connection) -> Iterator[Line]:
    copy = copies.read(connection)
    yield Line("copy", "live" if copy.may_send else copy.why, "" if copy.may_send else "look")
    counts = standing.equation(connection)
    said = ", ".join(f"{count} {name}" for name, count in asdict(counts).items())
    yield Line("equation", said, "" if counts.balances else "wrong")
    for one in digests.latest(connection, states=_OPEN, limit=20):
        yield Line("digest", f"{one.id} of {one.newsletter}/{one.cadence} is {one.state}{one.note and f': {one.note}'}")
    yield Line(
        "notices", ", ".join(f"{count} {state}" for state, count in notices.counts(connection).items()) or "none"
    )


def _others(connection: Connection, settings: Settings) -> Iterator[Line]:
    known = sources.every(connection)
    for name, status in known.items():
        if status.state is not SourceState.OK:
            yield Line("source", f"{name}: {status.state}, {status.failures} failures in a row: {status.error}", "look")
    yield Line("sources", f"{len(settings.sources)}, of which {len(known)} were looked at")
    for relay, answer in answers.last(connection).items():
        refused = answer.code is None or answer.code >= 400
        yield Line("relay", f"{relay} at {answer.at:%Y-%m-%d %H:%M}: {answer.reply}", "look" if refused else "")
    if settings.inbound.mailbox:
        mailbox = mailboxes.status(connection, settings.inbound.mailbox)
        if mailbox.error:
            yield Line("mailbox", mailbox.error, "look")
    for alert in alerts.open_(connection):
        yield Line("alert", f"{alert.kind} {alert.about}: {alert.said}", "look")


_OPEN = (DigestState.SENDING, DigestState.PAUSED, *digests.WAITING)
