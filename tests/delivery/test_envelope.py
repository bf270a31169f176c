"""What MAIL and RCPT say, and only to servers that offered to hear it."""

from __future__ import annotations

import pytest

from syndicate.delivery.envelope import Abilities, Envelope
from syndicate.errors import AddressError

ALL = Abilities.of({"pipelining": "", "chunking": "", "8bitmime": "", "smtputf8": "", "dsn": "", "size": "35882577"})


def test_what_a_server_offers() -> None:
    assert (
        Abilities(pipelining=True, chunking=True, eight_bit=True, utf8=True, dsn=True, says_size=True, size=35882577)
        == ALL
    )
    assert Abilities.of({}) == Abilities()
    assert Abilities.of({"size": ""}) == Abilities(says_size=True, size=0)
    assert Abilities.of({"size": "9" * 40}).size == 0


def test_a_server_that_offers_nothing_is_told_nothing_more() -> None:
    envelope = Envelope("news@lake.example", "ana@example.org", 1234, "<1.2@lake.example>")
    assert envelope.commands(Abilities()) == (
        b"MAIL FROM:<news@lake.example>\r\n",
        b"RCPT TO:<ana@example.org>\r\n",
    )


def test_the_length_and_the_wish_for_reports() -> None:
    mail, rcpt = Envelope("news@lake.example", "ana+x@example.org", 1234, "<1.2=@lake.example>").commands(ALL)
    assert mail == b"MAIL FROM:<news@lake.example> SIZE=1234 RET=HDRS ENVID=<1.2+3D@lake.example>\r\n"
    assert rcpt == b"RCPT TO:<ana+x@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ana+2Bx@example.org\r\n"
    mail, rcpt = Envelope("news@lake.example", "ana@example.org", 1234).commands(ALL)
    assert b"RET" not in mail
    assert b"NOTIFY" not in rcpt


def test_letters_beyond_ascii_need_an_offer() -> None:
    envelope = Envelope("news@lake.example", "дора@example.org")
    mail, rcpt = envelope.commands(ALL)
    assert mail == b"MAIL FROM:<news@lake.example> BODY=8BITMIME SMTPUTF8\r\n"
    assert rcpt == "RCPT TO:<дора@example.org>\r\n".encode()
    with pytest.raises(AddressError, match="letters beyond ASCII"):
        envelope.commands(Abilities(pipelining=True))


@pytest.mark.parametrize("address", ["a@b\r\nDATA", "a b@c", "a>@b", "<a@b", "дора\u2028@b.example", "a\x80@b"])
def test_what_could_end_a_command_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="can't stand"):
        Envelope("news@lake.example", address).commands(ALL)
