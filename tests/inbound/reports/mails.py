"""Reports as servers write them, each written for these tests from what is known of the server's habits."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A mail, and what must be read in it: each address with whether it is gone for good."""

    name: str
    mail: str
    found: dict[str, bool]


DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.lake.example>\nTo: news@lake.example\nReturn-Path: <>\n"
ORIGINAL = "From: News <news@lake.example>\nTo: ana@reader.example\nSubject: Hello\nMessage-ID: <1@lake.example>\n"


def plain(body: str, subject: str = "Undelivered Mail Returned to Sender", head: str = DAEMON) -> str:
    """A report of text alone."""
    return f"{head}Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}"


def dsn(fields: str, human: str = "Your mail could not be delivered.", subject: str = "Delivery failure") -> str:
    """A report by the standard."""
    return (
        f"{DAEMON}Subject: {subject}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\n\n'
        f"--b1\nContent-Type: text/plain\n\n{human}\n"
        f"--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.lake.example\n\n{fields}\n"
        f"--b1\nContent-Type: message/rfc822\n\n{ORIGINAL}\nHello.\n--b1--\n"
    )


def failed(recipient: str, status: str, said: str, action: str = "failed") -> str:
    """One recipient's fields."""
    return f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n"


ANA, BO = "ana@reader.example", "bo@reader.example"

