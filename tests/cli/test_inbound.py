"""Mail that comes in, as an operator has it: fed from files, handed over to `serve`, polled, counted in `status`."""

from __future__ import annotations

import email
import json
import re
import smtplib
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest

from tests.cli.command import PASSWORD, Folder, make_folder, wait_for
from tests.inbound.dovecot import PASSWORD as IMAP_PASSWORD
from tests.inbound.dovecot import dovecot, dovecot_is_there
from tests.inbound.letters import letter
from tests.inbound.reports.mails import dsn, failed
from tests.relay import Relay

NEWS = "news@lakeside.example"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = make_folder(tmp_path)
    made.readers("ana@example.org,daily")
    return made


def mail(folder: Folder, name: str, content: bytes) -> str:
    (folder.path / name).write_bytes(content)
    return name


def inbound(folder: Folder, *lines: str) -> None:
    file = folder.path / "syndicate.toml"
    file.write_text("\n".join([file.read_text("utf-8"), "[inbound]", *lines, ""]), "utf-8")


def lines(text: str) -> Iterator[dict[str, object]]:
    return map(json.loads, text.splitlines())


def test_files_are_told_apart(folder: Folder) -> None:
    names = [
        mail(folder, "a.eml", letter("unsubscribe", to=NEWS)),
        mail(folder, "b.eml", letter("Away", to=NEWS, Auto_Submitted="auto-replied")),
        mail(folder, "c.eml", letter("x", to=NEWS, Content_Type="multipart/report; report-type=delivery-status")),
        mail(folder, "d.eml", letter("x", to=NEWS, Content_Type="multipart/report; report-type=feedback-report")),
        mail(folder, "e.eml", letter("Dear all", to=NEWS)),
        mail(folder, "f.eml", b"\x00\xff" * 1000),
    ]
    found = list(lines(folder.run("inbound", "feed", "--dry-run", *names).out))
    assert [one["file"] for one in found] == names
    assert [one["kind"] for one in found] == ["command", "auto", "bounce", "complaint", "unknown", "unknown"]
    assert found[0] == {
        "file": "a.eml",
        "kind": "command",
        "recipients": [],
        "status": "",
        "hard": None,
        "reason": "",
        "command": "unsubscribe",
        "newsletters": ["daily"],
        "from": "ana@reader.example",
    }
    assert folder.run("status", "--json").json()["inbound"] == {"kinds": {}, "mailbox": None}
    folder.run("inbound", "feed", *names)
    counted = folder.run("status").out
    assert "6 mails: 1 command, 1 auto, 1 bounce, 1 complaint, 2 unknown" in counted


def test_a_file_that_is_not_there(folder: Folder) -> None:
    assert "nowhere.eml: can't be read" in folder.run("inbound", "feed", "nowhere.eml", code=1).err


def test_a_mail_on_standard_input_with_its_envelope(folder: Folder) -> None:
    envelope = ("--recipient", "daily+subscribe@lakeside.example", "--sender", "")
    assert folder.run("inbound", "feed", "-", *envelope, given=letter("hello").decode()).json()["kind"] == "auto"


def test_a_bounce_is_told_from_the_file_to_the_digest(tmp_path: Path, relay: Relay) -> None:
    sending = make_folder(tmp_path, relay.url)
    inbound(sending, 'listen = "lmtp://127.0.0.1:0"')
    sending.readers("ana@reader.example,daily")
    sending.article("Ferry returns")
    sending.run("pickup")
    digest = str(sending.run("send", "daily", "--yes", "--json").json()["digest"])
    path = relay.messages[-1].sender.strip("<>")
    name = mail(sending, "bounce.eml", dsn(failed("ana@reader.example", "5.1.1", "550 5.1.1 No such user")).encode())
    [told] = lines(sending.run("inbound", "feed", name, "--recipient", path, "--sender", "").out)
    assert {one: told[one] for one in ("kind", "recipients", "status", "hard", "reason")} == {
        "kind": "bounce",
        "recipients": ["ana@reader.example"],
        "status": "5.1.1",
        "hard": True,
        "reason": "no such mailbox",
    }
    shown = sending.run("digests", "show", digest)
    assert "1 hard bounce" in shown.out
    assert "no such mailbox" in shown.out
    assert sending.run("digests", "show", digest, "--json").json()["returns"]["hard"] == 1
    reader = sending.run("subscribers", "show", "ana@reader.example").out
    assert "(banned from mail)" in reader
    assert "no such mailbox (5.1.1), told by mail" in reader
    assert "no provider told anything yet" in sending.run("inbound", "webhooks").out
    assert sending.run("inbound", "webhooks", "--json").json() == {"providers": [], "events": []}


