"""A mail's bytes → what it reports: who was not reached and why, or who complains. Never raises. Called by ``sort``.

Standards first (``arf``, ``dsn``), then servers' habits (``told``), then flufl.bounce for those that nobody knew.
"""

from __future__ import annotations

import json
import logging
import re
from email import message_from_bytes

from flufl.bounce import all_failures

from syndicate.inbound.mime import ENOUGH, decoded
from syndicate.inbound.providers import ses
from syndicate.inbound.reports import arf, dsn, told
from syndicate.inbound.reports.failure import Failure, judged
from syndicate.inbound.reports.fields import address_in, addresses_in
from syndicate.inbound.reports.parts import Headers, Part, headers_of, parts_of
from syndicate.inbound.reports.report import Report

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs a traceback for what it can't read

_RETURNED = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "text/rfc822",
    "message/partial",
    "message/rfc822-headers",
)
_DAEMON = re.compile(
    r"mailer-?daemon|mail-?daemon|postmaster|post_?master|mail\.?delivery|mail deliver|"
    r"delivery (?:sub)?system|\bndr\b|mail administrator"
    r"|system administrator|mailadmin|mmsc|mailsweeper|content-filter|sysadmin|interscan|\bimss\b|"
    r"mimecast|trend ?micro",
    re.IGNORECASE,
)
_REPLY = re.compile(r"(?<!\d)[45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}(?!\d)")
_LOOPS = re.compile(r"loop|rejected|not member|unsafe", re.IGNORECASE)
"""What the list server fml says of mail that it does not pass on."""

_FAILED = re.compile(
    r"(?:could ?n[o']t|could not|cannot|can't|was not|wasn't|were not|unable to|not able to|failed to|"
    r"has not|not been|be|been|impossible to) "
    r"(?:\w+ ){0,3}?(?:deliver|reach|sent|relayed|route|send|transmit)|undeliver|non-?deliver|deliver(?:y|"
    r"ing)?\b[^.\n]{0,60}(?:fail|problem|error|delay|status)|fail(?:ed|ure)[^.\n]{0,40}deliver"
    r"|did not reach|fatal error|return(?:ed|ing) (?:mail|message|to sender)|failure (?:notice|reason)|"
    r"following address|recipients? (?:failed|rejected)|bounced"
    r"|(?:user|host|recipient|address|mailbox)[^.\n]{0,30}(?:unknown|not found|exceeds|full|rejected)|"
    r"error(?:s)? (?:while|in|during|sending)|could ?n[o']t be (?:found|delivered)|unzustellbar|"
    r"nicht zugestellt"
    r"|transcript of session|delivery attempt|не может быть доставлено|delivery report|unknown (?:user|"
    r"local)|has been rejected|was rejected",
    re.IGNORECASE,
)


def read(content: bytes, *, is_null: bool = False) -> Report | None:
    """The report in a mail, None when it is none. ``is_null``: it is known to have no return path."""
    headers, parts = parts_of(content[:ENOUGH])
    if not parts:
        return None
    human, returned = _human(parts)
    for part in parts:
        if arf.tells(part):
            return Report(feedback=arf.feedback_in(part.text, returned), returned=returned)
    subject = decoded(headers.first("subject"))
    if feedback := arf.by_habit(headers, subject, returned):
        return Report(feedback=feedback, returned=returned)
    if notification := _by_sns(headers, parts[0].text):
        return notification
    ours = _ours(headers, returned)
    said = told.recipients_in(human, ours)
    contexts = {address: said.about(address) for address in said.words}
    reports = [one for part in parts if dsn.tells(part) for one in dsn.told_in(part.text)]
    if reports:
        envelope = (value for part in parts if dsn.tells(part) for value in dsn.envelopes_in(part.text))
        known = Headers(returned.values + tuple(("message-id", value) for value in envelope))
        return Report(tuple(dsn.failures(reports, contexts, human)), returned=known)
    if not _looks_returned(headers, subject, human, is_null=is_null):
        return None
    recipients = list(said.spelled.values()) or _failed(headers) or _addressed(returned, ours)
    found = tuple(_one(one, contexts, human, subject) for one in recipients)
    if not found:
        found = tuple(_one(one, contexts, human, subject) for one in _by_flufl(content[:ENOUGH]))
    return Report(found, returned=returned) if found else None