STANDARD = [
    Case("unknown", dsn(failed(ANA, "5.1.1", "550 5.1.1 No such user")), {ANA: True}),
    Case("full", dsn(failed(ANA, "5.2.2", "552 5.2.2 Mailbox full")), {ANA: False}),
    Case("full in words only", dsn(failed(ANA, "5.0.0", "552 Quota exceeded")), {ANA: False}),
    Case("no domain", dsn(failed(ANA, "5.1.2", "Host or domain name not found")), {ANA: True}),
    Case("null MX", dsn(failed(ANA, "5.1.10", "556 5.1.10 Recipient address has null MX")), {ANA: True}),
    Case("moved", dsn(failed(ANA, "5.1.6", "551 5.1.6 Mailbox has moved")), {ANA: True}),
    Case("blocked", dsn(failed(ANA, "5.7.1", "550 5.7.1 Client host blocked using zen.spamhaus.org")), {ANA: False}),
    Case("spam", dsn(failed(ANA, "5.7.1", "550 This message looks like spam")), {ANA: False}),
    Case("dmarc", dsn(failed(ANA, "5.7.26", "550-5.7.26 This mail fails DMARC")), {ANA: False}),
    Case("too big", dsn(failed(ANA, "5.3.4", "552 Message size exceeds fixed maximum")), {ANA: False}),
    Case("disabled", dsn(failed(ANA, "5.2.1", "550 5.2.1 The account is disabled")), {ANA: False}),
    Case("sender", dsn(failed(ANA, "5.1.8", "553 5.1.8 Sender address rejected: Domain not found")), {ANA: False}),
    Case("delayed", dsn(failed(ANA, "4.4.1", "connection timed out", "delayed")), {ANA: False}),
    Case(
        "two",
        dsn(failed(ANA, "5.1.1", "550 User unknown") + "\n" + failed(BO, "5.2.2", "Quota")),
        {ANA: True, BO: False},
    ),
    Case("one blank line too few", dsn(failed(ANA, "5.1.1", "x") + failed(BO, "5.2.2", "y")), {ANA: True, BO: False}),
    Case("status says nothing", dsn(failed(ANA, "5.0.0", "550 5.1.1 x"), ""), {ANA: True}),
    Case(
        "after the content",
        dsn(failed(ANA, "5.0.0", "550 User unknown (in reply to end of DATA command)")),
        {ANA: False},
    ),
    Case("no addr type", dsn(f"Final-Recipient: <{ANA}>\nAction: failed\nStatus: 5.1.1"), {ANA: True}),
    Case("a route", dsn(f"Final-Recipient: rfc822;@mx.x.example:{ANA}\nAction: failed\nStatus: 5.1.1"), {ANA: True}),
    Case(
        "internationalised",
        dsn("Final-Recipient: utf-8; ana@reäder.example\nAction: failed\nStatus: 5.1.1"),
        {"ana@reäder.example": True},
    ),
    Case(
        "an original",
        dsn(f"Original-Recipient: rfc822;{ANA}\nFinal-Recipient: rfc822;ana@backend\nAction: failed\nStatus: 5.1.1"),
        {ANA: True},
    ),
    Case("arrived", dsn(failed(ANA, "2.1.5", "250 ok", "delivered")), {}),
    Case(
        "PowerMTA's category",
        dsn(f"Final-Recipient: rfc822;{ANA}\nAction: failed\nStatus: 5.0.0\nX-PowerMTA-BounceCategory: bad-mailbox"),
        {ANA: True},
    ),
    Case(
        "Microsoft",
        dsn(failed(ANA, "5.4.1", f"550 5.4.1 [{ANA}]: Recipient address rejected: Access denied")),
        {ANA: True},
    ),
    Case("Exchange", dsn(failed(ANA, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found")), {ANA: True}),
    Case("Apple", dsn(failed(ANA, "5.1.1", "550 5.1.1 unknown or illegal alias")), {ANA: True}),
    Case("Orange", dsn(failed(ANA, "5.0.0", "550 Adresse d un destinataire invalide. Invalid recipient")), {ANA: True}),
    Case("Yahoo", dsn(failed(ANA, "5.0.0", "554 delivery error: dd This user doesn't have an account")), {ANA: True}),
    Case(
        "Google",
        dsn(failed(ANA, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist")),
        {ANA: True},
    ),
    Case("Google's limit", dsn(failed(ANA, "4.2.1", "450-4.2.1 receiving mail at a rate that prevents")), {ANA: False}),
    Case("DNS now", dsn(failed(ANA, "4.0.0", "DNS lookup responded with code NXDOMAIN")), {ANA: False}),
]

_QMAIL = "Hi. This is the qmail-send program at mx.lake.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
_COPY = f"\n--- Below this line is a copy of the message.\n\n{ORIGINAL}\nbo@elsewhere.example: not this one\n"
_EXIM = (
    "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
    "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
)
_EXIM_END = f"\n------ This is a copy of the message, including all the headers. ------\n\n{ORIGINAL}"
_SENDMAIL = "The original message was received at Mon, 2 Mar 2026 07:00:00 GMT\nfrom localhost\n\n"

HABITS = [
    Case(
        "qmail",
        plain(f"{_QMAIL}<{ANA}>:\nSorry, no mailbox here by that name. (#5.1.1){_COPY}", "failure notice"),
        {ANA: True},
    ),
    Case(
        "qmail, remote",
        plain(f"{_QMAIL}<{ANA}>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 User unknown\n{_COPY}"),
        {ANA: True},
    ),
    Case(
        "qmail, late",
        plain(f"{_QMAIL}<{ANA}>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1){_COPY}"),
        {ANA: False},
    ),
    Case(
        "Exim",
        plain(
            f"{_EXIM}  {ANA}\n    SMTP error from remote mail server after RCPT TO:<{ANA}>:\n    550 Unknown "
            f"user\n{_EXIM_END}"
        ),
        {ANA: True},
    ),
    Case("Exim, unrouteable", plain(f"{_EXIM}  {ANA}\n    Unrouteable address\n{_EXIM_END}"), {ANA: True}),
    Case("Exim, retries", plain(f"{_EXIM}  {ANA}\n    retry timeout exceeded\n{_EXIM_END}"), {ANA: False}),
    Case(
        "Exim, hidden",
        plain(f"{_EXIM}  an undisclosed address\n    (generated from {ANA})\n    mailbox is full\n{_EXIM_END}"),
        {ANA: False},
    ),
    Case(
        "Exim, header only",
        plain("Delivery failed.\n", head=f"{DAEMON}X-Failed-Recipients: {ANA}\n"),
        {ANA: False},
    ),
    Case(
        "sendmail",
        plain(
            f"{_SENDMAIL}   ----- The following addresses had permanent fatal errors -----\n<{ANA}>\n\n"
            f"   ----- Transcript of session follows -----\n>>> RCPT To:<{ANA}>\n<<< 550 User unknown\n"
            f"550 5.1.1 <{ANA}>... User unknown\n\n   ----- Original message follows -----\n\n{ORIGINAL}",
            "Returned mail: User unknown",
        ),
        {ANA: True},
    ),
    Case(
        "old sendmail",
        plain(
            f"   ----- Transcript of session follows -----\n550 <{ANA}>... Host unknown\n\n"
            f"   ----- Unsent message follows -----\n{ORIGINAL}",
            "Returned mail: Host unknown",
        ),
        {ANA: True},
    ),
    Case(
        "Postfix",
        plain(
            f"<{ANA}>: host mx.reader.example[192.0.2.7] said: 550 5.1.1 <{ANA}>: User unknown (in reply to "
            f"RCPT TO command)\n"
        ),
        {ANA: True},
    ),
    Case("Postfix, local", plain(f'<{ANA}>: unknown user: "ana"\n'), {ANA: True}),
    Case(
        "Courier",
        plain(
            f"Your message to the following recipients cannot be delivered:\n\n<{ANA}>:\n    mx [192.0.2.7]:\n"
            f"<<< 552 Over quota\n"
        ),
        {ANA: False},
    ),
    Case(
        "Domino",
        plain(
            f"Your message\n\n  Subject: x\n\nwas not delivered to:\n\n  {ANA}\n\nbecause:\n\n  User ana "
            f"({ANA}) not listed in Domino Directory\n"
        ),
        {ANA: True},
    ),
    Case(
        "Notes",
        plain(
            f"------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\n{ANA}\n\n"
            f"------- Returned Message --------\n\n{ORIGINAL}"
        ),
        {ANA: True},
    ),
    Case(
        "Exchange 2003",
        plain(
            f"Your message\n\n  To: x\n  Subject: Hello\n\ndid not reach the following recipient(s):\n\n{ANA} "
            f"on Mon, 2 Mar 2026 07:00:00 +0000\n    The recipient name is not recognized\n"
        ),
        {ANA: True},
    ),
    Case(
        "MailMarshal",
        plain(
            f"Your message:\n   From:    news@lake.example\n   Subject: Hello\n\nCould not be delivered because "
            f"of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n    {ANA}\n"
        ),
        {ANA: True},
    ),
    Case(
        "James",
        plain(
            f"Hi. This is the James mail server at mx.\nI'm afraid I wasn't able to deliver your message to the "
            f"following addresses.\n\nFailed recipient(s):\n{ANA}\n\nError message:\n550 5.1.1 No such user\n"
        ),
        {ANA: True},
    ),
    Case(
        "Gmail",
        plain(
            f"Delivery to the following recipient failed permanently:\n\n     {ANA}\n\nTechnical details of "
            f"permanent failure:\nThe error that the other server returned was:\n550 550 Unknown user (state "
            f"14).\n\n----- Original message -----\n\n{ORIGINAL}"
        ),
        {ANA: True},
    ),
    Case(
        "Gmail, after the content",
        plain(
            f"Delivery to the following recipient failed permanently:\n\n     {ANA}\n\n550 550 Unknown user "
            f"(state 18).\n"
        ),
        {ANA: False},
    ),
    Case(
        "Yahoo",
        plain(
            f"Sorry, we were unable to deliver your message to the following address.\n\n<{ANA}>:\n550: 5.2.2 "
            f"Mailbox full\n"
        ),
        {ANA: False},
    ),
    Case(
        "OpenSMTPD",
        plain(
            f"    An error has occurred while attempting to deliver a message for\n    the following list of "
            f"recipients:\n\n{ANA}: 550 5.1.1 Invalid recipient\n\n    Below is a copy of the original "
            f"message:\n\n{ORIGINAL}"
        ),
        {ANA: True},
    ),
    Case(
        "DragonFly",
        plain(
            f"There was an error delivering your mail to <{ANA}>.\n\nmx did not like our RCPT TO:\n550 5.1.1 "
            f"<{ANA}>: No such user\n\nMessage headers follow.\n\n{ORIGINAL}"
        ),
        {ANA: True},
    ),
    Case(
        "MailFoundry",
        plain(f"Unable to deliver message to: <{ANA}>\nDelivery failed for the following reason:\nmailbox full\n"),
        {ANA: False},
    ),
    Case(
        "InterScan",
        plain(
            f"Sent <<< RCPT TO:<{ANA}>\nReceived >>> 550 5.1.1 <{ANA}>... user unknown\n",
            "Mail could not be delivered",
            "From: InterScan MSS <imss@x.example>\nTo: news@lake.example\n",
        ),
        {ANA: True},
    ),
    Case(
        "mFILTER",
        plain(
            f"-------server message\n550 5.1.1 <{ANA}>... User unknown\n-------SMTP command\nRCPT TO:<{ANA}>\n"
            f"-------original message\n{ORIGINAL}"
        ),
        {ANA: True},
    ),
    Case("IMail", plain(f"Unknown user: {ANA}\n\nOriginal message follows.\n\n{ORIGINAL}"), {ANA: True}),
    Case(
        "KDDI",
        plain(
            f"Your mail sent on: Mon, 2 Mar 2026 07:00:00 +0900\n     Could not be delivered to: <{ANA}>\n     "
            f"As their mailbox is full.\n",
            "Mail",
        ),
        {ANA: False},
    ),
    Case(
        "Zoho",
        plain(
            f"A message that you sent could not be delivered to one or more of its recipients.\n\n{ANA} Invalid "
            f"Address, ERROR_CODE :550, ERROR_CODE :5.1.1 User does not exist\n"
        ),
        {ANA: True},
    ),
    Case(
        "McAfee",
        plain(f"    --- The following addresses had delivery problems ---\n\n<{ANA}>   (User unknown)\n"),
        {ANA: True},
    ),
    Case(
        "amavis",
        plain(f"The message WAS NOT relayed to:\n  <{ANA}>: [127.0.0.1] said:\n   550 5.1.1 User unknown\n"),
        {ANA: True},
    ),
    Case(
        "a gateway in a sentence",
        plain(f"Mail server reports that {ANA} could not be reached: mailbox does not exist.\n"),
        {ANA: True},
    ),
    Case(
        "German",
        plain(f"Ihre Nachricht konnte nicht zugestellt werden:\n\n  {ANA}\n  Empfänger unbekannt\n", "Unzustellbar"),
        {ANA: True},
    ),
    Case(
        "Japanese",
        plain(f"以下のメールは配信できませんでした。\n\n<{ANA}>\n該当するユーザは存在しません\n", "Undeliverable"),
        {ANA: True},
    ),
    Case(
        "French", plain(f"Échec de la remise :\n\n{ANA}\nRemote Server returned '550 5.1.1 not found'\n"), {ANA: True}
    ),
    Case(
        "only the copy tells",
        plain(
            f"Message could not be delivered to mobile.\nNo valid recipients for this MM\n\nOriginal Message:\n"
            f"{ORIGINAL}"
        ),
        {ANA: True},
    ),
    Case(
        "a delay",
        plain(
            f"THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipient has been delayed:\n\n     {ANA}\n",
            "Delivery Status Notification (Delay)",
        ),
        {ANA: False},
    ),
]
