"""``syndicate dkim new``: what it writes and prints is what a signer and a verifier can use."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import dkim as dkimpy
import pytest

from syndicate.delivery.dkim import Signer, body_digest
from syndicate.settings import Dkim, load
from tests.cli.command import Folder, make_folder

HEADER = (
    b"From: news@lakeside.example\r\nTo: ana@example.org\r\nSubject: A ferry\r\n"
    b"Date: Mon, 02 Mar 2026 07:00:00 +0000\r\nMessage-ID: <1@lakeside.example>\r\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with settings."""
    return make_folder(tmp_path)


def records_in(printed: str) -> dict[bytes, bytes]:
    """The printed TXT records by name, their strings joined as a resolver hands them on."""
    found = re.findall(r'^(\S+\.) IN TXT \(\n((?:  ".*"(?: \))?\n)+)', printed, re.MULTILINE)
    strings = {name: re.findall(r'"(.*)"', text) for name, text in found}
    assert all(len(string) <= 255 for each in strings.values() for string in each)
    return {name.encode(): "".join(each).encode() for name, each in strings.items()}


def test_printed_settings_sign_what_printed_records_verify(folder: Folder) -> None:
    printed = folder.run("dkim", "new", "--selector", "s1").out
    records = records_in(printed)
    lines = re.findall(r"^(?:\[dkim\]|\w+ = \".*\")$", printed, re.MULTILINE)
    config = folder.path / "syndicate.toml"
    folder.write("syndicate.toml", config.read_text("utf-8") + "\n" + "\n".join(lines) + "\n")

    signer = Signer.open(load(config, {}).dkim)
    message = (
        signer.sign(HEADER, body_digest(b"Hi\r\n"), "lakeside.example", datetime.now(UTC)) + HEADER + b"\r\nHi\r\n"
    )

    assert set(records) == {b"s1._domainkey.lakeside.example.", b"s1-ed25519._domainkey.lakeside.example."}
    for index in (0, 1):
        assert dkimpy.DKIM(message).verify(index, dnsfunc=lambda name, timeout=5: records.get(name))
    assert "PRIVATE" not in printed


def test_keys_are_for_their_owner_and_never_overwritten(folder: Folder) -> None:
    folder.run("dkim", "new", "--dir", "safe", "--selector", "s1")
    before = {file: file.read_bytes() for file in (folder.path / "safe").iterdir()}

    refused = folder.run("dkim", "new", "--dir", "safe", "--selector", "s1", code=1)

    assert {file.name for file in before} == {"s1.pem", "s1-ed25519.pem"}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in before)
    assert "--selector" in refused.err
    assert {file: file.read_bytes() for file in (folder.path / "safe").iterdir()} == before


def test_it_needs_no_settings_yet(tmp_path: Path) -> None:
    printed = Folder(tmp_path).run("dkim", "new").out

    assert f"s{datetime.now(UTC).year}a._domainkey.YOUR-DOMAIN. IN TXT" in printed


@pytest.mark.parametrize("selector", ["a..b", "../x", "-a", "a" * 56, "a b", "a;b"])
def test_a_selector_is_a_dns_label(folder: Folder, selector: str) -> None:
    folder.run("dkim", "new", f"--selector={selector}", code=2)

    assert not (folder.path / "keys").exists()


def test_the_first_settings_show_every_setting_of_it() -> None:
    text = (Path(__file__).parents[2] / "templates" / "init" / "syndicate.toml").read_text("utf-8")
    section = re.sub(r"^#(?=[a-z\[])", "", text[text.index("#[dkim]") :].split("\n\n")[0], flags=re.MULTILINE)

    assert set(tomllib.loads(section)["dkim"]) == set(Dkim.model_fields)
