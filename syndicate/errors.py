"""The error tree. Every error names what it is about and what to do; only the command line and the web turn it to text.

SyndicateError
├── SettingsError        the configuration can't be used; holds every problem found
├── NotFoundError        a newsletter, digest, source, subscriber … that does not exist
├── ConflictError        what was asked does not fit the state that the thing is in
│   ├── HeldError        nothing is sent from this copy of the database
│   └── StaleError       it was changed since whoever asks looked at it
├── StoreError           the database can't be opened, is locked, or is of another version
│   ├── BusyError        another process is writing to it at this moment
│   └── AwayError        its server does not answer, or takes no connections; it may be back soon
├── PickupError          one source could not be read; the others go on
│   ├── FetchError       the network's part of it
│   └── ParseError       the content's part of it
├── ReachError           an address on the network that can't be asked, or must not be
├── HubError             a request to the hub that is refused; the text says why
├── TemplateError        a template can't be rendered; holds its name and line
│   └── WordingError     it is not a template, but what an editor wrote into a digest
├── AddressError         not an email address that mail can be sent to
├── HeaderError          a value that must not stand in a mail header
├── TokenError           a link that this site did not sign
│   └── ExpiredError     it did, and the link's time is over
├── AccessError          a program that shows no token, or one that is not good
│   └── ScopeError       the token is good, but does not allow that
├── PasswordError        a new password that is too short, or can be guessed
├── WebhookError         a provider's webhook that is refused; the text says why
│   ├── ForgedError      it does not prove that it is the provider's, or does so too late
│   ├── ReplayedError    all of it was told before
│   └── UnknownEventError it tells something that nobody knows
├── ArchiveError         a backup that can't be written, or is not one
├── RosterError          a file of subscribers that can't be read at all
└── RelayError           the SMTP relay is unreachable, or refuses us (not a reader); no delivery is changed by it
    └── OfferError       it does not do what it says that it does; without that it may still be of use
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class SyndicateError(Exception):
    """Anything that an operator can understand and mend. Its text is one line; ``exit_code`` is for the shell."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings: where it stands, what was found there, and what is allowed."""

    where: str
    found: str
    allowed: str

    def __str__(self) -> str:
        found = f"found {self.found}; " if self.found else ""
        return f"{self.where}: {found}{self.allowed}"


class SettingsError(SyndicateError):
    """The configuration can't be used. Holds all ``problems``, not the first one only."""

    exit_code = 2

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__(f"{file}: {count}{lines}")


class NotFoundError(SyndicateError):
    """There is no ``kind`` of that ``name``; ``known`` lists the ones there are."""

    def __init__(self, kind: str, name: object, known: Iterable[str] = ()) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        there_are = f"; there is: {', '.join(self.known)}" if self.known else ""
        super().__init__(f"no {kind} {str(name)!r}{there_are}")


class ConflictError(SyndicateError):
    """What was asked does not fit the state of the thing; the text says which state and what would fit."""


class HeldError(ConflictError):
    """Nothing is sent from this copy of the database: it was restored, or has moved; the text says what to do."""


class StaleError(ConflictError):
    """The thing was changed since whoever asks looked at it; the text says what to do."""


class StoreError(SyndicateError):
    """The database can't be used; ``url`` is shown without its password."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(f"{url}: {reason}")


class BusyError(StoreError):
    """Another process is writing to the database at this moment."""


class AwayError(StoreError):
    """The database's server does not answer, restarts, or has handed over to another one."""


class PickupError(SyndicateError):
    """A source, or one file of it, could not be read. ``origin`` is a path or an address."""

    def __init__(self, origin: str, reason: str) -> None:
        self.origin, self.reason = origin, reason
        super().__init__(f"{origin}: {reason}")


class FetchError(PickupError):
    """The address could not be fetched, or must not be."""


class ParseError(PickupError):
    """What was read is not an article, or not a feed."""


class ReachError(SyndicateError):
    """``address``, shown without user name and password, can't be asked, or must not be."""

    def __init__(self, address: str, reason: str) -> None:
        self.address, self.reason = address, reason
        super().__init__(f"{address}: {reason}")


class HubError(SyndicateError):
    """A request to the hub that is refused: it is not one, or is about something that the hub does not have."""


class WebhookError(SyndicateError):
    """What came as a provider's webhook, and is refused."""


class ForgedError(WebhookError):
    """It does not prove that it is the provider's, or was signed at another time."""


class ReplayedError(WebhookError):
    """All of it was told before."""


class UnknownEventError(WebhookError):
    """It is the provider's, and tells something that nobody knows."""


class TemplateError(SyndicateError):
    """A template that can't be rendered."""

    def __init__(self, template: str, line: int | None, reason: str) -> None:
        self.template, self.line, self.reason = template, line, reason
        super().__init__(f"template {template}{f', line {line}' if line else ''}: {reason}")


class WordingError(TemplateError):
    """What an editor wrote can't be rendered. ``field`` is ``subject``, ``preheader`` or ``intro``."""

    def __init__(self, field: str, line: int | None, reason: str) -> None:
        super().__init__(f"of the {field}", line, reason)
        self.field = field
        self.args = (f"the {field}{f', line {line}' if line else ''}: {reason}",)


class AddressError(SyndicateError):
    """Not an address that mail can be sent to."""

    def __init__(self, address: str, reason: str) -> None:
        self.address, self.reason = address, reason
        super().__init__(f"{address!r} is not a usable address: {reason}")


class HeaderError(SyndicateError):
    """A value with a line break or NUL in it, which would let text become headers (RFC 5322 §2.2)."""

    def __init__(self, header: str, value: str, reason: str = "holds a line break or NUL") -> None:
        self.header, self.value, self.reason = header, value, reason
        super().__init__(f"header {header}: {value[:60]!r} {reason}")


class TokenError(SyndicateError):
    """A link that was not signed by this site, or was signed for another purpose."""


class ExpiredError(TokenError):
    """A link whose time is over. ``subject`` is what it was for: a subscription's id, or None."""

    def __init__(self, what: str, subject: int | None = None) -> None:
        self.subject = subject
        super().__init__(f"{what} is too old; ask for a new one")


class AccessError(SyndicateError):
    """A program that shows no token, or one that is unknown, revoked or too old."""


class ScopeError(AccessError):
    """The token is good, but does not allow that."""


class PasswordError(SyndicateError):
    """A new password that is not taken; the text says what would do, never what it was."""


class ArchiveError(SyndicateError):
    """A backup that can't be written, read or put back; ``file`` is what it is about."""

    def __init__(self, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{file}: {reason}")


class RosterError(SyndicateError):
    """A subscribers file that can't be read at all (a bad row is not an error: it goes to the rejects)."""

    def __init__(self, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{file}: {reason}")


class RelayError(SyndicateError):
    """The relay is unreachable or refuses us: nothing was said about any reader, so no delivery changes."""

    def __init__(self, relay: str, reason: str, reply: str = "") -> None:
        self.relay, self.reason, self.reply = relay, reason, reply
        super().__init__(f"relay {relay}: {reason}{f' ({reply})' if reply else ''}")


class OfferError(RelayError):
    """The relay does not know, or loses count of, what it had offered in its answer to EHLO."""
