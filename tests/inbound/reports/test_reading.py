"""Reports of many servers are read; what is none is left alone; and no bytes at all make the reader raise or linger."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.inbound.mime import ENOUGH
from syndicate.inbound.reports.reading import read
from syndicate.inbound.reports.reason import Reason
from tests.inbound.reports.mails import ANA, DAEMON, HABITS, ORIGINAL, STANDARD, Case, dsn, failed, plain


@pytest.mark.parametrize("case", [*STANDARD, *HABITS], ids=lambda case: case.name)
def test_who_was_not_reached_and_whether_for_good(case: Case) -> None:
    report = read(case.mail.encode())
    assert report is not None
    assert {one.recipient: one.is_hard for one in report.failures} == case.found


@pytest.mark.parametrize("case", STANDARD + HABITS, ids=lambda case: case.name)
def test_with_the_lines_of_smtp(case: Case) -> None:
    report = read(case.mail.replace("\n", "\r\n").encode())
    assert report is not None
    assert {one.recipient: one.is_hard for one in report.failures} == case.found


def test_a_report_has_its_status_its_reason_and_what_it_is_about() -> None:
    report = read(dsn(failed(ANA, "5.0.0", "552 over quota")).encode())
    assert report is not None
    (one,) = report.failures
    assert (one.status, one.reason, one.said, one.is_late) == ("5.2.2", Reason.FULL, "552 over quota", False)
    assert report.returned.first("message-id") == "<1@lake.example>"


def test_what_a_server_said_can_be_kept_and_shown() -> None:
    report = read(
        dsn(failed(ANA, "5.1.1", "550 \x00no\x1b[31m \u202euser\udcff" + "x" * 5000)).encode("utf-8", "surrogateescape")
    )
    assert report is not None
    said = report.failures[0].said
    assert said.startswith("550 no [31m user")
    assert said.isprintable()
    assert len(said) <= 500


def test_the_name_that_was_given_to_the_envelope_comes_back() -> None:
    mail = dsn(failed(ANA, "5.1.1", "x")).replace(
        "Reporting-MTA:", "Original-Envelope-Id: <7+2B1@lake.example>\nReporting-MTA:"
    )
    report = read(mail.encode())
    assert report is not None
    assert report.returned.all("message-id") == ("<1@lake.example>", "<7+1@lake.example>")


def feedback(fields: str, original: str = ORIGINAL) -> bytes:
    return (
        "From: fbl@provider.example\nTo: news@lake.example\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nA report.\n--b\nContent-Type: message/feedback-report\n\n"
        f"{fields}\n--b\nContent-Type: message/rfc822\n\n{original}\nHello.\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("mail", "kind", "recipients", "unwelcome"),
    [
        (feedback(f"Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <{ANA}>"), "abuse", (ANA,), True),
        (feedback("Feedback-Type: abuse\nVersion: 1"), "abuse", (ANA,), True),
        (
            feedback("Feedback-Type: opt-out\nVersion: 0.1\n\nRemoval-Recipient: bo@reader.example"),
            "opt-out",
            ("bo@reader.example",),
            True,
        ),
        (feedback("Version: 1"), "abuse", (ANA,), True),
        (feedback("Feedback-Type: fraud"), "fraud", (ANA,), True),
        (feedback("Feedback-Type: other"), "other", (ANA,), True),
        (feedback("Feedback-Type: not-spam"), "not-spam", (ANA,), False),
        (feedback("Feedback-Type: auth-failure\nAuth-Failure: dmarc"), "auth-failure", (ANA,), False),
        (feedback("Feedback-Type: virus"), "virus", (ANA,), False),
        (
            feedback("Feedback-Type: abuse", f"X-HmXmrOriginalRecipient: bo@reader.example\n{ORIGINAL}"),
            "abuse",
            ("bo@reader.example",),
            True,
        ),
        (feedback("Feedback-Type: abuse", "To: undisclosed recipients:;\n"), "abuse", (), True),
    ],
)
def test_complaints(mail: bytes, kind: str, recipients: tuple[str, ...], unwelcome: bool) -> None:
    report = read(mail)
    assert report is not None
    assert report.feedback is not None
    assert (report.feedback.kind, report.feedback.recipients, report.feedback.is_unwelcome) == (
        kind,
        recipients,
        unwelcome,
    )


def test_a_complaint_that_is_no_report() -> None:
    mail = (
        "From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n'
        f"--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: {ANA}\n{ORIGINAL}\nHello.\n--b--\n"
    )
    report = read(mail.encode())
    assert report is not None
    assert report.recipients == (ANA,)


@pytest.mark.parametrize(
    "mail",
    [
        plain("I am away until Monday.", "Out of office", "From: ana@reader.example\nReturn-Path: <>\n"),
        plain("Please write to bo@reader.example.", "Out of office", "From: ana@reader.example\nReturn-Path: <>\n"),
        plain("My mailbox is full of your mail, says bo@reader.example", "Hi", "From: ana@reader.example\n"),
        plain(
            "Undelivered mail to bo@reader.example: 550 User unknown", "Fwd: Undelivered", "From: ana@reader.example\n"
        ),
        f"{DAEMON}Subject: Daily report\n\nAll is well.\n",
        "",
    ],
)
def test_what_is_no_report(mail: str) -> None:
    assert read(mail.encode()) is None


WHOLE = dsn(failed(ANA, "5.1.1", "550 5.1.1 User unknown"), f"<{ANA}>: 550 User unknown").encode()


@settings(max_examples=60)
@given(st.integers(0, len(WHOLE)), st.binary(max_size=40))
def test_cut_off_anywhere_and_spoiled(at: int, noise: bytes) -> None:
    read(WHOLE[:at])
    read(WHOLE[:at] + noise + WHOLE[at:])


def test_what_a_library_stumbles_over_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert read(b"From: ?\xff\nReturn-Path: <>\nSubject: failure notice\n\nundeliverable\n") is None
    assert not caplog.records


@settings(max_examples=60)
@given(st.binary(max_size=2000))
def test_any_bytes(content: bytes) -> None:
    read(content)
    read(DAEMON.encode() + b"Subject: failure notice\nContent-Type: multipart/report; boundary=\xff\n\n" + content)


_HUGE = 50_000_000
_HEAD = f"{DAEMON}Subject: failure notice\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        _HEAD + b"\n" + b"a" * _HUGE,
        _HEAD + b"\n" + b"<a@b.example>: failed\n" * (_HUGE // 23),
        _HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n" * (_HUGE // 4),
        _HEAD
        + b'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\n'
        + b"Final-Recipient: rfc822; a@b.example\n\n" * 10_000,
        _HEAD + b"\n" + b"550 user " * 20_000,
        _HEAD + b"\n" + b"@" * 190_000,
        _HEAD + b"\n" + b"a." * 90_000 + b"@" + b"b." * 5_000,
        _HEAD + b"Content-Type: text/html\n\n" + b"<" * 190_000,
        _HEAD + b"X" * 100_000 + b"\n\n" + b"--" * 40_000,
    ],
    ids=range(9),
)
def test_huge_and_hostile_reports_are_quick(content: bytes) -> None:
    beginning = content[:50_000_000]
    began = time.process_time()
    tracemalloc.start()
    read(beginning)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - began < 5
    assert most < 40 * ENOUGH
