"""Signs messages (RFC 6376, relaxed/relaxed; RFC 8463). Called for each message, just before it is handed over.

A signature covers a digest of the body, and the headers. Nearly all of the time goes into the key, and `cryptography`
lets other threads run meanwhile: so ``draft`` does what is left, where the connections are served, and ``seal`` may be
called in several threads at once.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from syndicate.delivery.dkim_keys import Key, read_ed25519_key, read_rsa_key
from syndicate.errors import Problem, SettingsError
from syndicate.settings import Dkim

_OVERSIGNED = ("From", "Subject", "To", "Date", "Message-ID")
"""Named once more than they occur, so that adding another one breaks the signature (RFC 6376 §5.4.2, §8.15)."""

_SIGNED = (
    "Reply-To",
    "List-Id",
    "List-Unsubscribe",  # RFC 8058 §4: this one and the next must be covered
    "List-Unsubscribe-Post",
    "List-Help",
    "Feedback-ID",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
)
_WIDTH = 76
_CRLF = b"\r\n"
_WSP = b" \t"
_DIGEST = b"0" * 44
"""Stands where the body's digest goes: as long as that, in base64."""


@dataclass(frozen=True, slots=True)
class SelectedKey:
    """A key, and the selector under which receivers find its public half."""

    selector: str
    key: Key


class Draft(NamedTuple):
    """A signature to come: the header so far as it is shown, and what the key signs."""

    key: Key
    shown: bytes
    text: bytes


