"""Signing in threads: every message comes back signed, whatever goes wrong is heard, and the end of work is told."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from syndicate.delivery.dkim import Draft, SelectedKey, Signer
from syndicate.delivery.dkim_keys import Ed25519Key, new_ed25519_key, read_ed25519_key, write_key
from syndicate.delivery.ledger import Ledger
from syndicate.delivery.signing import Signing
from syndicate.render.message import Message
from syndicate.store.attempts import Begin
from tests.newsroom import Newsroom, newsroom

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODY = (b"The ferry sails.\r\n", b"Mind the step.\r\n")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    write_key(tmp_path / "key.pem", new_ed25519_key())
    return Signer([SelectedKey("s", read_ed25519_key(tmp_path / "key.pem"))])


def message(number: int) -> Message:
    header = f"From: news@lakeside.example\r\nSubject: No. {number}\r\n".encode()
    return Message(header, BODY, sha256(BODY[0]))


def test_each_comes_back_signed_and_then_the_end_is_told(signer: Signer) -> None:
    async def sign() -> list[bytes]:
        idle = asyncio.Event()
        signing = Signing(idle.set)
        many = [message(number) for number in range(40)]
        orders = [signing.sign(signer.draft(one.header, "lakeside.example", NOW), one) for one in many]
        assert signing.is_busy()
        orders[7].cancel()
        done = await asyncio.gather(*orders, return_exceptions=True)
        assert isinstance(done.pop(7), asyncio.CancelledError)
        await idle.wait()
        assert not signing.is_busy()
        signing.close()
        return [one for one in done if isinstance(one, bytes)]

    before = threading.active_count()
    signed = asyncio.run(sign())
    assert threading.active_count() == before
    assert [one.split(b"Subject: ")[1].split(b"\r\n")[0] for one in signed] == [
        f"No. {number}".encode() for number in range(40) if number != 7
    ]
    headers = {one.split(b"bh=")[1].split(b";")[0] for one in signed}
    assert len(headers) == 1
    assert all(one.endswith(b"\r\n\r\n" + b"".join(BODY)) for one in signed)


def test_what_goes_wrong_is_heard_by_who_waits(signer: Signer) -> None:
    class Broken(Ed25519Key):
        def sign(self, text: bytes) -> bytes:
            raise ValueError("the key is broken")

    async def sign() -> None:
        signing = Signing(lambda: None)
        broken = Draft(b"", [(Broken(Ed25519PrivateKey.generate()), b"", b"")])
        good = signer.draft(message(1).header, "lakeside.example", NOW)
        first, second = signing.sign(broken, message(0)), signing.sign(good, message(1))
        with pytest.raises(ValueError, match="the key is broken"):
            await first
        assert (await second).startswith(b"DKIM-Signature:")
        signing.close()

    asyncio.run(sign())


def test_a_step_waits_for_more_that_is_coming_and_no_longer(tmp_path: Path) -> None:
    async def step(room: Newsroom) -> None:
        async with Ledger(room.app.store) as ledger:
            ledger.is_more_coming = lambda: True
            waiting = asyncio.create_task(ledger.step([], [Begin(1, 1, 1)]))
            for _ in range(50):
                await asyncio.sleep(0)
            assert not waiting.done()
            ledger.is_more_coming = lambda: False
            ledger.hurry()
            assert await waiting == set()
            ledger.is_more_coming = lambda: True
            many = [ledger.step([], [Begin(number, 1, 1)]) for number in range(5)]
            assert await asyncio.gather(*many) == [set()] * 5
            alone = asyncio.create_task(ledger.step([], [Begin(1, 1, 1)]))
            await ledger.run(lambda _: None)
            assert await alone == set()

    with newsroom(tmp_path) as room:
        asyncio.run(step(room))
