from __future__ import annotations

import pytest
from email_validator import validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.audience.address import _plain, normalise
from syndicate.errors import AddressError

_PART = st.text("abzABZ019.-_+'!", min_size=1, max_size=12)
_DOMAIN = st.lists(
    st.sampled_from(
        ["a", "B9", "x-y", "xn--bcher-kva", "ab--c", "-a", "a-", "1", "com", "test", "LOCAL", "", "a" * 64]
    ),
    min_size=1,
    max_size=4,
).map(".".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ana@example.org", "ana@example.org"),
        ("  Ana.Jovic@Mail.Example.ORG\t", "Ana.Jovic@mail.example.org"),
        ("Postmaster@EXAMPLE.org", "postmaster@example.org"),
        ("o'neil+news@example.org", "o'neil+news@example.org"),
        ("ana@Bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
        ("jo\u0301@example.org", "jó@example.org"),
        ("user@example。org", "user@example.org"),
    ],
)
def test_one_spelling(text: str, expected: str) -> None:
    assert normalise(text) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@localhost",
        "ana@host.test",
        "ana@example.123",
        "ana@example..org",
        ".ana@example.org",
        "ana@-example.org",
        "a@b@example.org",
        '"a b"@example.org',
        '"ana"@example.org',
        "ana@[127.0.0.1]",
        "ana@[IPv6:::1]",
        "Ana <ana@example.org>",
        "<ana@example.org>",
        "ana@example.org\r\nBcc: all@example.org",
        "ana@example.org\n",
        "ana\0@example.org",
        "ana\x7f@example.org",
        "ana\u202egro.elpmaxe@example.org",
        "ana@exa\u200bmple.org\u2028",
        "ana\ud800@example.org",
        "ana＠example.org",
        "ana@" + "a." * 400_000 + "org",
        "a" * 1_000_000,
        "@" * 1_000_000,
        "a" * 250 + "@example.org",
        "ana@" + "a" * 64 + ".org",
        "ana@xn--" + "9" * 59 + ".org",
    ],
)
def test_what_is_no_address_is_refused_in_one_short_line(text: str) -> None:
    with pytest.raises(AddressError) as refused:
        normalise(text)
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value)) < 2000


def _by_the_library(text: str) -> str | None:
    try:
        found = validate_email(text, check_deliverability=False)
    except ValueError:
        return None
    return f"{found.local_part}@{found.ascii_domain}"


@settings(deadline=None, max_examples=400)
@given(st.builds("{}@{}".format, _PART, _DOMAIN) | st.emails())
def test_the_quick_way_says_what_the_library_says(text: str) -> None:
    quick = _plain(text)
    assert quick is None or quick == _by_the_library(text)


@pytest.mark.parametrize(
    "local", ["info", "INFO", "Info", "news", "NEWS", "Abuse", "ABUSE.", "JOHN", "John1", "1", "-"]
)
def test_the_quick_way_knows_role_names(local: str) -> None:
    assert _plain(f"{local}@example.org") in (None, _by_the_library(f"{local}@example.org"))


def test_the_usual_address_goes_the_quick_way() -> None:
    assert _plain("reader.17+news@mail.example.org") == "reader.17+news@mail.example.org"


@settings(deadline=None, max_examples=300)
@given(
    st.text(max_size=300)
    | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=20))
    | st.builds("{}@{}.org".format, st.text('aé\u0301ß\u202e\0 "<>', max_size=8), st.text("aéßא١ـ-.", max_size=12))
)
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    try:
        address = normalise(text)
    except AddressError:
        return
    local, _, domain = address.rpartition("@")
    assert normalise(address) == address
    assert local
    assert domain == domain.lower()
    assert domain.isascii()
    assert not set(address) & set('\r\n\0 <>"\u202e')