class Signer:
    """Signs with one or two keys; safe to use from several threads at once."""

    def __init__(self, keys: Sequence[SelectedKey]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def open(cls, settings: Dkim | None) -> Signer:
        """A signer with the keys that the settings name, or ``Unsigned`` without a ``[dkim]`` section.

        :raises SettingsError: with every key file that can't be used, and what to do about it.
        """
        if settings is None:
            return Unsigned()
        keys: list[SelectedKey] = []
        problems: list[Problem] = []
        # RSA first: its signature is the one that every receiver knows, and some read only the topmost.
        wanted: tuple[tuple[str, str, Path | None, Callable[[Path], Key]], ...] = (
            ("rsa", settings.selector, settings.rsa_key_file, read_rsa_key),
            ("ed25519", settings.ed25519_selector or settings.selector, settings.ed25519_key_file, read_ed25519_key),
        )
        for kind, selector, file, read in wanted:
            if file is None:
                continue
            try:
                keys.append(SelectedKey(selector, read(file)))
            except ValueError as error:
                allowed = "allowed: a private key in PEM without a passphrase; `syndicate dkim new` makes one"
                problems.append(Problem(f"dkim.{kind}_key_file", str(error), allowed))
        if problems:
            raise SettingsError("[dkim]", problems)
        return cls(keys)

    @property
    def signs(self) -> bool:
        """Whether there is a key."""
        return bool(self._keys)

    def sign(self, message_header: bytes, body_digest: bytes, domain: str, now: datetime) -> bytes:
        """The ``DKIM-Signature`` headers to put before the message, one for each key, each ending in CRLF.

        ``message_header`` is all headers, CRLF after each, with or without the empty line. ``body_digest`` is SHA-256
        of the body in its relaxed form. ``domain`` is the sender's (d=), in ASCII; ``now`` is aware and becomes t=, in
        seconds.
        """
        return seal(self.draft(message_header, body_digest, domain, now))

    def draft(self, message_header: bytes, body_digest: bytes, domain: str, now: datetime) -> list[Draft]:
        """What ``sign`` makes, with the signatures still to come."""
        names, headers = _covered(_headers(message_header))
        digest, at = b64encode(body_digest), int(now.timestamp())
        drafts = []
        for one in self._keys:
            shown, relaxed = _frame(one.key.algorithm, one.selector, names, domain.lower(), at)
            text = b"%bdkim-signature:%b" % (headers, relaxed.replace(_DIGEST, digest))
            drafts.append(Draft(one.key, shown.replace(_DIGEST, digest), text))
        return drafts


def seal(drafts: Sequence[Draft]) -> bytes:
    """The finished headers. Several threads may do this at once, while the others' go on."""
    return b"".join(_signature(one) for one in drafts)


def body_digest(body: bytes) -> bytes:
    """SHA-256 of a body in its relaxed form (RFC 6376 §3.4.4, §3.7).

    The body has CRLF line ends and no added dots. A last line without its CRLF counts as if it had one, as the
    receiver will see it (RFC 5321 §4.1.1.4).
    """
    relaxed = _relaxed(body + _CRLF)
    end = len(relaxed)
    while relaxed.endswith(_CRLF, 0, end):
        end -= 2
    return sha256(relaxed[:end] + _CRLF if end else b"").digest()


class Unsigned(Signer):
    """Stands where a signer would when nothing is to be signed; costs nothing."""

    def __init__(self) -> None:
        super().__init__(())

    def draft(self, message_header: bytes, body_digest: bytes, domain: str, now: datetime) -> list[Draft]:  # noqa: ARG002
        """Nothing."""
        return []


def _relaxed(text: bytes) -> bytes:
    """Runs of blanks become one space, and none before a line end. Replacing is much faster than a pattern here."""
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text.replace(b" \r\n", _CRLF)


def _headers(block: bytes) -> list[tuple[bytes, bytes]]:
    """Each header's name in lower case and its value, relaxed (RFC 6376 §3.4.2), in the message's order."""
    unfolded = block.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    pairs = (line.partition(b":") for line in unfolded.split(_CRLF) if line)
    return [(name.rstrip(_WSP).lower(), _relaxed(value).strip(_WSP)) for name, _, value in pairs]


def _covered(headers: list[tuple[bytes, bytes]]) -> tuple[tuple[str, ...], bytes]:
    """The names for h=, and what they stand for: of several with one name the last comes first (RFC 6376 §5.4.2)."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in reversed(headers):
        found.setdefault(name, []).append(value)
    names: list[str] = []
    lines: list[bytes] = []
    for shown in (*_OVERSIGNED, *_SIGNED):
        name = shown.lower().encode()
        values = found.get(name, [])
        names += [shown] * (len(values) + (shown in _OVERSIGNED))
        lines += [b"%b:%b\r\n" % (name, value) for value in values]
    return tuple(names), b"".join(lines)


@lru_cache(maxsize=16)
def _frame(algorithm: str, selector: str, names: tuple[str, ...], domain: str, at: int) -> tuple[bytes, bytes]:
    """The header without its signature, as it is shown and relaxed, with ``_DIGEST`` where the body's goes."""
    tags = [
        *("v=1;", f"a={algorithm};", "c=relaxed/relaxed;", f"d={domain};", f"s={selector};", f"t={at};"),
        f"h={names[0]}",
        *(f":{name}" for name in names[1:]),
        ";",
        f"bh={_DIGEST.decode()};",
        "b=",
    ]
    shown = "\r\n ".join(_lines(tags)).encode("ascii")
    (_, relaxed), *_ = _headers(shown)
    return shown, relaxed


def _signature(draft: Draft) -> bytes:
    signature = b64encode(draft.key.sign(draft.text))
    pieces = (signature[at : at + _WIDTH - 1] for at in range(0, len(signature), _WIDTH - 1))
    return draft.shown + b"".join(b"\r\n %b" % piece for piece in pieces) + _CRLF


def _lines(tags: list[str]) -> Iterator[str]:
    """The header without its signature, in lines of at most 76 characters where the domain is not longer."""
    line = "DKIM-Signature:"
    for tag in tags:
        glued = tag.startswith(":") or tag == ";"
        joined = f"{line}{tag}" if glued else f"{line} {tag}"
        if len(joined) > _WIDTH:
            yield line
            joined = tag
        line = joined
    yield line
