"""Signs messages (RFC 6376, relaxed/relaxed; RFC 8463). Called for each message, just before it is handed over.

A signature covers a digest of the body, and the headers. Most of a body is the same for all readers, and most of the
time goes into the key: so the body's digest is continued from a common beginning (``BodyHash.copy``), and ``sign`` may
be called from several threads at once, because `cryptography` lets other threads run while it signs.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

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
_BLANK = b" \t\r\n"


@dataclass(slots=True)
class BodyHash:
    """SHA-256 of a body in its relaxed form (RFC 6376 §3.4.4), fed in pieces that may be cut at any octet.

    The body has CRLF line ends and no added dots. A last line without its CRLF counts as if it had one, as the
    receiver will see it (RFC 5321 §4.1.1.4).
    """

    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)
    _begun: bool = False
    _tail: bytes = b""

    def update(self, piece: bytes) -> None:
        """Goes on with ``piece``. Blanks at its end wait: what they become depends on what follows."""
        text = self._tail + piece if self._tail else piece
        settled = len(text.rstrip(_BLANK))
        self._tail = text[settled:]
        if settled:
            self._hash.update(_relaxed(text[:settled]))
            self._begun = True

    def copy(self) -> BodyHash:
        """An independent one in the same state: the common beginning is hashed once, then continued per reader."""
        return BodyHash(self._hash.copy(), self._begun, self._tail)

    def digest(self) -> bytes:
        """The 32 octets for what was fed until now; more may be fed afterwards."""
        tail = _relaxed(self._tail + _CRLF)
        end = len(tail)
        while tail.endswith(_CRLF, 0, end):
            end -= 2
        last = tail[:end]
        whole = self._hash.copy()
        if self._begun or last:
            whole.update(last + _CRLF)
        return whole.digest()


@dataclass(frozen=True, slots=True)
class SelectedKey:
    """A key, and the selector under which receivers find its public half."""

    selector: str
    key: Key


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

    def body(self) -> BodyHash:
        """The digest of a body that begins now."""
        return BodyHash()

    def sign(self, message_header: bytes, body: BodyHash | bytes, domain: str, now: datetime) -> bytes:
        """The ``DKIM-Signature`` headers to put before the message, one for each key, each ending in CRLF.

        ``message_header`` is all headers, CRLF after each, with or without the empty line. ``body`` has been fed, or is
        the whole one. ``domain`` is the sender's (d=), in ASCII; ``now`` is aware and becomes t=, in seconds.
        """
        if isinstance(body, bytes):
            whole, body = body, self.body()
            body.update(whole)
        names, headers = _covered(_headers(message_header))
        body_digest = b64encode(body.digest()).decode()
        return b"".join(
            _signature(one, names, headers, body_digest, domain.lower(), int(now.timestamp())) for one in self._keys
        )


class Unsigned(Signer):
    """Stands where a signer would when nothing is to be signed; costs nothing."""

    def __init__(self) -> None:
        super().__init__(())

    def body(self) -> BodyHash:
        """A digest that nobody will ask for."""
        return _Unhashed()

    def sign(self, message_header: bytes, body: BodyHash | bytes, domain: str, now: datetime) -> bytes:  # noqa: ARG002
        """Nothing."""
        return b""


class _Unhashed(BodyHash):
    def update(self, piece: bytes) -> None:
        """Forgets it."""

    def copy(self) -> BodyHash:
        return self


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


def _covered(headers: list[tuple[bytes, bytes]]) -> tuple[list[str], bytes]:
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
    return names, b"".join(lines)


def _signature(one: SelectedKey, names: list[str], headers: bytes, body_digest: str, domain: str, at: int) -> bytes:
    tags = [
        *("v=1;", f"a={one.key.algorithm};", "c=relaxed/relaxed;", f"d={domain};", f"s={one.selector};", f"t={at};"),
        f"h={names[0]}",
        *(f":{name}" for name in names[1:]),
        ";",
        f"bh={body_digest};",
        "b=",
    ]
    unsigned = "\r\n ".join(_lines(tags)).encode("ascii")
    (_, value), *_ = _headers(unsigned)
    signature = b64encode(one.key.sign(headers + b"dkim-signature:" + value)).decode()
    pieces = (signature[at : at + _WIDTH - 1] for at in range(0, len(signature), _WIDTH - 1))
    return unsigned + b"".join(b"\r\n %b" % piece.encode() for piece in pieces) + _CRLF


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
