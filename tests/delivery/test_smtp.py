"""The message path against servers that answer well, badly, late, in pieces, or not at all."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.delivery.envelope import Abilities, Envelope
from syndicate.delivery.outcome import Broken, Reply
from syndicate.delivery.replies import LONGEST_REPLY
from syndicate.errors import AddressError
from tests.delivery.talk import Talk, finish, talking

pytestmark = pytest.mark.anyio

ANA = Envelope("news@lake.example", "ana@example.org").commands(Abilities())
BEN = Envelope("news@lake.example", "ben@example.org").commands(Abilities())
CONTENT = b"Subject: x\r\n\r\nHello\r\n"
OK3 = b"250 ok\r\n250 ok\r\n354 go\r\n"


@pytest.mark.parametrize("pipelining", [True, False])
async def test_two_messages_over_one_connection(pipelining: bool) -> None:
    async def script(talk: Talk) -> None:
        for _ in range(2):
            for answer in (b"250 sender\r\n", b"250 recipient\r\n", b"354 go\r\n"):
                await talk.line()
                await talk.say(answer)
            await talk.content()
            await talk.say(b"250 taken\r\n")

    async with talking(script, pipelining=pipelining) as (path, talk):
        assert await path.open(ANA) is None
        assert await finish(path, CONTENT, BEN) == (Reply("content", 250, "taken"), None)
        assert await finish(path, CONTENT, None) == (Reply("content", 250, "taken"), None)
        assert path.is_open
    assert [one for one in talk.heard if one.startswith(b"RCPT")] == [
        b"RCPT TO:<ana@example.org>",
        b"RCPT TO:<ben@example.org>",
    ]
    assert [one for one in talk.heard if one.endswith(b"\r\n.\r\n")] == [CONTENT + b".\r\n"] * 2


async def test_content_and_the_next_envelope_cost_one_round_trip() -> None:
    """The server says nothing until it has heard everything."""

    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(OK3)
        await talk.content()
        await talk.lines(3)
        await talk.say(b"250 taken\r\n" + OK3)

    async with talking(script) as (path, _):
        assert await path.open(ANA) is None
        assert await finish(path, CONTENT, BEN) == (Reply("content", 250, "taken"), None)


async def test_without_pipelining_nothing_is_said_ahead() -> None:
    async def script(talk: Talk) -> None:
        await talk.line()
        await talk.say(b"250 ok\r\n")
        await talk.line()
        await talk.say(b"550 5.1.1 nobody\r\n")

    async with talking(script, pipelining=False) as (path, talk):
        assert await path.open(ANA) == Reply("RCPT", 550, "5.1.1 nobody")
    assert talk.heard == [b"MAIL FROM:<news@lake.example>", b"RCPT TO:<ana@example.org>"]


@pytest.mark.parametrize("pipelining", [True, False])
async def test_after_a_refused_recipient_the_next_one_begins_afresh(pipelining: bool) -> None:
    async def script(talk: Talk) -> None:
        for answer in (b"250 ok\r\n", b"450 later\r\n", *([b"503 no recipient\r\n"] if pipelining else [])):
            await talk.line()
            await talk.say(answer)
        for answer in (b"250 reset\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await talk.line()
            await talk.say(answer)
        await talk.content()
        await talk.say(b"250 taken\r\n")

    async with talking(script, pipelining=pipelining) as (path, talk):
        assert await path.open(ANA) == Reply("RCPT", 450, "later")
        assert await path.open(BEN) is None
        assert await finish(path, CONTENT, None) == (Reply("content", 250, "taken"), None)
    assert talk.heard.count(b"RSET") == 1


async def test_a_refused_sender_is_followed_by_no_content() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(b"550 5.7.1 not you\r\n503 no\r\n503 no\r\n")

    async with talking(script) as (path, talk):
        refusal = await path.open(ANA)
        assert refusal == Reply("MAIL", 550, "5.7.1 not you")
        assert refusal.is_about_us
    assert talk.heard[3:] in ([], [b""])


async def test_data_that_is_taken_without_a_recipient_is_ended_empty() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(b"250 ok\r\n550 nobody\r\n354 go on then\r\n")
        await talk.line()
        await talk.say(b"554 no recipients\r\n")

    async with talking(script) as (path, talk):
        assert await path.open(ANA) == Reply("RCPT", 550, "nobody")
        assert path.is_open
    assert talk.heard[3] == b"."


@pytest.mark.parametrize(
    ("verb", "replies"), [("DATA", b"250 ok\r\n250 ok\r\n451 busy\r\n"), ("MAIL", b"421 bye\r\n" * 3)]
)
async def test_a_refusal_names_its_command(verb: str, replies: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(replies)

    async with talking(script) as (path, _):
        refusal = await path.open(ANA)
        assert refusal is not None
        assert refusal.verb == verb


async def test_refused_content_is_an_answer_and_the_next_envelope_counts() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(OK3)
        await talk.content()
        await talk.lines(3)
        await talk.say(b"552 too big\r\n250 ok\r\n550 nobody\r\n503 no\r\n")

    async with talking(script) as (path, _):
        await path.open(ANA)
        assert await finish(path, CONTENT, BEN) == (Reply("content", 552, "too big"), Reply("RCPT", 550, "nobody"))


@pytest.mark.parametrize("said", [b"", b"250 o", b"250-ok\r\n", b"250 ok\r\n", b"250 ok\r\n250 ok\r\n35"])
async def test_a_connection_that_ends_before_the_content_handed_nothing_over(said: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(said)
        talk.hang_up()

    async with talking(script) as (path, _):
        with pytest.raises(ConnectionError, match="before DATA"):
            await path.open(ANA)
        assert not path.is_open
        with pytest.raises(ConnectionError):
            await path.open(BEN)


async def test_a_connection_that_ends_during_the_content_leaves_it_open_whether_it_arrived() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(OK3)
        await talk.content()
        talk.hang_up()

    async with talking(script) as (path, _):
        await path.open(ANA)
        answer, following = await finish(path, CONTENT, BEN)
        assert isinstance(answer, Broken)
        assert isinstance(following, Broken)
        assert "during DATA" in answer.reason


async def test_a_server_that_leaves_after_its_answer_took_the_message() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(OK3)
        await talk.content()
        await talk.lines(3)
        await talk.say(b"250 taken\r\n")
        await asyncio.sleep(0)
        talk.hang_up()

    async with talking(script) as (path, _):
        await path.open(ANA)
        answer, following = await finish(path, CONTENT, BEN)
        assert isinstance(following, Broken)
        assert isinstance(answer, Broken) or answer == Reply("content", 250, "taken")


@pytest.mark.parametrize(
    "said",
    [
        b"hello there\r\n",
        b"999 what\r\n",
        b"25\r\n",
        b"250-one\r\n550 two\r\n",
        b"\x00\xff\xfe\r\n",
        b"250" + b"x" * 10 + b"\r\n",
        b"<html>\r\n",
    ],
)
async def test_nonsense_ends_the_connection(said: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(said)

    async with talking(script) as (path, _):
        with pytest.raises(ConnectionError, match="no reply"):
            await path.open(ANA)


@pytest.mark.parametrize("piece", [b"250-x\r\n", b"x"])
async def test_a_reply_without_end_is_not_kept(piece: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(piece * (LONGEST_REPLY // len(piece) + 100))

    async with talking(script) as (path, _):
        with pytest.raises(ConnectionError, match="no end"):
            await path.open(ANA)


async def test_silence_is_not_waited_for_for_ever() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)

    async with talking(script, patience=0.05) as (path, _):
        with pytest.raises(ConnectionError, match="no answer in time"):
            await path.open(ANA)


async def test_a_server_that_takes_nothing_is_not_waited_for_for_ever() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        talk.hear_no_more()
        await talk.say(b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n")

    async with talking(script, patience=0.05) as (path, talk):
        assert await path.open(ANA) is None
        answer = await path.finish(b"x" * 50_000_000, None)
        talk.hang_up()
    assert answer == Broken("connection lost during DATA: nothing is taken any more")


@given(cuts=st.lists(st.integers(1, 60), max_size=8), ends=st.sampled_from([b"\r\n", b"\n"]))
@settings(deadline=None, max_examples=25)
def test_replies_may_come_in_any_pieces(cuts: list[int], ends: bytes) -> None:
    said = ends.join([b"250-first", b"250-second", b"250 third", b"250", b"354 go", b""])
    edges = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})

    async def script(talk: Talk) -> None:
        await talk.lines(3)
        for start, end in pairwise(edges):
            await talk.say(said[start:end])
            await asyncio.sleep(0)

    async def run() -> None:
        async with talking(script) as (path, _):
            assert await path.open(ANA) is None

    asyncio.run(run())


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None, max_examples=200)
def test_an_address_can_never_end_its_command(local: str, domain: str) -> None:
    envelope = Envelope("news@lake.example", f"{local}@{domain}")
    try:
        commands = envelope.commands(Abilities())
    except AddressError:
        return
    assert commands[1] == f"RCPT TO:<{local}@{domain}>\r\n".encode()
    assert commands[1].count(b"\r") == commands[1].count(b"\n") == commands[1].count(b">") == 1


async def test_a_goodbye_is_said() -> None:
    async def script(talk: Talk) -> None:
        await talk.line()
        await talk.say(b"221 bye\r\n")

    async with talking(script) as (path, talk):
        await path.quit()
        assert not path.is_open
    assert talk.heard == [b"QUIT"]


async def test_an_answer_to_data_that_is_neither_yes_nor_no_ends_the_connection() -> None:
    """One reply too many, and every later one would be taken for the answer to something else."""

    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n")

    async with talking(script) as (path, _):
        with pytest.raises(ConnectionError, match="out of step"):
            await path.open(ANA)
        assert not path.is_open


async def test_what_a_server_hangs_up_with_is_heard() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(b"421 4.3.2 going down\r\n")
        talk.end()

    async with talking(script) as (path, _):
        assert await path.open(ANA) == Reply("MAIL", 421, "4.3.2 going down")


CHUNKS = Abilities(pipelining=True, chunking=True)


async def test_whole_messages_go_one_after_the_other_and_each_has_its_answer() -> None:
    async def script(talk: Talk) -> None:
        for _ in range(3):
            await talk.lines(3)
            talk.heard.append(await talk.reader.readexactly(len(CONTENT)))
        await talk.say(b"250 ok\r\n250 ok\r\n250 taken\r\n250 ok\r\n550 nobody\r\n503 for whom\r\n")
        await talk.say(b"250 ok\r\n250 ok\r\n452 full\r\n")

    async with talking(script, abilities=CHUNKS) as (path, talk):
        for one in (ANA, BEN, ANA):
            await path.hand_over(one, CONTENT)
        answers = [await path.handed_over() for _ in range(3)]
        assert [str(one) for one in answers] == ["250 taken", "550 nobody", "452 full"]
        assert path.is_open
    assert talk.heard[2:4] == [b"BDAT %d LAST" % len(CONTENT), CONTENT]


async def test_content_that_was_taken_for_nobody_is_the_end_of_all_trust() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(b"250 ok\r\n550 nobody\r\n250 taken\r\n")

    async with talking(script, abilities=CHUNKS) as (path, _):
        await path.hand_over(ANA, CONTENT)
        assert isinstance(await path.handed_over(), Reply)
        assert not path.is_open


async def test_a_chunk_whose_answer_never_comes_may_have_arrived() -> None:
    async def script(talk: Talk) -> None:
        await talk.lines(3)
        await talk.say(b"250 ok\r\n250 ok\r\n")
        talk.end()

    async with talking(script, abilities=CHUNKS) as (path, _):
        await path.hand_over(ANA, CONTENT)
        assert "during BDAT" in str(await path.handed_over())
