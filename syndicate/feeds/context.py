"""What a feed says, whichever its format. Made by ``publish``, and by whoever keeps feeds for single readers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syndicate.model import Enclosure

PREVIOUS, NEXT, CURRENT = "prev-archive", "next-archive", "current"
"""Where the older archived page is, the newer one, and the feed that is subscribed to (RFC 5005 §4)."""

_NOT_XML = re.compile("[^\t\n\r -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def plain(text: str) -> str:
    """``text`` without what no XML 1.0 document can or should hold, such as controls (§2.2); with XML's line ends."""
    return _NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing that a feed tells of: an article, or a digest. Its long texts are made ``plain``, once for all formats.

    ``id`` is an absolute URI that never changes. ``html`` is safe to publish, with absolute links only. ``summary`` and
    ``text`` are plain text. ``updated_at`` is when readers last got another text of it.
    """

    id: str
    url: str
    title: str
    html: str
    text: str
    summary: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    published_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        for name in ("html", "text", "summary"):
            object.__setattr__(self, name, plain(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Gone:
    """A piece that was taken back, and when (RFC 6721)."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedContext:
    """A feed: ``pieces`` come newest first, as many as it shall hold.

    ``id`` is an absolute URI that never changes, the same for all formats and for archived pages. ``address`` is the
    folder that the files of all formats are in, with a slash at its end; ``home_url`` is the page for people.
    ``author`` stands for pieces that name none. ``gone`` was taken back lately; ``withdrawn_at`` is when something was
    last, however long ago. ``stylesheet`` is what the feed looks like in a browser, as seen from
    its address. ``hubs`` tell of changes (WebSub). ``around`` leads from a relation of RFC 5005 to the folder of
    that page. ``every`` is how often the feed may change.
    """

    id: str
    title: str
    description: str
    language: str
    author: str
    address: str
    home_url: str
    stylesheet: str
    pieces: tuple[Piece, ...] = ()
    gone: tuple[Gone, ...] = ()
    withdrawn_at: datetime | None = None
    hubs: tuple[str, ...] = ()
    around: Mapping[str, str] = field(default_factory=dict)
    every: timedelta = timedelta(hours=1)

    @property
    def is_archived(self) -> bool:
        """Whether it is a page of what the feed held before, which readers' programs need not ask for again."""
        return CURRENT in self.around

    @property
    def updated_at(self) -> datetime:
        """The newest change; nothing in a feed says when it was built."""
        changes = (piece.updated_at for piece in self.pieces)
        return max((self.withdrawn_at or _NEVER, *changes))
