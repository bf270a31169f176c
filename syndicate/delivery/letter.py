"""A delivery → the message that its reader gets. Called by ``send`` and by ``preview``."""

from __future__ import annotations

from datetime import datetime

from syndicate.model import Digest, Parts, Subscriber
from syndicate.render.holes import reader_values
from syndicate.render.links import Links
from syndicate.render.message import Headers, build_message
from syndicate.settings import Newsletter


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
    """One reader's message, CRLF. ``subscription_id`` 0 stands for a test copy, whose links change nothing.

    :raises HeaderError: when the reader's name or address can't stand in a header.
    """
    unsubscribe_url = links.unsubscribe(subscription_id)
    token = unsubscribe_url.rpartition("/")[2]
    return build_message(
        Headers(
            sender=newsletter.sender,
            reply_to=newsletter.reply_to or "",
            to_name=subscriber.name,
            to_email=subscriber.email,
            date=date,
            message_id=message_id,
            list_id=f"{newsletter.slug}.{newsletter.domain}",
            unsubscribe_url=unsubscribe_url,
            unsubscribe_mailto=f"mailto:{newsletter.address}?subject=unsubscribe%20{token}",
            help_url=links.preferences(subscription_id),
            feedback_id=f"{sending}:{newsletter.slug}:syndicate:{newsletter.domain}",
        ),
        parts,
        reader_values(subscriber, unsubscribe_url=unsubscribe_url, preferences_url=links.preferences(subscription_id)),
    )


def message_id(digest: Digest, subscription_id: int, domain: str) -> str:
    """The same at every attempt, so that a repeat is one mail to whoever removes duplicates (RFC 5322 §3.6.4)."""
    return f"<{digest.id}.{subscription_id}.{int(digest.composed_at.timestamp())}@{domain}>"
