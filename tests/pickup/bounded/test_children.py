"""Documents that want too much time or memory, or break the parser down: each costs its own source an error."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.errors import ParseError
from syndicate.model import Content, Enclosure
from syndicate.pickup.bounded import children
from syndicate.pickup.bounded.children import parse_now
from syndicate.pickup.bounded.limits import WORN, Limits
from syndicate.pickup.bounded.wire import Task, receive_answer, send_answer
from syndicate.pickup.feed import parse_feed
from syndicate.pickup.reading import Reading
from tests.pickup.golden import DATA

URL = "https://wire.example/feed"


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'.encode()


@pytest.mark.parametrize("name", ["rss20.xml", "atom.xml", "rdf.xml", "feed.json"])
def test_what_comes_back_is_what_was_read(name: str) -> None:
    body = (DATA / name).read_bytes()
    assert parse_now(Task("feed", body, URL)) == parse_feed(body, URL, None)


def test_types_survive_the_way() -> None:
    ours, theirs = socket.socketpair()
    content = Content(
        guid="g",
        title="Мост \N{BRIDGE AT NIGHT}",
        html="<p>x</p>",
        text="x",
        enclosures=(Enclosure("https://x.example/a.mp3", "audio/mpeg", 3),),
        published_at=datetime(2026, 3, 2, 7, tzinfo=UTC),
    )
    reading = Reading(contents=(content,), asks_every=timedelta(minutes=90), left_out=3)
    with ours, theirs:
        send_answer(theirs, reading, is_last=True)
        assert receive_answer(ours) == (reading, True)
        theirs.sendall(b"\0\0\0\1\0\0\0\2+{}")
        assert receive_answer(ours) == (Reading(), False)
        theirs.sendall(b'\0\0\0\1\0\0\0\x12+{"contents":["a"]}')
        with pytest.raises(ValueError, match="contents"):
            receive_answer(ours)


def test_too_much_time_or_memory_costs_one_source_an_error() -> None:
    slow = rss("<item><title>a</title><description>" + "&lt;div&gt;" * 40_000 + "</description></item>")
    with pytest.raises(ParseError, match=r"takes more than 1 s to read") as raised:
        parse_now(Task("feed", slow, URL), Limits(seconds=1))
    assert raised.value.origin == URL
    large = rss("<item><title>a</title><description>" + "x" * 3_000_000 + "</description></item>")
    with pytest.raises(ParseError, match=r"takes more than 60 MB of memory to read"):
        parse_now(Task("feed", large, URL), Limits(megabytes=60))
    assert parse_now(Task("feed", rss("<item><title>next</title></item>"), URL)).contents[0].title == "next"


def test_one_process_parses_one_document_after_the_other_however_large_this_one_is() -> None:
    held = b"x" * (WORN + 2**20)
    children.end()
    used = []
    for _ in range(2):
        parse_now(Task("feed", rss("<item><title>a</title></item>"), URL))
        [child] = children._idle
        used.append(child)
    assert used[0] is used[1]
    assert len(held) > WORN


def test_a_parser_that_breaks_down_or_says_what_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    nonsense = "os.write(0, bytes([0,0,0,1,0,0,0,1]) + b'+?')\nwhile os.read(0, 99): pass"
    for code, how in (("os.abort()", "-6"), (nonsense, ".*")):
        monkeypatch.setattr(children, "_COMMAND", (sys.executable, "-S", "-c", f"import os\n{code}"))
        with pytest.raises(ParseError, match=rf"the process that parses it broke down \({how}\)"):
            parse_now(Task("feed", rss(), URL), Limits(seconds=2))


def test_it_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNDICATE_SMTP__URL", "smtp://s3cret@x.example")
    told = tmp_path / "told"
    code = f"import os; open({str(told)!r}, 'w').write(repr(os.environ))"
    monkeypatch.setattr(children, "_COMMAND", (sys.executable, "-S", "-c", code))
    with pytest.raises(ParseError, match="broke down"):
        parse_now(Task("feed", rss(), URL), Limits(seconds=3))
    assert "PATH" in told.read_text()
    assert "s3cret" not in told.read_text()
