"""What is wrong now, of what an operator wants to be told: from what the database and the disk say. Pure.

Called by ``alerting``, which reads what it decides from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from syndicate.delivery.paced import Paced
from syndicate.model import Digest, Equation, MailboxStatus, Returns, SourceState, SourceStatus
from syndicate.preflight.finding import Section, Verdict
from syndicate.settings import Alerts

ENOUGH = 200
"""Of fewer mails than this, no share says anything."""


class Kind(StrEnum):
    """What may be wrong."""

    HELD = "held"
    UNCERTAIN = "uncertain"
    DOMAIN = "domain"
    SOURCE = "source"
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    DISK = "disk"
    MAILBOX = "mailbox"
    RELAY = "relay"
    SENDER = "sender"
    TEST = "test"


_TITLES: Mapping[Kind, str] = {
    Kind.HELD: "Digest {} is held",
    Kind.UNCERTAIN: "Digest {} has mails of which nobody knows whether they went out",
    Kind.DOMAIN: "{} refuses our mail",
    Kind.SOURCE: "Source {} can't be read",
    Kind.BOUNCES: "Much of digest {} came back",
    Kind.COMPLAINTS: "Readers complain about digest {}",
    Kind.DISK: "The disk is nearly full",
    Kind.MAILBOX: "The mailbox can't be read",
    Kind.RELAY: "Relay {} is down",
    Kind.SENDER: "{} is wrong",
    Kind.TEST: "A test of alerts",
}
_PLACES: Mapping[Kind, str] = {
    Kind.DOMAIN: "/console/health#pace",
    Kind.SOURCE: "/console/health#sources",
    Kind.DISK: "/console/health#database",
    Kind.MAILBOX: "/console/health#inbound",
    Kind.RELAY: "/console/health#relays",
    Kind.SENDER: "/console/health#senders",
    Kind.TEST: "/console/health#alerts",
}


def title_of(kind: Kind, about: str) -> str:
    """One line for people."""
    return _TITLES[kind].format(about)


def path_of(kind: Kind, about: str) -> str:
    """The page of the console that has more of it."""
    return _PLACES.get(kind) or f"/console/digests/{about}"


class Alarm(NamedTuple):
    """Something that is wrong. ``about`` is what it is about, such as a digest's number; ``said`` is why."""

    kind: Kind
    about: str
    said: str


class Sent(NamedTuple):
    """A digest of the last days, with what became of its mails and what came back."""

    digest: Digest
    counts: Equation
    returns: Returns


def of_digests(held: Iterable[Digest], undecided: Mapping[int, int]) -> Iterator[Alarm]:
    """Digests that are held, and those of whose mails somebody must decide."""
    for one in held:
        yield Alarm(Kind.HELD, str(one.id), one.note or f"{one.newsletter} waits for a decision")
    for digest_id, count in undecided.items():
        yield Alarm(Kind.UNCERTAIN, str(digest_id), f"{count:,} of them; decide whether they go out once more")


def of_returns(sent: Iterable[Sent], settings: Alerts) -> Iterator[Alarm]:
    """Digests of which too much came back, was refused for good, or was complained about."""
    for one in sent:
        tried = one.counts.accepted + one.counts.rejected
        if tried < ENOUGH:
            continue
        back = one.counts.rejected + one.returns.hard + one.returns.soft
        for kind, number, most in (
            (Kind.BOUNCES, back, settings.bounces),
            (Kind.COMPLAINTS, one.returns.complaints, settings.complaints),
        ):
            share = 100 * number / tried
            if share > most:
                yield Alarm(kind, str(one.digest.id), f"{number:,} of {tried:,}, {share:.2f} %; more than {most:g} %")


def of_paces(paced: Iterable[Paced], relays: Sequence[str]) -> Iterator[Alarm]:
    """Relays that are down, and domains that refuse our mail."""
    for one in paced:
        if one.kind == "domain" and one.blocked_until:
            yield Alarm(Kind.DOMAIN, one.name, one.words)
        elif one.is_down and one.name in relays:
            yield Alarm(Kind.RELAY, one.name, one.words)


def of_sources(known: Iterable[SourceStatus], settings: Alerts, now: datetime) -> Iterator[Alarm]:
    """Sources that could not be read for so long, and those that are gone for good."""
    for one in known:
        since = one.succeeded_at or one.first_picked_up_at
        is_dead = bool(one.failures) and since is not None and now - since >= settings.source
        if one.state is SourceState.RETIRED or is_dead:
            yield Alarm(Kind.SOURCE, one.name, one.error or "it is gone for good")


def of_mailbox(status: MailboxStatus | None) -> Iterator[Alarm]:
    """The mailbox that is polled."""
    if status and status.error:
        yield Alarm(Kind.MAILBOX, "", status.error)


def of_disk(free: int | None, settings: Alerts) -> Iterator[Alarm]:
    """Where the database lies, when that is on this machine."""
    if free is not None and free < settings.disk:
        yield Alarm(Kind.DISK, "", f"{free // 1_000_000:,} MB are left, less than {settings.disk // 1_000_000:,} MB")


def of_senders(sections: Iterable[Section]) -> Iterator[Alarm]:
    """Records in the DNS that make receivers doubt our mail, the DKIM keys' among them."""
    for section in sections:
        for one in section.findings:
            if one.verdict is Verdict.BLOCKS:
                yield Alarm(Kind.SENDER, f"{one.check.title} of {section.about}", f"{one.said}; {one.remedy}")


def patience_of(kind: Kind, settings: Alerts) -> timedelta:
    """For how long something must be wrong before anybody is told."""
    return settings.relay if kind in (Kind.RELAY, Kind.MAILBOX) else timedelta(0)
