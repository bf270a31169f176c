"""Each provider's webhook over HTTP: what is true is done; what is forged, replayed or unknown is refused, counted."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from syndicate.errors import ReachError
from syndicate.inbound.webhooks import fetch
from syndicate.model import SubscriptionState
from syndicate.store import returns, suppressions, webhooks
from tests.feeds.newsroom import NOON
from tests.newsroom import Clock
from tests.web.pressroom import Pressroom, serve

TOPIC = "arn:aws:sns:eu-central-1:123456789012:bounces"
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123.pem"
CONFIRM = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
MAILGUN_KEY, BREVO_TOKEN, LOGIN = "key-of-mailgun", "a token of some length", "post:mark"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER_EC = ec.generate_private_key(ec.SECP256R1())


def pem() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(RSA.public_key()).serial_number(1)
    made = made.not_valid_before(NOON - timedelta(days=1)).not_valid_after(NOON + timedelta(days=30))
    return made.sign(RSA, SHA256()).public_bytes(Encoding.PEM)


SECTION = {
    "ses_topics": TOPIC,
    "sendgrid_key": base64.b64encode(
        EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
    "mailgun_key": MAILGUN_KEY,
    "postmark_login": LOGIN,
    "brevo_token": BREVO_TOKEN,
}


class Request(NamedTuple):
    """A provider's request."""

    provider: str
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pressroom, Clock, list[str]]]:
    clock, asked = Clock(NOON), []
    with serve(tmp_path_factory.mktemp("webhooks"), clock, webhooks=SECTION) as room:

        async def amazon(url: str) -> bytes:
            asked.append(url)
            return pem()

        room.app.webhooks.fetch = amazon
        yield room, clock, asked


@pytest.fixture
def room(served: tuple[Pressroom, Clock, list[str]]) -> Pressroom:
    return served[0]


def post(room: Pressroom, request: Request) -> int:
    headers = {name.encode(): value.encode("latin-1") for name, value in request.headers.items()}
    answer = room.client.post(f"/webhooks/{request.provider}", headers=headers, content=request.body)
    assert "ana" not in answer.text
    return int(answer.status_code)


def sns(message: Any, *, number: str, version: str = "2", at: datetime = NOON, **more: str) -> Request:
    told = {
        "Type": "Notification",
        "MessageId": number,
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
    } | more
    names: tuple[str, ...] = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    if told["Type"] != "Notification":
        names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told).encode()
    told["Signature"] = base64.b64encode(
        RSA.sign(text, padding.PKCS1v15(), SHA256() if version == "2" else SHA1())
    ).decode()
    return Request("ses", {"content-type": "text/plain; charset=UTF-8"}, json.dumps(told).encode())


def ses(kind: str, email: str, number: str, **more: Any) -> Request:
    notification = {
        "bounce": {
            "notificationType": "Bounce",
            "bounce": {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [
                    {
                        "emailAddress": email,
                        "action": "failed",
                        "status": "5.1.1",
                        "diagnosticCode": "smtp; 550 5.1.1 unknown",
                    }
                ],
            },
            "mail": {"messageId": "0102", "headers": []},
        },
        "soft": {
            "eventType": "Bounce",
            "bounce": {
                "bounceType": "Transient",
                "bounceSubType": "MailboxFull",
                "bouncedRecipients": [{"emailAddress": email}],
            },
        },
        "complaint": {
            "notificationType": "Complaint",
            "complaint": {"complainedRecipients": [{"emailAddress": email}], "complaintFeedbackType": "abuse"},
        },
        "other": {"notificationType": "Delivery"},
        "unknown": {"notificationType": "Surprise"},
    }[kind]
    return sns(notification, number=number, **more)


def sendgrid(
    kind: str, email: str, number: str, *, at: datetime = NOON, key: ec.EllipticCurvePrivateKey = EC
) -> Request:
    event = {
        "bounce": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 User unknown"},
        "soft": {"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 blocked"},
        "complaint": {"event": "spamreport"},
        "other": {"event": "open"},
        "unknown": {"event": "surprise"},
    }[kind]
    body = json.dumps([{"email": email, "sg_event_id": number, "timestamp": int(at.timestamp())} | event]).encode()
    stamp = str(int(at.timestamp()))
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }
    return Request("sendgrid", headers, body)


