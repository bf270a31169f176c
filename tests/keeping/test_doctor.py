"""What `doctor` tells: enough to help, and nothing that is secret or about a reader, wherever it was planted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from syndicate.keeping.doctor import Report, examine
from syndicate.model import SourceState, SourceStatus
from syndicate.settings import SettingsFile
from syndicate.store import Store, copies, sources
from syndicate.store.copies import Standing
from syndicate.store.schema import attempts
from tests.settings.writing import NEWSLETTER, write_settings
from tests.tables import ready

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
SECRETS = [
    f"planted-{name}-7Qx" for name in ("site", "smtp", "query", "token", "hook", "environment", "reply", "comment")
]
ADDRESSES = ["reader@planted.example", "news@lakeside.example"]


def marks(report: Report) -> dict[str, str]:
    return {one.name: one.mark for lines in report.parts.values() for one in lines if one.mark}


def planted(folder: Path) -> SettingsFile:
    site, smtp, query, token, hook, *_ = SECRETS
    file = write_settings(
        folder,
        site={
            "name": "Courier",
            "url": "https://news.lakeside.example",
            "postal_address": "1 Quay Street",
            "secret": f"{site} is long enough for a secret",
        },
        smtp={"url": f"smtp://user:{smtp}@127.0.0.1:9"},
        sources=[{"name": "wire", "kind": "feed", "url": f"https://wire.example/feed?key={query}"}],
        newsletters=[NEWSLETTER],
        metrics={"token": f"{token}-and-more-of-it"},
        alerts={"webhook": f"https://hooks.example/{hook}"},
    )
    file.write_text(f'# password = "{SECRETS[7]}"\n{file.read_text("utf-8")}', "utf-8")
    return SettingsFile(file, {"SYNDICATE_SMTP__TIMEOUT": "20s"})


def test_nothing_secret_is_told_wherever_it_stands(tmp_path: Path) -> None:
    file = planted(tmp_path)
    store = Store(f"sqlite:///{ready(tmp_path)}")
    with store.write() as connection:
        said = f"GET https://u:{SECRETS[1]}@wire.example/feed?key={SECRETS[2]}: 403 for {ADDRESSES[0]}"
        sources.save(connection, SourceStatus(name="wire", state=SourceState.FAILING, failures=3, error=said))
        copies.mark(connection, Standing.HELD, "it was restored", now=NOW)
        row = {"delivery_id": 1, "number": 1, "began_at": NOW, "ended_at": NOW, "outcome": "rejected", "code": 550}
        connection.execute(attempts.insert(), row | {"relay": "smtp", "reply": f"550 <{ADDRESSES[0]}> unknown"})
    store.close()
    with closing(sqlite3.connect(tmp_path / "syndicate.db")) as careless:
        columns = "kind, subscriber_id, reason, status, said, source, came_at"
        careless.execute(f"INSERT INTO returns ({columns}) VALUES ('hard', 99, '', '', '', 'mail', 0)")
        careless.commit()
    report = examine(file, {"SYNDICATE_SITE__SECRET": SECRETS[5], "HOME": "/root"})
    shown = report.text()
    for one in (*SECRETS, *ADDRESSES, "planted.example", "planted-"):
        assert one not in shown, one
    assert "https://wire.example/feed?(not shown)" in shown
    assert "SYNDICATE_SITE__SECRET" in shown
    assert 'title = "The Brief"' in shown.replace('"title"', "title")
    assert marks(report)["source"] == marks(report)["relay"] == marks(report)["copy"] == "look"
    assert marks(report)["soundness"] == "wrong"
    assert not report.is_well


def test_a_sound_installation_is_well(tmp_path: Path) -> None:
    file = SettingsFile(write_settings(tmp_path), {})
    file.path.chmod(0o600)
    assert "is not there" in examine(file, {}).text()
    ready(tmp_path)
    report = examine(file, {})
    assert (report.is_well, marks(report)) == (True, {})


def test_what_is_broken_hides_nothing_else(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "syndicate.toml", {})
    assert not examine(file, {}).is_well
    write_settings(tmp_path, web={"listen": "planted-secret-nowhere"})
    ready(tmp_path)
    report = examine(file, {})
    assert (report.is_well, marks(report)["web.listen"]) == (False, "wrong")
    assert "Python" in report.text()
    write_settings(tmp_path)
    (tmp_path / "syndicate.db").write_bytes(b"no database at all" * 400)
    assert marks(examine(file, {}))["database"] == "wrong"
    (tmp_path / "syndicate.db").unlink()
    store = Store(f"sqlite:///{ready(tmp_path)}")
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    store.close()
    assert marks(examine(file, {}))["version"] == "wrong"
    file.path.write_text("site = [", "utf-8")
    assert "can't be read" in examine(file, {}).text()
