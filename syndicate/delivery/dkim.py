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
    """A message's signatures to come: its headers that are covered, relaxed, and for each key what is shown of it."""

    headers: bytes
    frames: Sequence[tuple[Key, bytes, bytes]]

    @property
    def size(self) -> int:
        """Octets of what ``seal`` will make of it."""
        return sum(len(shown) + _folded_size(key.signature_size) for key, shown, _ in self.frames)


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

    @property
    def records(self) -> dict[str, str]:
        """Selector → the TXT record under which receivers must find its key."""
        return {one.selector: one.key.record() for one in self._keys}

    def sign(self, message_header: bytes, body_digest: bytes, domain: str, now: datetime) -> bytes:
        """The ``DKIM-Signature`` headers to put before the message, one for each key, each ending in CRLF.

        ``message_header`` is all headers, CRLF after each, with or without the empty line. ``body_digest`` is SHA-256
        of the body in its relaxed form. ``domain`` is the sender's (d=), in ASCII; ``now`` is aware and becomes t=, in
        seconds.
        """
        return seal(self.draft(message_header, domain, now), body_digest)

    def draft(self, message_header: bytes, domain: str, now: datetime) -> Draft:
        """What ``sign`` makes, with the body's digest and the signatures still to come."""
        headers = [_header(line) for line in _unfolded(message_header)]
        names, order = _covered(tuple(name for name, _ in headers))
        at = int(now.timestamp())
        frames = [(one.key, *_frame(one.key.algorithm, one.selector, names, domain.lower(), at)) for one in self._keys]
        return Draft(b"".join([headers[one][1] for one in order]), frames)


def seal(draft: Draft, body_digest: bytes) -> bytes:
    """The finished headers. Several threads may do this at once, while the others' go on."""
    digest = b64encode(body_digest)
    sealed = []
    for key, shown, relaxed in draft.frames:
        text = b"%bdkim-signature:%b" % (draft.headers, relaxed.replace(_DIGEST, digest))
        signature = b64encode(key.sign(text))
        pieces = [signature[at : at + _WIDTH - 1] for at in range(0, len(signature), _WIDTH - 1)]
        sealed.append(b"\r\n ".join([shown.replace(_DIGEST, digest), *pieces]) + _CRLF)
    return b"".join(sealed)


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

    def draft(self, message_header: bytes, domain: str, now: datetime) -> Draft:  # noqa: ARG002
        """Nothing."""
        return Draft(b"", ())


def _relaxed(text: bytes) -> bytes:
    """Runs of blanks become one space, and none before a line end. Replacing is much faster than a pattern here."""
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text.replace(b" \r\n", _CRLF)


def _unfolded(block: bytes) -> list[bytes]:
    lines = block.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(_CRLF)
    return [line for line in lines if line]


@lru_cache(maxsize=256)
def _header(line: bytes) -> tuple[bytes, bytes]:
    """A header's name in lower case, and all of it relaxed (RFC 6376 §3.4.2). Most are the same for all readers."""
    name, _, value = line.partition(b":")
    name = name.rstrip(_WSP).lower()
    return name, b"%b:%b\r\n" % (name, _relaxed(value).strip(_WSP))


@lru_cache(maxsize=256)
def _covered(found: tuple[bytes, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The names for h=, and which headers they stand for: of several with one name the last comes first (§5.4.2)."""
    names: list[str] = []
    order: list[int] = []
    for shown in (*_OVERSIGNED, *_SIGNED):
        name = shown.lower().encode()
        mine = [at for at in reversed(range(len(found))) if found[at] == name]
        names += [shown] * (len(mine) + (shown in _OVERSIGNED))
        order += mine
    return tuple(names), tuple(order)


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
    [line] = _unfolded(shown)
    return shown, _header(line)[1].removeprefix(b"dkim-signature:").removesuffix(_CRLF)


def _folded_size(octets: int) -> int:
    """Of a signature in base64, in lines, with the CRLF that ends them."""
    characters = -(-octets // 3) * 4
    return characters + 3 * -(-characters // (_WIDTH - 1)) + 2


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
