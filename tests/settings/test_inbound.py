"""`[inbound]`: what may stand there, and that the password shows nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syndicate.errors import SettingsError
from syndicate.settings import Settings, load
from tests.settings.writing import write_settings

MAILBOX = "imaps://news%40lakeside.example@imap.example/In%20box"
PASSWORD = "pa55-w0rd"


def read(directory: Path, environ: dict[str, str] | None = None, **inbound: Any) -> Settings:
    return load(write_settings(directory, inbound=inbound), environ or {})


def problem(directory: Path, environ: dict[str, str] | None = None, **inbound: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        read(directory, environ, **inbound)
    (found,) = caught.value.problems
    return str(found)


def test_without_it_nothing_comes_in(tmp_path: Path) -> None:
    inbound = load(write_settings(tmp_path), {}).inbound
    assert (inbound.listening, inbound.account) == (None, None)


def test_a_listener(tmp_path: Path) -> None:
    assert read(tmp_path, listen="lmtp://127.0.0.1:8024").inbound.listening == ("127.0.0.1", 8024, True)
    assert read(tmp_path, listen="smtp://[::1]:2526").inbound.listening == ("::1", 2526, False)


@pytest.mark.parametrize("where", ["file", "environment", "file of its own"])
def test_a_mailbox_and_its_password(tmp_path: Path, where: str) -> None:
    (tmp_path / "secret.txt").write_text(f"{PASSWORD}\n", "utf-8")
    given: dict[str, Any] = {"file": {"password": PASSWORD}, "file of its own": {"password_file": "secret.txt"}}
    environ = {"SYNDICATE_INBOUND__PASSWORD": PASSWORD} if where == "environment" else {}
    inbound = read(tmp_path, environ, mailbox=MAILBOX, ca_file="ca.pem", **given.get(where, {})).inbound
    assert inbound.account == ("imap.example", 993, "news@lakeside.example", "In box")
    assert str(inbound.account) == "news@lakeside.example at imap.example, In box"
    assert inbound.password is not None
    assert inbound.password.get_secret_value() == PASSWORD
    assert PASSWORD not in repr(inbound)
    assert inbound.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    "listen",
    ["127.0.0.1:8024", "http://127.0.0.1:8024", "lmtp://127.0.0.1", "lmtp://:8024", "lmtp://a:1/b", "lmtp://a:99999"],
)
def test_a_listener_that_cannot_be(tmp_path: Path, listen: str) -> None:
    assert problem(tmp_path, listen=listen).endswith("allowed: lmtp:// or smtp://, then host:port")


@pytest.mark.parametrize(
    "mailbox",
    ["imap://a@b", "imaps://b/INBOX", "imaps://a@", "a@b", f"imaps://a:{PASSWORD}@b", "imaps://a@b:x", "imaps://[a@b"],
)
def test_a_mailbox_that_cannot_be_shows_no_password(tmp_path: Path, mailbox: str) -> None:
    said = problem(tmp_path, mailbox=mailbox, password=PASSWORD)
    assert said == "inbound.mailbox: allowed: imaps://user@host[:port][/Folder]; the password is a key of its own"


def test_a_mailbox_without_a_password(tmp_path: Path) -> None:
    assert problem(tmp_path, mailbox=MAILBOX) == "inbound: allowed: a mailbox needs its `password`, or `password_file`"
    assert problem(tmp_path, mailbox=MAILBOX, password_file="nowhere").startswith("inbound.password_file: found")
    assert problem(tmp_path, mailbox=MAILBOX, password="").startswith("inbound.password: ")
