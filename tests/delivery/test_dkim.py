"""Signatures, checked by another implementation with the records that ``dkim new`` would print."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.delivery.dkim import SelectedKey, Signer, Unsigned, body_digest
from syndicate.delivery.dkim_keys import (
    RsaKey,
    new_ed25519_key,
    new_rsa_key,
    read_ed25519_key,
    read_rsa_key,
    record_strings,
    write_key,
)
from syndicate.errors import SettingsError
from syndicate.settings import Dkim
from tests.newsroom import newsroom
from tests.relay import Relay

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
RSA, ED25519 = SelectedKey("r", new_rsa_key()), SelectedKey("e", new_ed25519_key())
RECORDS = {
    b"r._domainkey.lake.example.": RSA.key.record().encode(),
    b"e._domainkey.lake.example.": ED25519.key.record().encode(),
}
HEADER = (
    b"From: Courier <news@lake.example>\r\nTo: ana@example.org\r\nSubject: A ferry\r\n returns\r\n"
    b"Date: Mon, 02 Mar 2026 07:00:00 +0000\r\nMessage-ID: <1.2.3@lake.example>\r\n"
    b"List-Unsubscribe: <https://lake.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
)
BODY = b"Hello  Ana,\t \r\n\r\n.dot\r\nThe ferry is back.  \r\n\r\n\r\n"


def record_of(name: bytes, timeout: int = 5) -> bytes | None:
    return RECORDS.get(name)


def is_valid(message: bytes, index: int = 0) -> bool:
    """Whether the signature at ``index`` holds, says dkimpy."""
    try:
        return bool(dkimpy.DKIM(message, minkey=1024).verify(index, dnsfunc=record_of))
    except dkimpy.ValidationError:
        return False


def signed(header: bytes = HEADER, body: bytes = BODY) -> bytes:
    return Signer([RSA, ED25519]).sign(header, body_digest(body), "Lake.example", NOW) + header + b"\r\n" + body


def test_both_signatures_hold() -> None:
    message = signed()
    assert message.count(b"DKIM-Signature:") == 2
    assert is_valid(message, 0)
    assert is_valid(message, 1)
    assert b"l=" not in message.split(b"From:")[0].replace(b"b=", b"").split(b"bh=")[0]
    assert all(len(line) <= 78 for line in message.split(b"From:")[0].split(b"\r\n"))


@pytest.mark.parametrize(
    "name", [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"List-Unsubscribe", b"List-Unsubscribe-Post"]
)
def test_a_changed_header_breaks_both(name: bytes) -> None:
    message = re.sub(b"(?m)^" + name + b": ", name + b": x", signed())
    assert not is_valid(message, 0)
    assert not is_valid(message, 1)


@pytest.mark.parametrize("name", [b"From", b"Subject", b"To", b"Date", b"Message-ID"])
def test_an_added_header_breaks_both(name: bytes) -> None:
    message = signed().replace(b"\r\nFrom:", b"\r\n" + name + b": another\r\nFrom:", 1)
    assert not is_valid(message, 0)
    assert not is_valid(message, 1)


def test_a_changed_body_breaks_both() -> None:
    message = signed().replace(b"ferry is back", b"ferry is gone")
    assert not is_valid(message, 0)
    assert not is_valid(message, 1)


BODIES = st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b".", b"=", b"word", b"\xc3\xa9"]), max_size=30)


@given(BODIES, st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=60))
@settings(deadline=None, max_examples=60)
def test_whatever_is_sent_verifies(pieces: list[bytes], subject: str) -> None:
    header = HEADER.replace(b"A ferry\r\n returns", subject.encode() or b"x")
    assert is_valid(signed(header, b"".join(pieces) + b"\r\n"), 1)


def test_nothing_is_signed_without_keys() -> None:
    signer = Signer.open(None)
    assert isinstance(signer, Unsigned)
    assert signer.sign(HEADER, body_digest(BODY), "lake.example", NOW) == b""


def test_keys_are_written_for_their_owner_and_read_back(tmp_path: Path) -> None:
    for name, key in (("r.pem", RSA.key), ("e.pem", ED25519.key)):
        write_key(tmp_path / name, key)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        with pytest.raises(FileExistsError):
            write_key(tmp_path / name, key)
    assert read_rsa_key(tmp_path / "r.pem").record() == RSA.key.record()
    assert read_ed25519_key(tmp_path / "e.pem").record() == ED25519.key.record()
    assert all(len(string) <= 255 for string in record_strings(RSA.key.record()))
    assert "".join(record_strings(RSA.key.record())) == RSA.key.record()


def test_keys_that_cannot_be_used_are_named_and_never_shown(tmp_path: Path) -> None:
    write_key(tmp_path / "e.pem", ED25519.key)
    write_key(tmp_path / "short.pem", RsaKey(generate_private_key(public_exponent=65537, key_size=1024)))
    (tmp_path / "text.pem").write_text("very secret text")
    for rsa, said in (
        ("e.pem", "not an RSA key"),
        ("short.pem", "1024 bits"),
        ("text.pem", "not a private key"),
        ("no", "can't be read"),
    ):
        chosen = Dkim(selector="s", rsa_key_file=tmp_path / rsa)
        with pytest.raises(SettingsError, match=said) as failed:
            Signer.open(chosen)
        assert "very secret" not in str(failed.value)


def test_what_goes_out_is_signed_and_verifies(tmp_path: Path, relay: Relay) -> None:
    write_key(tmp_path / "r.pem", RSA.key)
    write_key(tmp_path / "e.pem", ED25519.key)
    keys = {"selector": "r", "rsa_key_file": "r.pem", "ed25519_selector": "e", "ed25519_key_file": "e.pem"}
    with newsroom(tmp_path, smtp={"url": relay.url}, dkim=keys) as room:
        room.article("...and a ferry\n.\n..returns")
        for number in range(3):
            room.reader(f"r{number}@example.org", name="Žofia")
        room.compose()
        assert room.send().accepted == 3
    for received in relay.messages:
        assert is_valid(received.content, 0)
        assert is_valid(received.content, 1)
