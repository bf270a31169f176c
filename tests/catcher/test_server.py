"""The catcher keeps every mail, whole and in order, and listens on loopback only."""

from __future__ import annotations

import asyncio
import contextlib
from email import message_from_bytes, policy
from pathlib import Path

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.catcher.server import MAX_BYTES, Catcher
from syndicate.errors import SyndicateError

pytestmark = pytest.mark.anyio

BODY = b"From: news@example.org\r\nSubject: Morning\r\n\r\n..dotted\r\nBye.\r\n"


async def send(catcher: Catcher, recipient: str, content: bytes = BODY, sender: str = "news@example.org") -> str:
    async with aiosmtplib.SMTP(hostname=catcher.host, port=catcher.port, start_tls=False) as client:
        return (await client.sendmail(sender, [recipient], content))[1]


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_each_mail_is_one_file_in_order_of_arrival(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    async with Catcher("127.0.0.1", 0, folder) as catcher:
        assert catcher.port > 0
        answer = await send(catcher, "ada@example.org")
        await send(catcher, "ben@example.net")

    names = [path.name for path in files(folder)]
    assert names == ["000001-ada@example.org.eml", "000002-ben@example.net.eml"]
    assert "000001-ada@example.org.eml" in answer
    assert catcher.caught == 2
    expected = b"Return-Path: <news@example.org>\r\nDelivered-To: ada@example.org\r\n" + BODY
    assert (folder / names[0]).read_bytes() == expected


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for recipient in ("ada@example.org", "ben@example.net"):
        async with Catcher("localhost", 0, tmp_path) as catcher:
            await send(catcher, recipient)

    assert (tmp_path / "000002-ben@example.net.eml").exists()


async def test_unicode_addresses_many_recipients_and_no_sender(tmp_path: Path) -> None:
    async with (
        Catcher("127.0.0.1", 0, tmp_path) as catcher,
        aiosmtplib.SMTP(hostname=catcher.host, port=catcher.port, start_tls=False) as client,
    ):
        await client.ehlo()
        await client.execute_command(b"MAIL FROM:<> SMTPUTF8")
        await client.execute_command("RCPT TO:<žana@example.org>".encode())
        await client.execute_command(b"RCPT TO:<ben@example.net>")
        await client.data(BODY)

    (path,) = files(tmp_path)
    assert path.name == "000001-_ana@example.org.eml"
    head = "Return-Path: <>\r\nDelivered-To: žana@example.org\r\nDelivered-To: ben@example.net\r\n"
    assert path.read_bytes().startswith(head.encode())


async def test_many_connections_at_once_lose_nothing(tmp_path: Path) -> None:
    readers = [f"reader{number}@example.org" for number in range(40)]
    async with Catcher("127.0.0.1", 0, tmp_path) as catcher:
        await asyncio.gather(*(send(catcher, reader) for reader in readers))

    caught = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files(tmp_path)]
    assert sorted(mail["Delivered-To"] for mail in caught) == sorted(readers)


async def test_says_how_large_a_mail_may_be(tmp_path: Path) -> None:
    async with (
        Catcher("127.0.0.1", 0, tmp_path) as catcher,
        aiosmtplib.SMTP(hostname=catcher.host, port=catcher.port, start_tls=False) as client,
    ):
        await client.ehlo()
        assert client.esmtp_extensions["size"] == str(MAX_BYTES)
        assert client.supports_extension("smtputf8")
        with pytest.raises(aiosmtplib.SMTPResponseException) as refusal:
            await client.mail("news@example.org", options=[f"SIZE={MAX_BYTES + 1}"])
        assert refusal.value.code == 552


async def test_a_mail_that_can_not_be_stored_is_refused_for_now(tmp_path: Path) -> None:
    async with Catcher("127.0.0.1", 0, tmp_path) as catcher:
        (tmp_path / ".000001-ada@example.org.eml.part").mkdir()
        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await send(catcher, "ada@example.org")

    assert refusal.value.code == 452
    assert catcher.caught == 0


async def test_leaving_cuts_open_connections(tmp_path: Path) -> None:
    async with Catcher("127.0.0.1", 0, tmp_path) as catcher:
        reader, writer = await asyncio.open_connection(catcher.host, catcher.port)
        assert (await reader.readline()).startswith(b"220")

    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "mail.example.org"])
async def test_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(SyndicateError, match="loopback only"):
        async with Catcher(host, 0, tmp_path):
            pass


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    async with Catcher("127.0.0.1", 0, tmp_path) as first:
        with pytest.raises(SyndicateError, match=f"127.0.0.1:{first.port}.*another port"):
            async with Catcher("127.0.0.1", first.port, tmp_path):
                pass


@given(recipient=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_recipient_escapes_the_folder_or_the_header(
    recipient: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("mails")

    path = Catcher("127.0.0.1", 0, folder).store("<>", [recipient], BODY)

    assert [one.resolve().parent for one in folder.iterdir()] == [folder.resolve()]
    assert path.read_bytes().endswith(b"\r\n" + BODY)
    assert path.read_bytes().count(b"\n") == BODY.count(b"\n") + 2
