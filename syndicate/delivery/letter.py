"""A delivery → the message that its reader gets. Called by ``send`` and by ``preview``."""

from __future__ import annotations

from datetime import datetime

from syndicate.model import Parts, Subscriber
from syndicate.render.headers import ReaderHeaders, SharedHeaders
from syndicate.render.holes import attribute_values, called_by
from syndicate.render.links import Links
from syndicate.render.message import Message, compile_message
from syndicate.render.tracked import tracked
from syndicate.settings import Newsletter


class Letter:
    """What all readers of a variant get, encoded once. ``sending`` names the digest for feedback loops.

    ``returns`` when each delivery has a return path of its own. ``counted_in`` is the digest, when its links and its
    picture name the reader.

    :raises HeaderError: when the newsletter's sender can't stand in a header.
    """

    def __init__(
        self,
        newsletter: Newsletter,
        links: Links,
        parts: Parts,
        *,
        sending: str,
        date: datetime,
        returns: bool = False,
        counted_in: int | None = None,
    ) -> None:
        self._links, self._last_day, self._returns = links, links.last_day(date), returns
        self._counted_in = counted_in
        self.address, self.domain = newsletter.address, newsletter.domain
        shared = SharedHeaders(
            sender=newsletter.sender,
            unsubscribe_url=links.unsubscribe_url,
            unsubscribe_mailto=f"mailto:{self.address}?subject=unsubscribe%20",
            help_url=links.preferences_url,
            reply_to=newsletter.reply_to or "",
            date=date,
            list_id=f"{newsletter.slug}.{self.domain}",
            feedback_id=f"{sending}:{newsletter.slug}:syndicate:{self.domain}",
        )
        self._spliced = compile_message(shared, parts)

    def message_id(self, digest_id: int, subscription_id: int) -> str:
        """The Message-ID of one delivery."""
        return self._links.message_id(digest_id, subscription_id, self.domain)

    def return_path(self, delivery_id: int) -> str:
        """Where reports about one delivery come to."""
        return self._links.return_path(self.address, delivery_id) if self._returns else self.address

    def write(self, subscriber: Subscriber, *, subscription_id: int, message_id: str) -> Message:
        """One reader's message. ``subscription_id`` 0 stands for a test copy, whose links change nothing.

        :raises HeaderError: when the reader's name or address can't stand in a header.
        """
        name, email, called = subscriber.name, subscriber.email, called_by(subscriber.name)
        unsubscribe = self._links.unsubscribe_token(subscription_id)
        preferences = self._links.preferences_token(subscription_id, self._last_day)
        values: dict[str, str | bytes] = {
            "greeting": f"Hello{called},",
            "called": called,
            "name": name,
            "email": email,
            "unsubscribe": unsubscribe.encode(),
            "preferences": preferences.encode(),
            **attribute_values(subscriber),
        }
        if self._counted_in is not None:
            values["reader"] = self._links.reader_token(self._counted_in, subscription_id).encode()
        return self._spliced.fill(ReaderHeaders(name, email, message_id, unsubscribe, preferences), values)


def write_letter(
    newsletter: Newsletter,
    links: Links,
    parts: Parts,
    subscriber: Subscriber,
    *,
    subscription_id: int,
    message_id: str,
    sending: str,
    date: datetime,
) -> bytes:
    """A message for one reader only, CRLF.

    :raises HeaderError: when the reader's name or address can't stand in a header.
    """
    letter = Letter(newsletter, links, parts, sending=sending, date=date)
    return letter.write(subscriber, subscription_id=subscription_id, message_id=message_id).whole


def counted(newsletter: Newsletter, links: Links, parts: Parts, digest_id: int) -> Parts:
    """The same as it goes out: with links that are counted, where the newsletter has that switched on."""
    if newsletter.engagement == "off":
        return parts
    pixel = links.opened(digest_id) if newsletter.engagement == "all" else None
    return tracked(parts, lambda link: links.followed(digest_id, link), pixel, by_reader=newsletter.personal)
