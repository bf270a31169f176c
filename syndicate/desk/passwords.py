"""Passwords: which are taken, what is kept of them (argon2id, RFC 9106), and whether one is right."""

from __future__ import annotations

from collections.abc import Iterable
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from syndicate.desk.guessable import is_guessable
from syndicate.errors import PasswordError

SHORTEST = 12
LONGEST = 256
"""Characters."""

_hasher = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)
"""46 MiB and some 50 ms for each; more than OWASP's password storage cheat sheet asks for."""

_hashing = BoundedSemaphore(2)
"""So many at once: who tries many passwords at a time must not take all the memory there is."""


def check_new(password: str, names: Iterable[str] = ()) -> None:
    """Refuses what can be guessed; ``names`` are the user's and the site's.

    :raises PasswordError: saying what would do.
    """
    if len(password) < SHORTEST:
        raise PasswordError(
            f"at least {SHORTEST} characters; several words that do not belong together are easy to keep"
        )
    if len(password) > LONGEST:
        raise PasswordError(f"at most {LONGEST} characters")
    if is_guessable(password, names):
        raise PasswordError("this one is easy to guess; make it longer, with words of your own")


def hash_of(password: str) -> str:
    """What is kept of it."""
    with _hashing:
        return _hasher.hash(_octets(password))


def is_right(password: str, kept: str) -> bool:
    """Whether it is the one. Nothing kept (no such user, or no password yet) takes as long, and is false."""
    try:
        with _hashing:
            _hasher.verify(kept or _OF_NOBODY, _octets(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


def is_outdated(kept: str) -> bool:
    """Whether it was made with other parameters than are used now."""
    return _hasher.check_needs_rehash(kept)


def _octets(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


_OF_NOBODY = "$argon2id$v=19$m=47104,t=2,p=1$c29tZXRoaW5nIGVsc2UhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""A hash with the same parameters that no password has."""
