"""Whom a composition reaches: counted by cadence and topics, before anything is sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syndicate.digest.compose import Composition
from syndicate.store.digests import Group
from syndicate.store.mailable import Aside, Key
from syndicate.store.subscribers import topics_of


@dataclass(frozen=True, slots=True)
class Share:
    """Readers with one choice of cadence and topics. ``nothing`` of them are owed nothing, for nothing new matches.

    ``fed`` read it in a private feed, ``suppressed`` get no mail at all. ``articles`` is the fewest and the most that
    one of them gets.
    """

    cadence: str
    topics: tuple[str, ...]
    mails: int = 0
    fed: int = 0
    suppressed: int = 0
    nothing: int = 0
    articles: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Recipients:
    """All of them, those choices first that get most mails."""

    shares: tuple[Share, ...]

    @property
    def mails(self) -> int:
        """How many mails go out."""
        return sum(one.mails for one in self.shares)

    @property
    def fed(self) -> int:
        """How many readers have it in their private feed."""
        return sum(one.fed for one in self.shares)

    @property
    def suppressed(self) -> int:
        """How many would be owed it, and have an address to which nothing is sent."""
        return sum(one.suppressed for one in self.shares)

    @property
    def nothing(self) -> int:
        """How many readers get nothing."""
        return sum(one.nothing for one in self.shares)


def count(found: Composition, aside: Mapping[Key, Aside]) -> Recipients:
    """Who gets what of a composition; ``aside`` says who of each group is not mailed."""
    shares: dict[tuple[str, str], Share] = {}
    for articles, groups in found.sets:
        for group in groups:
            key = group.cadence, group.topics
            before = shares.get(key, Share(group.cadence, topics_of(group.topics)))
            shares[key] = _with(before, group, len(articles), aside.get(group[:3], Aside()))
    return Recipients(tuple(sorted(shares.values(), key=lambda one: (-one.mails, one.cadence, one.topics))))


def _with(share: Share, group: Group, articles: int, aside: Aside) -> Share:
    if not articles:
        return replace(share, nothing=share.nothing + group.readers)
    fewest, most = share.articles
    return replace(
        share,
        mails=share.mails + group.readers - aside.fed - aside.suppressed,
        fed=share.fed + aside.fed,
        suppressed=share.suppressed + aside.suppressed,
        articles=(min(fewest or articles, articles), max(most, articles)),
    )
