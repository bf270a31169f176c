"""Canonical forms and signatures against the text of the standard, dkimpy's own forms, and opendkim when installed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.delivery.dkim import SelectedKey, Signer, body_digest
from syndicate.delivery.dkim_keys import new_rsa_key

HEADER = (
    b"From: Courier <news@lake.example>\r\nTo: ana@example.org\r\nSubject:  A \t ferry\r\n\t returns \r\n"
    b"Date: Mon, 02 Mar 2026 07:00:00 +0000\r\nMessage-ID: <1.2.3@lake.example>\r\n"
)
PIECES = st.lists(
    st.one_of(st.sampled_from([b" ", b"\t", b"\r", b"\n", b"\r\n", b"\x0b", b"\x00"]), st.binary(max_size=4)),
    max_size=25,
)


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),  # RFC 6376 §3.4.5
        (b"", b""),  # §3.4.4: the empty body stays empty
        (b"\r\n \t\r\n\r\n", b""),
        (b"\r\n\r\nlate", b"\r\n\r\nlate\r\n"),
        (b"cut short \t", b"cut short\r\n"),
    ],
)
def test_body_is_relaxed_as_the_standard_says(body: bytes, relaxed: bytes) -> None:
    assert body_digest(body) == hashlib.sha256(relaxed).digest()


@given(PIECES)
@settings(deadline=None, max_examples=300)
def test_any_octets_are_relaxed_as_dkimpy_does(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    complete = body if not body or body.endswith(b"\r\n") else body + b"\r\n"

    assert body_digest(body) == hashlib.sha256(Relaxed.canonicalize_body(complete)).digest()


def test_opendkim_accepts_it(tmp_path: Path) -> None:
    opendkim = shutil.which("opendkim", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if opendkim is None:
        pytest.skip("the second verifier is not installed: apt-get install opendkim")
    key = new_rsa_key()
    body = b"Hello  Ana,\t \r\n\r\nThe ferry is back.  \r\n\r\n\r\n"
    signature = Signer([SelectedKey("s2026a", key)]).sign(HEADER, body_digest(body), "lake.example", datetime.now(UTC))
    (tmp_path / "records").write_text(f"s2026a._domainkey.lake.example {key.record()}\n")
    (tmp_path / "opendkim.conf").write_text(f"Mode v\nTestPublicKeys {tmp_path / 'records'}\n")

    def verdict(text: bytes) -> str:
        message = tmp_path / "message.eml"
        message.write_bytes(signature + HEADER + b"\r\n" + text)
        run = [opendkim, "-x", str(tmp_path / "opendkim.conf"), "-vv", "-t", str(message)]
        ended = subprocess.run(run, capture_output=True, text=True, timeout=30)
        return ended.stdout + ended.stderr

    assert "verification (s=s2026a, d=lake.example, 2048-bit key) succeeded" in verdict(body)
    assert "succeeded" not in verdict(body.replace(b"back", b"gone"))
