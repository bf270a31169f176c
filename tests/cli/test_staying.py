"""A command that stays begins while its database is away."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syndicate.cli import staying, terminal
from syndicate.cli.terminal import opened
from syndicate.errors import AwayError
from tests.cli.command import make_folder


def test_it_waits_ends_when_told_to_and_goes_on_when_the_database_is_there(
    tmp_path: Path,
    postgresql_server: Any,
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = make_folder(tmp_path).path / "syndicate.toml"
    file.write_text(f'{file.read_text("utf-8")}\n[store]\nurl = "{postgresql_url}"\n', "utf-8")
    monkeypatch.setenv("SYNDICATE_CONFIG", str(file))
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 1:
            signal.raise_signal(signal.SIGTERM)
        if len(waited) == 3:
            postgresql_server.start()

    monkeypatch.setattr(terminal, "logs", SimpleNamespace(set_up=lambda *_: None))
    monkeypatch.setattr(staying, "time", SimpleNamespace(sleep=wait))
    postgresql_server.stop()
    with pytest.raises(AwayError), opened():
        pass
    with pytest.raises(SystemExit) as ended, opened(stays=True):
        pass
    assert not ended.value.code
    with opened(stays=True) as app:
        assert app.store.version()
    assert waited == [0.5, 0.5, 1.0]
    said = capsys.readouterr().out
    assert said.count("the database is away, waiting for it") == 2
    assert said.count("the database is back, going on") == 1
