"""The tests' own servers do what the other tests rely on."""

from __future__ import annotations

import smtplib
import ssl
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

from tests.relay import Relay
from tests.site import HttpSite, Page


def message(recipient: str = "ada@example.org") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "news@example.com", recipient, "Morning"
    mail.set_content(".dotted\nHello.\n")
    return mail


def send(relay: Relay, *recipients: str) -> None:
    with smtplib.SMTP(relay.host, relay.port) as client:
        for recipient in recipients or ("ada@example.org",):
            client.send_message(message(recipient))


def test_messages_are_kept_as_they_came(relay: Relay) -> None:
    send(relay, "ada@example.org", "ben@example.net")

    first = relay.messages[0]
    assert (first.sender, first.recipients) == ("news@example.com", ("ada@example.org",))
    assert b"\r\n\r\n.dotted\r\nHello.\r\n" in first.content
    assert relay.recipients == ["ada@example.org", "ben@example.net"]


@pytest.mark.parametrize("verb", ["mail", "rcpt", "data", "content"])
def test_refuses_at_a_verb_so_many_times(relay: Relay, verb: str) -> None:
    relay.refuse(verb, "450 4.2.0 later", matching="@example", times=1)  # type: ignore[arg-type]

    with pytest.raises(smtplib.SMTPException, match="later"):
        send(relay)
    send(relay)

    assert len(relay.messages) == 1


def test_refuses_matching_recipients_only(relay: Relay) -> None:
    relay.refuse("rcpt", "550 5.1.1 nobody here", matching="^eve@")

    send(relay, "ada@example.org")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(relay, "eve@example.org")
    relay.behave()
    send(relay, "eve@example.org")

    assert relay.recipients == ["ada@example.org", "eve@example.org"]


@pytest.mark.parametrize("verb", ["connect", "ehlo", "mail", "rcpt", "data", "content"])
def test_cuts_at_a_verb(relay: Relay, verb: str) -> None:
    relay.cut(verb)  # type: ignore[arg-type]

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(relay)

    assert relay.messages == []


def test_cut_before_the_reply_keeps_the_message(relay: Relay) -> None:
    relay.cut("reply")

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(relay)

    assert relay.recipients == ["ada@example.org"]


def test_refuses_connections(relay: Relay) -> None:
    relay.refuse("connect", "421 4.3.2 too busy")

    with pytest.raises(smtplib.SMTPConnectError, match="too busy"):
        send(relay)


def test_counts_connections(relay: Relay) -> None:
    with smtplib.SMTP(relay.host, relay.port) as one, smtplib.SMTP(relay.host, relay.port) as other:
        one.noop()
        other.noop()
    send(relay)

    assert relay.connections == 3
    assert relay.most_open >= 2


@pytest.mark.relay(login=("news", "s3cret"))
def test_wants_a_login(relay: Relay) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused, match="Authentication required"):
        send(relay)
    with smtplib.SMTP(relay.host, relay.port) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("news", "wrong")
        client.login("news", "s3cret")
        client.send_message(message())

    assert relay.url_for("news", "s3cret") == f"smtp://news:s3cret@127.0.0.1:{relay.port}"
    assert len(relay.messages) == 1


@pytest.mark.relay(security="starttls-required", login=("news", "s3cret"))
def test_upgrades_to_tls(relay: Relay) -> None:
    context = ssl.create_default_context(cafile=str(relay.ca_file))

    with smtplib.SMTP(relay.host, relay.port) as client:
        client.ehlo()
        assert client.mail("news@example.com")[0] == 530
        client.starttls(context=context)
        client.login("news", "s3cret")
        client.send_message(message())

    assert len(relay.messages) == 1


@pytest.mark.relay(security="tls")
def test_speaks_tls_from_the_start(relay: Relay) -> None:
    context = ssl.create_default_context(cafile=str(relay.ca_file))

    with smtplib.SMTP_SSL(relay.host, relay.port, context=context) as client:
        client.send_message(message())

    assert len(relay.messages) == 1
    assert relay.url.startswith("smtps://")


def test_site_answers_logs_and_knows_what_is_not_newer(http_site: HttpSite) -> None:
    http_site.pages["/feed.xml"] = Page(b"<rss/>", {"ETag": '"1"'})
    address = f"{http_site.url}/feed.xml"

    with urllib.request.urlopen(address) as response:
        assert response.read() == b"<rss/>"
    unchanged = urllib.request.Request(address, headers={"If-None-Match": '"1"'})
    with pytest.raises(urllib.error.HTTPError, match="304") as refusal:
        urllib.request.urlopen(unchanged)
    refusal.value.close()

    assert [(request.method, request.path) for request in http_site.requests] == [("GET", "/feed.xml")] * 2
    assert http_site.requests[1].headers["if-none-match"] == '"1"'


def test_database_is_empty_and_writable(empty_url: str) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(empty_url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE proof (number INTEGER)")
            assert sqlalchemy.inspect(connection).get_table_names() == ["proof"]
    finally:
        engine.dispose()
