"""The operator's own templates, which stand in for shipped ones: read, checked, written. Called by the console.

Only what is shipped can be written, and only into the operator's own folder.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from syndicate.errors import ConflictError, NotFoundError, SyndicateError
from syndicate.render.environment import shipped_templates
from syndicate.settings import kept
from syndicate.settings.kept import Version

LARGEST = 200_000
"""Characters."""

_CONFIRM = "asks whether a reader wants what was asked for in their name"
_MOVE = "asks whether a reader moves to this address"
_HELP = "answers a mail: which commands there are"
_LEAVE = "answers a mail that wants to leave without a token: the links that do it"
_CONFIRMED = "answers a mail that confirmed something"
_LATE = "answers a mail that confirms something whose time is over"
_ALERT = "tells operators what is wrong (`facts.title`, `facts.told`)"
_LINK = "a new link to the preferences"


def _notice(kind: str, purpose: str) -> dict[str, str]:
    return {f"email/notices/{kind}/{file}": purpose for file in ("subject.txt", "body.html", "body.txt")}


PURPOSES: Mapping[str, str] = MappingProxyType(
    {
        "email/base.html": "the frame of every HTML mail",
        "email/base.txt": "the frame of every text part",
        "email/inlined.css": "styles that are written into the mail's tags",
        "email/kept.css": "styles that can't be: phones and dark mode",
        "email/digest/subject.txt": "a digest's subject; put on one line",
        "email/digest/body.html": "a digest's HTML",
        "email/digest/article.html": "one article in it",
        "email/digest/body.txt": "a digest's text part",
        "email/notices/frame.html": "the frame of a notice: a mail about a reader's own doing",
        "email/notices/frame.txt": "the frame of a notice: a mail about a reader's own doing",
        **_notice("confirm", _CONFIRM),
        **_notice("move", _MOVE),
        **_notice("help", _HELP),
        **_notice("leave", _LEAVE),
        **_notice("confirmed", _CONFIRMED),
        **_notice("not-confirmed", _LATE),
        **_notice("alert", _ALERT),
        **_notice("link", _LINK),
        "web/base.html": "the frame of every page",
        "web/index.html": "the front page",
        "web/article.html": "the page of an article that has none elsewhere",
        "web/archive.html": "what stands in the head of a digest's page",
        "web/above.html": "the line above a digest on its page",
        "web/archives.html": "the newsletters that sent something",
        "web/digests.html": "a newsletter's digests, the newest or those of a month",
        "web/search.html": "looking for articles, and what was found",
        "web/newsletter.html": "a newsletter's own page",
        "web/subscribe.html": "subscribing to any newsletter",
        "web/joining.html": "the form on both, in pieces",
        "web/fields.html": "the fields of that form and of the preferences",
        "web/embed.html": "the form for other sites",
        "web/confirm.html": "confirming what was asked for",
        "web/unsubscribe.html": "leaving a newsletter",
        "web/preferences.html": "choosing how often, about what, and the rest",
        "web/expired.html": "a link to the preferences that is too old",
        "web/erase.html": "erasing one's data: the question, and that it is done",
        "web/message.html": "short notices and errors",
        "web/words.html": "small pieces that several pages show",
        "web/style.css": "the pages' stylesheet",
        "feeds/index.html": "the list of feeds, published among them",
        "feeds/feed.css": "what a feed looks like in a browser, words and all",
        "feeds/digest.html": "what a feed of digests says of one",
    }
)
"""Every template that may be written here, and what it makes; ``docs/templates.md`` says the same."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A template as it is used, and as it is shipped."""

    name: str
    text: str
    shipped: str
    is_own: bool

    @property
    def print(self) -> str:
        """What a form brings back, to tell whether somebody else was quicker."""
        return sha256(f"{self.is_own} {self.text}".encode()).hexdigest()


class OwnTemplates:
    """The operator's folder of templates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._turn = threading.Lock()

    def own(self) -> frozenset[str]:
        """The names of those that stand in for shipped ones."""
        return frozenset(name for name in PURPOSES if (self.folder / name).is_file())

    def open(self, name: str) -> Opened:
        """:raises NotFoundError: when none of that name is shipped. :raises SyndicateError: when it can't be read."""
        place, shipped = self._place(name), (shipped_templates() / name).read_text("utf-8")
        if not place.is_file():
            return Opened(name, shipped, shipped, is_own=False)
        return Opened(name, _read(place), shipped, is_own=True)

    def obstacle(self, name: str) -> str:
        """Why it can't be written from here; empty when it can."""
        place = self._place(name)
        inside = place.resolve().is_relative_to(self.folder.resolve())
        return kept.obstacle(place) if inside else f"it would lie outside {self.folder}"

    def save(self, name: str, text: str, print_: str) -> None:
        """Writes it, and keeps what stood there; text that is as shipped needs no file of its own.

        :raises ConflictError: when another one stands there than ``print_`` tells, or it can't be written.
        """
        with self._turn:
            before, place = self._unchanged(name, print_), self._place(name)
            if text == before.text:
                return
            try:
                if before.is_own:
                    kept.keep(place)
                if text == before.shipped:
                    place.unlink(missing_ok=True)
                    return
                place.parent.mkdir(parents=True, exist_ok=True)
                kept.write(place, text.encode(), place.stat() if before.is_own else None)
            except OSError as error:
                raise SyndicateError(f"{place} can't be written: {error.strerror}; nothing was changed") from None

    def versions(self, name: str) -> list[Version]:
        """What is kept of what stood there before, newest first."""
        return kept.versions(self._place(name))

    def version(self, name: str, number: int) -> str:
        """The text of one of them. :raises NotFoundError: when it is not kept (any more)."""
        return _read(kept.version(self._place(name), number))

    def _unchanged(self, name: str, print_: str) -> Opened:
        opened = self.open(name)
        if opened.print != print_:
            raise ConflictError(f"template {name} was changed by somebody else meanwhile; nothing was written")
        if obstacle := self.obstacle(name):
            raise ConflictError(f"template {name} can't be changed from here: {obstacle}")
        return opened

    def _place(self, name: str) -> Path:
        if name not in PURPOSES:
            raise NotFoundError("template", name)
        return self.folder / name


def _read(place: Path) -> str:
    try:
        return place.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"can't be read: {error.strerror}"
        raise SyndicateError(f"{place} {reason}") from None
