"""What a report tells people: whom it is about, and the words that belong to each. By servers' habits. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from syndicate.inbound.reports.fields import ADDRESS, address_in, addresses_in
from syndicate.inbound.reports.parts import Headers, headers_of

_LINES = 1500
_LONGEST = 1000
_MOST = 500

_CUT = re.compile(
    r"^[ \t>]*(?:"
    r"[-=*_ ]{2,}[^\n]{0,40}(?:copy of|original (?:message|mail)|returned (?:message|mail)|unsent message|"
    r"below this line"
    r"|message (?:header|text|body|follows|contents)|header of the|rejected message|undelivered message)[^\n]*"
    r"|(?:the )?original (?:message|mail)(?: headers?)? (?:follows|as follows|is attached|is included|text)[^\n]*"
    r"|(?:original|returned|undelivered|rejected) (?:message|mail)(?: headers?| text)?[ \t]*:?[ \t]*"
    r"|message headers? follows?[^\n]*|below is a copy of the [^\n]*|included is a copy of [^\n]*|"
    r"a copy of (?:the|your) [^\n]*:"
    r"|the (?:message )?headers? (?:of|from) (?:the|your) [^\n]*"
    r")$|^(?:Return-Path|Received|DKIM-Signature|X-Mailer)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
"""Where the mail that came back begins."""

_SKIPPED = re.compile(
    r"^[\s>|]*(?:message[- ]?id|in-reply-to|references|from|sender|return-path|received|date|reply-to|"
    r"subject|cc|errors-to"
    r"|envelope[- ]from|x-[\w-]+|mail from|via|by)\b[^\n:]{0,30}:",
    re.IGNORECASE,
)
_LINE_BEGINS = re.compile(
    rf"^[\s>*•·+=-]*(?:\d+[.)]\s+)?(?:[45]\d\d[ -](?:[45]\.\d+\.\d+ )?)?[\"'<(\[]*({ADDRESS})[\"'>)\]]*(?=$|"
    rf"[\s,:;.(\[<-])",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:(?:recipients?|address(?:es)?|addressed to|rcpt to|failed|delivered to|deliver(?: \w+){0,3} to|"
    r"mailbox|user)(?:\(s\)|\(es\))?"
    rf"(?: address(?:es)?)?[ \t]*[:=]|(?:rejected|unknown) recipient|reached? |generated (?:from|by) |"
    rf"recipient[ \t]+)[ \t]*(?:rfc822;)?[\"'<(\[]*({ADDRESS})",
    re.IGNORECASE,
)
_TO = re.compile(rf"^[\s>|]*(?:to|an|a|à|para|til|naar|宛先)[ \t]*:[^\n]*?({ADDRESS})", re.IGNORECASE)
_NOBODY = re.compile(
    r"(?:mailer-?daemon|postmaster|mail-?daemon|no-?reply|abuse|support|help(?:desk)?|admin(?:istrator)?|"
    r"root|webmaster)@",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Said:
    """The words for each address, which are the keys in lower case, and the address as it was written."""

    words: dict[str, list[str]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)

    def about(self, address: str) -> str:
        """What is told of that address."""
        return "\n".join(self.words.get(address.casefold(), ()))


def split(text: str) -> tuple[str, Headers]:
    """What is told, and the headers of the mail that came back, if they stand behind it."""
    match = _CUT.search(text)
    if match is None:
        return text, Headers()
    is_header = ":" in match[0] and not match[0].strip().endswith((":", "-"))
    rest = text[match.start() if is_header else match.end() :].lstrip("\n -=*")
    lines = rest[:60_000].split("\n")
    margin = min((len(one) - len(one.lstrip()) for one in lines[:3] if one.strip()), default=0)
    return text[: match.start()], headers_of(
        "\n".join(one[margin:] if one[:margin].isspace() else one for one in lines)
    )


def recipients_in(text: str, ours: Collection[str]) -> Said:
    """Who a text is about. ``ours`` are the addresses of who is told, which are no recipients if there are others.

    The best of these habits counts: an address at the beginning of a line, which what is said of it follows; one
    with a word before it that says what it is; one in a sentence.
    """
    lines = [line[:_LONGEST] for line in text.split("\n", _LINES)[:_LINES]]
    for find, known in ((_begins, ours), (_begins, ()), (_labelled, ours), (_addressed, ours), (_anywhere, ours)):
        said = _collected(lines, find, known)
        if said.words:
            return said
    return Said()


def _begins(line: str) -> str:
    match = _LINE_BEGINS.match(line)
    return match[1] if match else ""


def _labelled(line: str) -> str:
    match = _LABELLED.search(line)
    return match[1] if match else ""


def _addressed(line: str) -> str:
    match = _TO.match(line)
    return match[1] if match else ""


def _anywhere(line: str) -> str:
    return next(iter(addresses_in(line)), "")


def _collected(lines: list[str], find: object, ours: Collection[str]) -> Said:
    assert callable(find)
    found, current = Said(), ""
    for line in lines:
        address = "" if _SKIPPED.match(line) else str(find(line)).strip("'")
        key = address.casefold()
        if address and key not in ours and (not _NOBODY.match(key)):
            if key not in found.words and len(found.words) >= _MOST:
                break
            found.spelled.setdefault(key, address_in(address) or address)
            found.words.setdefault(key, [])
            current = key
        if current:
            found.words[current].append(line.strip())
    return found
