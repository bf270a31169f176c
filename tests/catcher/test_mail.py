"""Reading a caught mail: what is shown, and that nothing in it can raise."""

from __future__ import annotations

from email.message import EmailMessage

from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndicate.catcher.mail import parse, parse_heading


def test_takes_a_digest_apart() -> None:
    mail = EmailMessage()
    mail["Delivered-To"] = "ana@example.org"
    mail["From"] = "Обала <news@example.org>"
    mail["To"] = "Ana <other@example.org>"
    mail["Subject"] = "Jutro: čaj i žižule ☕"
    mail.set_content("Zdravo.\n")
    mail.add_alternative("<p>Zdravo.</p>\n", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="плакат.pdf")

    read = parse(mail.as_bytes())

    assert read.heading == parse_heading(mail.as_bytes())
    assert read.heading.subject == "Jutro: čaj i žižule ☕"
    assert read.heading.sender_name == "Обала"
    assert read.heading.recipients == ("ana@example.org",)
    assert (read.text, read.html) == ("Zdravo.\n", "<p>Zdravo.</p>\n")
    assert read.attachments == ("плакат.pdf",)
    assert read.headers[0] == ("Delivered-To", "ana@example.org")


def test_without_an_envelope_the_to_header_tells() -> None:
    assert parse(b"To: Ana <ana@example.org>\r\n\r\n").heading.recipients == ("ana@example.org",)


def test_raw_utf8_headers_and_folded_lines_are_read() -> None:
    heading = parse_heading("Subject: žuto\r\n i plavo\r\nFrom: ž@example.org\r\n\r\n".encode())

    assert heading.subject == "žuto i plavo"
    assert heading.sender_name == "ž@example.org"


def test_an_encoded_word_that_is_not_base64_is_shown_as_it_is() -> None:
    assert parse_heading(b"Subject: =?utf-8?B?A?=\r\n\r\n").subject == "=?utf-8?B?A?="


def test_an_unknown_or_false_charset_is_shown_all_the_same() -> None:
    for charset in ("x-unheard-of", "rot13", "idna", '"\0"'):
        content = f"Content-Type: text/plain; charset={charset}\r\n\r\nstill here\r\n".encode()
        assert "still here" in parse(content).text


def test_multiparts_nested_hundreds_deep_end() -> None:
    content = b"Subject: deep\r\n"
    for depth in range(2000):
        content += f"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n".encode()

    assert parse(content).heading.subject == "deep"


lines = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"Subject: =?utf-8?b?4pi=?= =?bogus?q?=ff?=",
            b"From: =?utf-8?q?=00?= <a@b>",
            b"To: \xff\xfe",
            b"Content-Type: text/html; charset*=x''%ff; name*0*=''%zz",
            b"Content-Type: multipart/mixed; boundary=b",
            b"Content-Disposition: attachment; filename*=utf-99''%ff",
            b"Content-Transfer-Encoding: base64",
            b"Content-Transfer-Encoding: x-uuencode",
            b"begin 666 x",
            b"--b",
            b"--b--",
            b"",
        ]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(lines, max_size=12).map(b"\r\n".join))
@example(b"Content-Type: text/plain; charset=utf-16\r\n\r\n\x00\xd8")
@example(b"Subject: \xed\xa0\x80\r\n\r\n")
def test_no_bytes_make_it_raise_or_give_what_a_page_can_not_hold(content: bytes) -> None:
    mail = parse(content)

    shown = [mail.heading.sender_name, mail.heading.subject, mail.html, mail.text, *mail.attachments]
    shown += [*mail.heading.recipients, *(part for header in mail.headers for part in header)]
    assert all(text.encode("utf-8") is not None for text in shown)
