"""How a digest that is not sent yet looks, to whom, and a test copy of it. Called by the form of its draft."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from syndicate.app import App
from syndicate.delivery.dkim import body_digest
from syndicate.delivery.letter import write_letter
from syndicate.delivery.outcome import Broken
from syndicate.delivery.send import send_copy
from syndicate.digest.proofs import ANYBODY, Place, Proof, Proofs
from syndicate.errors import RelayError, SyndicateError
from syndicate.model import Draft, Parts, Subscriber
from syndicate.preflight.message import mail as preflight
from syndicate.preflight.preflight import Mails
from syndicate.render.holes import fill, reader_values
from syndicate.store.subscribers import topics_of
from syndicate.web.console.digests.checking import Checked, checked
from syndicate.web.console.digests.shelf import Mail, Shelf

MOST_SETS = 50
"""Readers with other articles that can be looked at."""


class Readers(NamedTuple):
    """Readers who get the same: how many, which articles, and what they chose."""

    number: int
    articles: tuple[int, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail that can be looked at under ``key``; ``wrong`` says why there is none, ``note`` what is special in it.

    ``checked`` is what may be wrong with it.
    """

    key: str = ""
    subject: str = ""
    who: str = ""
    note: str = ""
    wrong: str = ""
    checked: Checked | None = None


class Previews:
    """Makes them."""

    def __init__(self, app: App, proofs: Proofs) -> None:
        self._app, self._proofs, self.shelf = app, proofs, Shelf()

    def of(self, place: Place, draft: Draft, proof: Proof, at: int, user: str, now: datetime) -> Preview:
        """For the readers at that place of ``readers_of``; as for anybody when there are none."""
        found = readers_of(proof)
        chosen = found[min(at, len(found) - 1)].articles if found else tuple(one.id for one in proof.shown)
        who = f"{ANYBODY.name}, {found[min(at, len(found) - 1)].told}" if found else ANYBODY.name
        note = "" if chosen else "Nothing is new yet; this is how it looks with the newest articles."
        return self._made(place, draft, chosen, ANYBODY, user, now, who=who, note=note)

    def for_reader(self, place: Place, draft: Draft, email: str, user: str, now: datetime) -> Preview:
        """For a reader, by a normalised address."""
        try:
            reader, chosen = self._proofs.for_reader(place, draft, email)
        except SyndicateError as error:
            return Preview(wrong=str(error))
        note = "" if chosen else "This reader would get nothing; this is how it looks with the newest articles."
        return self._made(place, draft, chosen, reader, user, now, who=reader.email, note=note)

    def send(self, place: Place, draft: Draft, chosen: tuple[int, ...], email: str, now: datetime) -> str:
        """Sends a test copy to a normalised address; says what the server said.

        :raises SyndicateError: when it can't be made, or the relay does not take it.
        """
        parts = self._proofs.parts(place, draft, chosen, now)
        app, newsletter = self._app, place.newsletter
        answer = asyncio.run(send_copy(app.settings, app.links, app.jobs.signer, newsletter, parts, email, now=now))
        if isinstance(answer, Broken) or answer.code >= 400:
            raise RelayError(str(app.settings.smtp.relay), "did not take the test copy", str(answer))
        return str(answer)

    def _made(
        self,
        place: Place,
        draft: Draft,
        chosen: tuple[int, ...],
        reader: Subscriber,
        user: str,
        now: datetime,
        *,
        who: str,
        note: str,
    ) -> Preview:
        try:
            parts = self._proofs.parts(place, draft, chosen, now)
            mail = self._mail(place, parts, reader, now)
        except SyndicateError as error:
            return Preview(wrong=str(error))
        looked_at = self._app.preflight.at_once([("the mail", self._looked_at(place, parts, now))])
        return Preview(self.shelf.put(user, mail), mail.subject, who, note, checked=checked(looked_at))

    def to_check(self, place: Place, draft: Draft, chosen: tuple[int, ...], now: datetime) -> Mails:
        """The mail of those articles, to be looked at. :raises SyndicateError: when it can't be made."""
        return [("the mail", self._looked_at(place, self._proofs.parts(place, draft, chosen, now), now))]

    def _looked_at(self, place: Place, parts: Parts, now: datetime) -> preflight.Mail:
        digest_id = place.digest.id if place.digest else 0
        return self._app.preflight.mail(place.newsletter, parts, digest_id, now)

    def _mail(self, place: Place, parts: Parts, reader: Subscriber, now: datetime) -> Mail:
        links, newsletter = self._app.links, place.newsletter
        values = reader_values(reader, unsubscribe_url=links.unsubscribe(0), preferences_url=links.preferences(0, now))
        source = write_letter(
            newsletter,
            links,
            parts,
            reader,
            subscription_id=0,
            message_id=f"<preview@{newsletter.domain}>",
            sending="preview",
            date=now,
        )
        header, _, body = source.partition(b"\r\n\r\n")
        signature = self._app.jobs.signer.sign(header, body_digest(body), newsletter.domain, now)
        html, text = self._app.digests.filled(parts, reader, now)
        mine = parts.for_name(reader.name)
        subject = " ".join(fill(mine.subject, mine.nonce, values, escape=False).split())
        return Mail(subject, html, text, (signature + source).decode("utf-8", "replace"))


def readers_of(proof: Proof) -> list[Readers]:
    """Who gets what, most readers first."""
    found = []
    for chosen, groups in proof.sets[:MOST_SETS]:
        topics = sorted({", ".join(topics_of(group.topics)) or "all topics" for group in groups})
        told = "; ".join(topics[:4]) + (" …" if len(topics) > 4 else "")
        found.append(Readers(sum(group.readers for group in groups), chosen, told))
    return found
