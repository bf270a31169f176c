"""Addresses and the groups of fields that reports are made of (RFC 3464 §2.1, RFC 5965 §3). Pure."""

from __future__ import annotations

import re

from syndicate.inbound.reports.parts import Headers, headers_of

ADDRESS = (
    r"(?:=\?[\w-]{1,30}\?[BbQq]\?[^?\s]{1,90}\?=(?=@)|"
    r"(?:[^\s<>()\[\]{}:;,\"'|`/@\\=]|(?<=[\w.+-])['=](?=[\w.+-]))"
    r"(?:[^\s<>()\[\]{}:;,\"|`@\\/]){0,150})@(?:[^\W_]|(?<=[^\W_])[._-](?=[^\W_-])|(?<=-)-){1,250}"
)
"""An address in running text; without the dot that ends its sentence."""

_ADDRESS = re.compile(ADDRESS)
_QUOTED = re.compile(r"\"[^\"\r\n@]{1,64}\"@[\w.-]{1,250}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_BLANK = re.compile(r"\n[ \t]*\n")
_MOST_GROUPS = 2000


def groups_of(text: str) -> list[Headers]:
    """The groups of fields in a text, which blank lines divide."""
    found = []
    for piece in _BLANK.split(text, _MOST_GROUPS)[:_MOST_GROUPS]:
        group = headers_of(piece.strip("\n"))
        if group.values:
            found.append(group)
    return found


def address_in(value: str) -> str:
    """The address that a field or a line holds, empty when it holds none.

    What stands before it goes: its type (``rfc822;``, RFC 3464 §2.3.1), a route (``@relay:``, RFC 5321 §F.2), a name.
    """
    text = value.strip().replace("\\", "")
    kind, semicolon, rest = text.partition(";")
    if semicolon and re.fullmatch(r"\s*[\w-]{1,40}\s*", kind):
        text = rest.strip()
    if kind.strip().lower() in ("rfc822", "utf-8") and "+" in text and _XTEXT.search(text):
        text = unwritten(text) if "@" in unwritten(text) and "@" not in text else text
    text = re.sub(r"^<?(?:@[\w.-]{1,250}[,:]\s?){1,10}", "", text)
    match = _QUOTED.search(text) or _ADDRESS.search(text)
    return match[0].strip("'") if match else ""


def addresses_in(text: str) -> list[str]:
    """All addresses in a text, in order, each once."""
    return list(dict.fromkeys(match[0].strip("'") for match in _ADDRESS.finditer(text)))


def unwritten(text: str) -> str:
    """RFC 3461 §4: xtext as it was."""
    return _XTEXT.sub(lambda match: chr(int(match[1], 16)), text)