def mailgun(kind: str, email: str, number: str, *, at: datetime = NOON, key: str = MAILGUN_KEY) -> Request:
    events: dict[str, dict[str, Any]] = {
        "bounce": {
            "event": "failed",
            "severity": "permanent",
            "delivery-status": {"code": 550, "message": "5.1.1 No such user"},
        },
        "soft": {
            "event": "failed",
            "severity": "permanent",
            "delivery-status": {"code": 552, "message": "5.2.2 quota"},
        },
        "complaint": {"event": "complained"},
        "other": {"event": "delivered"},
        "unknown": {"event": "surprise"},
    }
    event = events[kind]
    stamp, token = str(int(at.timestamp())), number.ljust(50, "0")
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), "sha256").hexdigest()
    told = {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": {"id": number, "recipient": email, "message": {"headers": {"message-id": "x@y.example"}}} | event,
    }
    return Request("mailgun", {"content-type": "application/json"}, json.dumps(told).encode())


def postmark(kind: str, email: str, number: str, *, login: str = LOGIN) -> Request:
    event = {
        "bounce": {"RecordType": "Bounce", "Type": "HardBounce", "Details": "smtp;550 5.1.1 unknown"},
        "soft": {"RecordType": "Bounce", "Type": "SoftBounce", "Details": "smtp;552 5.2.2 full"},
        "complaint": {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
        "other": {"RecordType": "Open"},
        "unknown": {"RecordType": "Surprise"},
    }[kind]
    body = json.dumps({"ID": int(sha256(number.encode()).hexdigest()[:8], 16), "Email": email} | event).encode()
    return Request("postmark", {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}, body)


def brevo(kind: str, email: str, number: str, *, token: str = BREVO_TOKEN) -> Request:
    event = {
        "bounce": {"event": "hard_bounce", "reason": "550 5.1.1 unknown"},
        "soft": {"event": "soft_bounce", "reason": "552 5.2.2 mailbox full"},
        "complaint": {"event": "spam"},
        "other": {"event": "unique_opened"},
        "unknown": {"event": "surprise"},
    }[kind]
    body = json.dumps(
        {"email": email, "id": 7, "message-id": f"<{number}@smtp-relay.example>", "ts_event": 1} | event
    ).encode()
    return Request("brevo", {"Authorization": f"Bearer {token}"}, body)


PROVIDERS: dict[str, Any] = {"ses": ses, "sendgrid": sendgrid, "mailgun": mailgun, "postmark": postmark, "brevo": brevo}


def counted(room: Pressroom, provider: str) -> dict[str, int]:
    with room.app.store.read() as connection:
        return {one.outcome.value: one.number for one in webhooks.counts(connection) if one.provider == provider}


def is_banned(room: Pressroom, email: str) -> bool:
    with room.app.store.read() as connection:
        return bool(suppressions.suppressed(connection, [email]))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_true_replayed_and_unknown(room: Pressroom, provider: str) -> None:
    make = PROVIDERS[provider]
    gone, full, angry = (f"ana-{name}-{provider}@reader.example" for name in ("gone", "full", "angry"))
    for one in (gone, full, angry):
        room.subscribe(one)
    bounce = make("bounce", gone, "n1")
    assert post(room, bounce) == 200
    assert is_banned(room, gone)
    assert post(room, bounce) == 409
    assert post(room, make("soft", full, "n2")) == 200
    assert not is_banned(room, full)
    assert post(room, make("complaint", angry, "n3")) == 200
    assert is_banned(room, angry)
    assert room.subscriptions_of(angry)["daily"].state is SubscriptionState.UNSUBSCRIBED
    assert post(room, make("other", gone, "n4")) == 200
    assert post(room, make("bounce", "stranger@reader.example", "n5")) == 200
    assert not is_banned(room, "stranger@reader.example")
    assert post(room, make("unknown", gone, "n6")) == 406
    assert counted(room, provider) == {"taken": 3, "ignored": 2, "replayed": 1, "unknown": 1}
    with room.app.store.read() as connection:
        for email, kind in ((gone, "hard"), (full, "soft"), (angry, "complaint")):
            subscriber = room.subscriptions_of(email)["daily"].subscriber.id
            (came,) = returns.of_subscriber(connection, subscriber)
            assert (came.kind, came.source) == (kind, provider)


ALTERED: list[dict[str, Any]] = [
    {"at": NOON - timedelta(days=2)},
    {"at": NOON + timedelta(hours=1)},
    {"TopicArn": "arn:aws:sns:eu-central-1:999999999999:bounces"},
    {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem"},
    {"SigningCertURL": "https://evil.example/sns.eu-central-1.amazonaws.com/a.pem"},
    {"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/a.pem"},
    {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com@evil.example/a.pem"},
    {"SigningCertURL": "https://bucket.s3.amazonaws.com/a.pem"},
    {"version": "3"},
]
FORGED = [
    *(ses("bounce", "ana@reader.example", f"f{number}", **more) for number, more in enumerate(ALTERED)),
    ses("bounce", "bo@reader.example", "f10")._replace(
        body=ses("bounce", "bo@reader.example", "f10").body.replace(b"bo@reader", b"ana@reader")
    ),
    sns(
        "x",
        number="f11",
        Type="SubscriptionConfirmation",
        Token="t",
        SubscribeURL="https://evil.example/?Action=ConfirmSubscription",
    ),
    sns(
        "x",
        number="f12",
        Type="SubscriptionConfirmation",
        Token="t",
        SubscribeURL="http://sns.eu-central-1.amazonaws.com/",
    ),
    sendgrid("bounce", "ana@reader.example", "f", key=OTHER_EC),
    sendgrid("bounce", "ana@reader.example", "f", at=NOON - timedelta(days=2)),
    sendgrid("bounce", "bo@reader.example", "f")._replace(body=b"[]"),
    Request("sendgrid", {}, b"[]"),
    mailgun("bounce", "ana@reader.example", "f", key="another"),
    mailgun("bounce", "ana@reader.example", "f", at=NOON - timedelta(days=2)),
    Request("mailgun", {}, b"{}"),
    Request("mailgun", {}, b'{"signature": {"timestamp": [], "token": {}, "signature": 7}}'),
    postmark("bounce", "ana@reader.example", "f", login="post:wrong"),
    Request("postmark", {}, b"{}"),
    brevo("bounce", "ana@reader.example", "f", token="another token"),
    Request("brevo", {"Authorization": "Bearer \xff"}, b"{}"),
]


def test_forged_ones_are_refused_and_counted(served: tuple[Pressroom, Clock, list[str]]) -> None:
    room, _, asked = served
    room.subscribe("ana@reader.example")
    del asked[:]
    before = {name: counted(room, name).get("forged", 0) for name in PROVIDERS}
    for request in FORGED:
        assert post(room, request) == 403, request
    assert not is_banned(room, "ana@reader.example")
    assert set(asked) <= {CERTIFICATE}
    after = {name: counted(room, name).get("forged", 0) - before[name] for name in PROVIDERS}
    assert after == {name: sum(one.provider == name for one in FORGED) for name in PROVIDERS}


def test_a_token_of_mailgun_counts_once_whatever_comes_with_it(room: Pressroom) -> None:
    room.subscribe("ana-late@reader.example")
    assert post(room, mailgun("other", "x@reader.example", "once")) == 200
    assert post(room, mailgun("bounce", "ana-late@reader.example", "once")) == 409
    assert not is_banned(room, "ana-late@reader.example")


def test_both_versions_of_signatures_and_the_subscription(served: tuple[Pressroom, Clock, list[str]]) -> None:
    room, _, asked = served
    room.subscribe("ana-old@reader.example")
    assert post(room, ses("bounce", "ana-old@reader.example", "v1", version="1")) == 200
    assert is_banned(room, "ana-old@reader.example")
    confirming = sns("You have chosen", number="c1", Type="SubscriptionConfirmation", Token="abc", SubscribeURL=CONFIRM)
    del asked[:]
    assert post(room, confirming) == 200
    assert CONFIRM in asked


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[" * 100_000, b"7", b'"x"', b"[7]", b"[[]]"])
def test_authentic_nonsense_is_unknown(room: Pressroom, body: bytes) -> None:
    assert post(room, Request("brevo", {"Authorization": f"Bearer {BREVO_TOKEN}"}, body)) == 406


def test_too_much_is_refused(room: Pressroom) -> None:
    assert post(room, Request("brevo", {}, b"x" * (1024 * 1024 + 1))) == 413


def test_who_is_not_in_the_settings_is_not_there(tmp_path: Path) -> None:
    with serve(tmp_path, Clock(NOON)) as room:
        assert [post(room, Request(name, {}, b"{}")) for name in (*PROVIDERS, "other")] == [404] * 6


def test_amazon_is_asked_within_bounds() -> None:
    with pytest.raises(ReachError, match="not public"):
        asyncio.run(fetch("https://127.0.0.1/a.pem"))
