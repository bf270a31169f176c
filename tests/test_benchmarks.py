"""The benchmarks still run, and what they measure with tells the truth. Nothing here is timed."""

from __future__ import annotations

import asyncio
import json
import smtplib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import publishing, references, serving, sinks, table, wires
from benchmarks.children import Run, measured
from benchmarks.delay import far_away
from benchmarks.figures import OURS, Outcome, Plan, Side, Target, throughput
from benchmarks.sink import Arrived, Manners, Session, Tally
from benchmarks.sinks import HOST, bundled_sink

CONTENT = b".. stuffed\r\n..\r\n\r\nno end.\r\n.x\r\n\n.\n\r.\r\r\n..\r\n"
MAIL = b"MAIL FROM:<a@lake.example>\r\nRCPT TO:<b@Far.example>\r\n"
DATA = b"EHLO x\r\n" + MAIL + b"DATA\r\n" + CONTENT + b".\r\n" + MAIL + b"DATA\r\n.\r\nQUIT\r\n"
CHUNK = b"\r\n.\r\nQUIT\r\n"
BDAT = b"%bBDAT %d\r\n%bBDAT %d LAST\r\n%b%bBDAT 3\r\nabcbdat 0 last\r\nBDAT 2 LAST\r\nxxQUIT\r\n" % (
    *(MAIL, len(CHUNK), CHUNK, len(CHUNK), CHUNK),
    MAIL,
)


class Wire(asyncio.Transport):
    """Keeps what the sink says."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True


def talk(pieces: Iterator[bytes], manners: Manners) -> tuple[list[str], dict[str, Arrived]]:
    """What the sink answers to these packets, as codes without the greeting, and what it counts."""
    tally, wire = Tally(), Wire()
    session = Session(manners, tally)
    session.connection_made(wire)
    for piece in pieces:
        session.data_received(piece)
    assert wire.is_closed
    codes = [line[:3].decode() for line in wire.said.splitlines() if line[3:4] == b" "]
    return codes[1:], tally.domains


def cuts(said: bytes) -> Iterator[Iterator[bytes]]:
    """The same octets in packets: cut once, at every place, and then octet by octet."""
    for at in range(len(said)):
        yield iter((said[:at], said[at:]))
    yield iter(said[at : at + 1] for at in range(len(said)))


def test_the_sink_finds_the_end_of_content_wherever_packets_are_cut() -> None:
    for pieces in cuts(DATA):
        codes, domains = talk(pieces, Manners())
        assert codes == ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
        assert list(domains) == ["far.example"]
        assert (domains["far.example"].count, domains["far.example"].octets) == (2, len(CONTENT))


def test_the_sink_counts_the_octets_of_chunks_and_looks_at_none() -> None:
    for pieces in cuts(BDAT):
        codes, domains = talk(pieces, Manners(chunking=True))
        assert codes == ["250", "250", "250", "250", "250", "250", "250", "250", "503", "221"]
        assert (domains["far.example"].count, domains["far.example"].octets) == (2, 2 * len(CHUNK) + 3)


def test_the_sink_takes_nothing_without_a_recipient() -> None:
    codes, domains = talk(iter([b"DATA\r\nBDAT 3 LAST\r\nRSET\r\n", MAIL, b"RSET\r\nDATA\r\nQUIT\r\n"]), Manners())
    assert codes == ["503", "503", "250", "250", "250", "250", "503", "221"]
    assert domains == {}


def test_a_tarpit_keeps_the_order_of_its_answers() -> None:
    with bundled_sink(Manners(tarpit_domain="far.example", tarpit_seconds=0.01)) as sink:
        with smtplib.SMTP(HOST, sink.port, timeout=10) as client:
            client.send(MAIL + b"DATA\r\n")
            assert [client.getreply()[0] for _ in range(3)] == [250, 250, 354]
            client.send(CONTENT + b".\r\nNOOP\r\n")
            assert [client.getreply()[0] for _ in range(2)] == [250, 250]
        assert sink.arrived()["far.example"].count == 1


def test_the_long_wire_keeps_octets_order_and_half_closes() -> None:
    sent = bytes(range(256)) * 4000

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read())[::-1])
        writer.close()
        await writer.wait_closed()

    async def far(port: int) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, port)
        for start in range(0, len(sent), 70_001):
            writer.write(sent[start : start + 70_001])
            await writer.drain()
        writer.write_eof()
        found = await reader.read()
        writer.close()
        await writer.wait_closed()
        return found

    async def both() -> tuple[bytes, float]:
        async with await asyncio.start_server(answer, HOST, 0) as server:
            with far_away(server.sockets[0].getsockname()[1], 0.02) as port:
                began = time.monotonic()
                async with asyncio.timeout(20):
                    return await far(port), time.monotonic() - began

    found, seconds = asyncio.run(both())
    assert found == sent[::-1]
    assert seconds >= 0.02  # a proxy that waits less is wrong on any machine


def test_the_engine_scenario_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (sinks, references):
        monkeypatch.setattr(module, "postfix_tool", lambda _: None)
    monkeypatch.setattr(wires, "WIDTHS", (2,))
    said: list[str] = []
    [found] = wires.engine(tmp_path / "service", Plan(50, 1, said.append))
    assert [side.name for side in found.sides] == [OURS, "aiosmtplib", "smtplib in threads"]
    assert all(side.figure > 0 for side in found.sides)
    assert said[0] == "engine, 2 connections: syndicate, round 1 of 1"
    table.show({"processor": "one"}, [found])
    assert "engine, 2 connections" in capsys.readouterr().out
    table.write(tmp_path / "kept.json", {}, [found])
    [kept] = json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))["scenarios"]
    assert kept["sides"][1]["target"]["bound"] == 4.0


def test_the_serving_scenario_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "nginx", lambda: None)
    monkeypatch.setattr(serving, "has_wrk", lambda: False)
    found = serving.serving(tmp_path / "service", Plan(20, 1, lambda _: None))
    assert [[(side.name, side.count) for side in one.sides] for one in found] == [[(OURS, 20)], [(OURS, 100)]]


def test_the_publishing_scenario_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "measured", lambda work, *arguments: work(*arguments))
    monkeypatch.setattr(publishing, "_ENTRIES", 3)
    seconds, memory = publishing.publishing(tmp_path / "service", Plan(6, 1, lambda _: None))
    assert [side.count for side in seconds.sides] == [6 + 4, 6, 6 + 4 + 3, 4]
    assert [side.count for side in memory.sides] == [6 + 3, 6 + 3 + 20, 1]


def test_ratios_are_of_the_middle_rounds() -> None:
    def of(*seconds: float) -> Callable[[], Run]:
        rounds = iter(seconds)
        return lambda: Run(1, next(rounds), 0.001)

    plan = Plan(1, 3, lambda _: None)
    found = throughput("x", "", {OURS: of(9, 0.5, 0.25), "c": of(1, 2, 4)}, {"c": 3.9}, plan)
    assert found == Outcome(
        "x",
        "",
        "msg/s",
        (
            Side(OURS, (1 / 9, 2.0, 4.0), 1, 1.0),
            Side("c", (1.0, 0.5, 0.25), 1, 1.0, Target("÷ c", 4.0, 3.9)),
        ),
    )
    assert found.sides[1].target is not None
    assert found.sides[1].target.is_met


def test_what_goes_wrong_in_a_child_is_heard_of() -> None:
    with pytest.raises(RuntimeError, match="FileNotFoundError"):
        measured(Path.read_text, Path("there-is-no-such-file"), "ascii")
