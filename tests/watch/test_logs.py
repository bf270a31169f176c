"""The log: in one form, with what it is about, and without anybody's address, whoever says it."""

from __future__ import annotations

import asyncio
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from syndicate.desk.recent import RECENT
from syndicate.model import Via
from syndicate.watch import logs
from syndicate.web.public import PublicPages
from tests.asking import ask
from tests.newsroom import newsroom
from tests.relay import Relay
from tests.web.pressroom import serve

READERS = ("ana@accepted.example", "bo@refused.example", "cy@later.example", "dee@blocked.example")


class Said:
    """What went to standard error, which is no terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def text(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Said]:
    yield Said(capsys)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if not isinstance(one, logs.Libraries)]
    logging.getLogger("apscheduler").setLevel(logging.NOTSET)


@pytest.mark.parametrize("level", ["info", "debug"])
def test_a_sending_names_digests_and_deliveries_and_no_reader(
    tmp_path: Path, relay: Relay, log: Said, level: logs.Level
) -> None:
    relay.refuse("rcpt", "550 5.1.1 <bo@refused.example>: there is no bo@refused.example", matching="bo@")
    relay.refuse("rcpt", "450 4.2.2 cy@later.example is full", matching="cy@")
    relay.refuse("rcpt", "554 5.7.1 dee@blocked.example: your IP is listed", matching="dee@")
    logs.set_up("auto", level)
    with newsroom(tmp_path, smtp={"url": relay.url}) as room:
        room.article("Ferry returns")
        for email in READERS:
            room.reader(email)
        ask(
            room.app.store, room.app.settings, email="new@asked.example", slugs=["brief"], via=Via.WEB, now=room.clock()
        )
        [digest] = room.compose()
        sent = room.send()
        asyncio.run(room.app.jobs.send_notices(stop=asyncio.Event()))
    assert (sent.accepted, sent.deferred) == (1, 2)
    found = log.lines()
    assert [one["digest"] for one in found if one["event"] == "digest composed"] == [digest.id]
    told = [one for one in found if one["event"] == "a mail was not accepted"]
    assert sorted(one["code"] for one in told) == ([450, 550, 554] if level == "debug" else [])
    assert all(one["digest"] == digest.id and one["delivery"] for one in told)
    assert not [one for one in (*READERS, "new@asked.example") if one in log.text()]


def test_what_breaks_a_page_is_found_by_the_id_of_its_request(
    tmp_path: Path, log: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: PublicPages) -> None:
        raise RuntimeError("ana@example.org broke it")

    monkeypatch.setattr(PublicPages, "front", broken)
    logs.set_up("json", "info")
    with serve(tmp_path) as room:
        monkeypatch.setattr(logging.getLogger("uvicorn"), "handlers", [])
        monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        fine = room.client.get("/healthz", headers={"X-Request-ID": "no such id"})
        first = room.client.get("/", headers={"Connection": "close"})
        given = room.client.get("/", headers={"Connection": "close", "X-Request-ID": "from-the-proxy-7"})
    assert (first.status_code, given.status_code, given.headers["x-request-id"]) == (500, 500, "from-the-proxy-7")
    assert len(fine.headers["x-request-id"]) == 16
    told = log.lines()
    assert [one["request"] for one in told] == [first.headers["x-request-id"], "from-the-proxy-7"]
    assert {(one["level"], one["library"], one["route"], one["method"]) for one in told} == {
        ("error", "uvicorn.error", "/", "GET")
    }
    assert all("(an address) broke it" in one["exception"] and "ana@" not in str(one) for one in told)
    assert "ana@" not in str(RECENT.newest())


def test_libraries_and_warnings_go_the_same_way(log: Said) -> None:
    logs.set_up("json", "info")
    logs.set_up("json", "info")
    logging.getLogger("mail.log").info("recip: %s", "ana@example.org")
    logging.getLogger("mail.log").warning("too many from %s", "ana@example.org")
    logging.getLogger("apscheduler.scheduler").warning("skipped: maximum number of running instances reached")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("this is old", DeprecationWarning, stacklevel=1)
    said = [(one["level"], one["library"]) for one in log.lines()]
    assert said == [("warning", "mail.log"), ("warning", "py.warnings")]
    assert log.lines()[0]["event"] == "too many from (an address)"


def test_lines_for_people(log: Said) -> None:
    logs.set_up("pretty", "warning")
    structlog.get_logger().info("not said")
    structlog.get_logger().warning("a source failed", source="wire", readers=("ana@example.org",))
    try:
        raise ValueError("bo@example.org")
    except ValueError:
        structlog.get_logger().exception("it broke")
    shown = log.text()
    assert "a source failed" in shown
    assert "source=wire" in shown
    assert "ValueError: (an address)" in shown
    assert "@" not in shown
    assert "{" not in shown