def test_serve_takes_mail(folder: Folder) -> None:
    inbound(folder, 'listen = "lmtp://127.0.0.1:0"')
    with folder.running("serve") as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "lmtp://" in line)
        host, port = re.findall(r"lmtp://([0-9.]+):(\d+)", line)[0]
        with smtplib.LMTP(host, int(port), timeout=30) as client:
            content = letter("subscribe", to=NEWS)
            for recipient in (NEWS, "daily@lakeside.example"):
                assert client.sendmail("ana@reader.example", [recipient], content) == {}
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="no such address"):
                client.sendmail("ana@reader.example", ["editor@lakeside.example"], content)
    assert folder.run("status", "--json").json()["inbound"]["kinds"] == {"command": 2}


def test_a_reader_comes_and_goes_by_mail_alone(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    inbound(folder, 'listen = "lmtp://127.0.0.1:0"')
    with folder.running("serve") as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "lmtp://" in line)
        host, port = re.findall(r"lmtp://([0-9.]+):(\d+)", line)[0]

        def write(to: str, subject: str) -> None:
            with smtplib.LMTP(host, int(port), timeout=30) as client:
                assert client.sendmail("ana@reader.example", [to], letter(subject, to=to)) == {}

        def answered(number: int) -> EmailMessage:
            wait_for(lambda: len(relay.messages) == number)
            return email.message_from_bytes(relay.messages[-1].content, policy=policy.default)

        def reader() -> list[str]:
            return [one["state"] for one in folder.run("subscribers", "list", "--json").json()]

        write("daily+subscribe@lakeside.example", "hello")
        asked = answered(1)
        assert reader() == []
        write(parseaddr(str(asked["Reply-To"]))[1], f"Re: {asked['Subject']}")
        assert answered(2)["Subject"] == "Confirmed: The Daily Brief"
        assert reader() == ["active"]
        write(NEWS, "unsubscribe")
        ask = answered(3)
        assert reader() == ["active"]
        write(parseaddr(str(ask["Reply-To"]))[1], f"Re: {ask['Subject']}")
        assert reader() == ["unsubscribed"]


def test_serve_reads_the_mailbox(tmp_path: Path) -> None:
    if not dovecot_is_there():
        pytest.skip("an IMAP server for tests is not installed: apt-get install dovecot-imapd")
    folder = make_folder(tmp_path)
    with dovecot() as imap:
        inbound(folder, f'mailbox = "{imap.url}"', f"password = {json.dumps(IMAP_PASSWORD)}", 'every = "1s"')
        with (folder.path / "syndicate.toml").open("a") as file:
            file.write(f'ca_file = "{imap.ca_file}"\n')
        imap.deliver(letter("help", to=NEWS))
        with folder.running("serve"):
            wait_for(lambda: [flags for _, _, flags in imap.look()] == [r"\Seen"])
            imap.deliver(letter("unsubscribe", to=NEWS))
            wait_for(lambda: [flags for _, _, flags in imap.look()] == [r"\Seen", r"\Seen"])
        imap.deliver(letter("subscribe", to=NEWS))
        assert folder.run("inbound", "poll").out.split() == ["mailbox", "1", "mail:", "1", "command"]
        told = folder.run("status").out
    assert "3 mails: 3 command, in 30 days" in told
    assert f"mailbox     {imap.url}: read until" in told


def test_a_mailbox_that_cannot_be_read_is_told(folder: Folder) -> None:
    assert "set inbound.mailbox" in folder.run("inbound", "poll", code=1).err
    inbound(folder, 'mailbox = "imaps://news@127.0.0.1:9/INBOX"', f'password = "{PASSWORD}"')
    assert "refused" in folder.run("inbound", "poll", code=1).out
    told = folder.run("inbound", "poll", "--json", code=1).json()
    assert told["kinds"] == {}
    assert "refused" in told["error"]
    status = folder.run("status").out
    assert "failing     mailbox imaps://news@127.0.0.1:9/INBOX" in status
    assert folder.run("status", "--json").json()["inbound"]["mailbox"]["failures"] == 2
    # A mailbox that rests is no trouble for a pass by cron.
    assert folder.run("run", "--json").json()["inbound"] == {"kinds": {}, "error": ""}