def _human(parts: list[Part]) -> tuple[str, Headers]:
    """What people are told, and the headers of the mail that came back."""
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    returned = Headers()
    for part in parts:
        if part.type in _RETURNED:
            returned = headers_of(part.text)
            break
        if part.type in texts:
            text, behind = told.split(dsn.before(part.text))
            texts[part.type].append(text)
            if len(behind.values) > 1:
                returned = behind
                break
    return "\n".join(texts["text/plain"] or texts["text/html"]), returned


def _by_sns(headers: Headers, text: str) -> Report | None:
    """A notification of Amazon SES that SNS sends by mail; long lines of it may have been broken by ``!``."""
    if not headers.first("x-amz-sns-message-id"):
        return None
    bare = text.partition("\n--\n")[0].replace("!\n ", "").strip()
    try:
        notification = json.loads(bare)
    except (ValueError, RecursionError):
        notification = _beginning(bare)
    return ses.report_of(notification) if isinstance(notification, dict) else None


def _beginning(text: str) -> object:
    """What can be read of JSON that was cut off: the first of its objects that are whole."""
    found: dict[str, object] = {}
    for match in re.finditer(r"\"(notificationType|eventType|bounce|complaint|deliveryDelay)\":\s*", text):
        try:
            found[match[1]], _ = json.JSONDecoder().raw_decode(text, match.end())
        except (ValueError, RecursionError):
            continue
    return found


def _ours(headers: Headers, returned: Headers) -> frozenset[str]:
    """Who is told: the one to whom the report goes, and who wrote the mail."""
    names = (headers.all("to"), headers.all("delivered-to"), returned.all("from"), returned.all("return-path"))
    return frozenset(one.casefold() for values in names for value in values for one in addresses_in(value))


def _failed(headers: Headers) -> list[str]:
    """Exim's and Google's header."""
    return [one for value in headers.all("x-failed-recipients") for one in addresses_in(value)]


def _addressed(returned: Headers, ours: frozenset[str]) -> list[str]:
    found = [one for value in returned.all("to") for one in addresses_in(value)]
    others = [one for one in found if one.casefold() not in ours] or found
    return others if len(others) == 1 else []


def _looks_returned(headers: Headers, subject: str, human: str, *, is_null: bool) -> bool:
    if headers.first("x-failed-recipients"):
        return True
    author, path = headers.first("from"), headers.first("return-path")
    if headers.first("x-mlserver").startswith("fml") and _LOOPS.search(subject):
        return True
    if re.search(r"multipart/report\b.*delivery-status", headers.first("content-type"), re.IGNORECASE):
        return True
    is_daemon = _DAEMON.search(author) or author.strip() == "<>" or path.strip() in ("<>", "<MAILER-DAEMON>")
    return bool(
        (is_null or is_daemon) and (_FAILED.search(subject) or _FAILED.search(human[:20_000]) or _REPLY.search(human))
    )


def _one(recipient: str, contexts: dict[str, str], human: str, subject: str) -> Failure:
    said = contexts.get(recipient.casefold(), "")
    late = re.search(
        r"\bdelay(?:ed)?\b|warning|will (?:be|keep) (?:retr|try)|still (?:trying|being)|temporar",
        subject,
        re.IGNORECASE,
    )
    return judged(recipient, said, context=f"{human}\n{subject}", is_late=bool(late))


def _by_flufl(content: bytes) -> list[str]:
    try:
        temporary, permanent = all_failures(message_from_bytes(content[:65_536]))
    except Exception:  # noqa: BLE001 - whatever a hostile mail makes of it
        return []
    return [address_in(one.decode("utf-8", "replace")) for one in sorted(permanent | temporary)]
