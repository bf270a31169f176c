"""The addresses that stand in mails and pages, and the tokens that prove this site made them.

Called by the web's public pages, which verify what the mails brought them, and by whoever composes or sends mail.
"""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import quote

from syndicate.errors import ExpiredError, TokenError
from syndicate.model import Article

PREFERENCES_LAST = timedelta(days=90)
"""How long the link to the preferences in a mail can be used; every mail brings a new one."""

RETURNED = "bounce-"
NOTICE_RETURNED = "notice-"
"""What the extensions of return paths begin with; a token follows."""

_TOKEN = re.compile(r"(0|[1-9][0-9]{0,18})-[0-9a-f]{32}")
_SHORT = re.compile(r"([0-9a-z]{1,19})-([0-9a-f]{32})")
_EXPIRING = re.compile(r"(0|[1-9][0-9]{0,18})-([0-9]{1,6})-[0-9a-f]{32}")
_PAIR = re.compile(r"(0|[1-9][0-9]{0,18})\.(0|[1-9][0-9]{0,18})\.[0-9a-f]{32}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAC_OCTETS = 16
_LONGEST_LOCAL_PART = 64
"""Octets before the @ (RFC 5321 §4.5.3.1.1)."""


class Signer:
    """Makes and checks link tokens: ``<subject>-<mac>``, keyed BLAKE2b of 128 bits (RFC 7693 §2.9), for ever.

    Ones that expire are ``<subject>-<day>-<mac>``, with the last day on which they can be used, counted from 1970.
    A token ends in a letter or digit, so mail readers that turn plain text into links never lose its end.
    """

    def __init__(self, secret: str) -> None:
        # The key's block is hashed only once; a key may have 64 octets, a secret may be longer.
        self._keyed = blake2b(key=blake2b(secret.encode()).digest(), digest_size=_MAC_OCTETS)

    def sign(self, purpose: str, subject: int) -> str:
        """The token that allows ``purpose`` (such as ``unsubscribe``) on ``subject``, an id that is not negative."""
        if subject < 0:
            raise ValueError(f"an id is not negative: {subject}")
        mac = self._mac(f"link\0{purpose}\0{subject}")
        return f"{subject}-{mac}"

    def verify(self, purpose: str, token: str) -> int:
        """The subject of a token that was signed for ``purpose``. Raises TokenError for any other text."""
        match = _TOKEN.fullmatch(token)
        if not match or not hmac.compare_digest(token, self.sign(purpose, int(match[1]))):
            raise TokenError(f"this link was not made here, or not to {purpose}; use the link as it stands in the mail")
        return int(match[1])

    def sign_short(self, purpose: str, subject: int) -> str:
        """The same, with the id in 36 digits: large ones take a third less room."""
        return f"{_in_36(subject)}-{self.sign(purpose, subject).rpartition('-')[2]}"

    def verify_short(self, purpose: str, token: str) -> int:
        """The subject of a token from ``sign_short``, or from ``sign``. :raises TokenError: for any other text."""
        if match := _SHORT.fullmatch(token):
            for subject in (int(match[1], 36), int(match[1]) if match[1].isdecimal() else 0):
                if hmac.compare_digest(match[2], self.sign(purpose, subject).rpartition("-")[2]):
                    return subject
        raise TokenError(f"this was not made here, or not as a {purpose}")

    def sign_until(self, purpose: str, subject: int, until: datetime) -> str:
        """The same, of use until that instant's day is over (UTC)."""
        return self.sign_to(purpose, subject, (until - _EPOCH).days)

    def verify_until(self, purpose: str, token: str, now: datetime) -> int:
        """The subject of a token from ``sign_until``.

        :raises ExpiredError: when its time is over; it holds the subject.
        :raises TokenError: for any other text.
        """
        match = _EXPIRING.fullmatch(token)
        if not match or not hmac.compare_digest(token, self.sign_to(purpose, int(match[1]), int(match[2]))):
            raise TokenError(f"this link was not made here, or not to {purpose}; use the link as it stands in the mail")
        if int(match[2]) < (now - _EPOCH).days:
            raise ExpiredError("this link", int(match[1]))
        return int(match[1])

    def sign_to(self, purpose: str, subject: int, day: int) -> str:
        """The same, to that day's end, counted from 1970."""
        mac = self._mac(f"dated link\0{purpose}\0{subject}\0{day}")
        return f"{subject}-{day}-{mac}"

    def sign_pair(self, purpose: str, first: int, second: int) -> str:
        """The token for something that two ids name; dots are between them, as in a Message-ID."""
        mac = self._mac(f"pair\0{purpose}\0{first}\0{second}")
        return f"{first}.{second}.{mac}"

    def verify_pair(self, purpose: str, token: str) -> tuple[int, int]:
        """Both ids. :raises TokenError: for a text that ``sign_pair`` did not make for ``purpose``."""
        match = _PAIR.fullmatch(token)
        if not match or not hmac.compare_digest(token, self.sign_pair(purpose, int(match[1]), int(match[2]))):
            raise TokenError(f"this was not made here, or not as a {purpose}")
        return int(match[1]), int(match[2])

    def _mac(self, text: str) -> str:
        mac = self._keyed.copy()
        mac.update(text.encode())
        return mac.hexdigest()


def _in_36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def extended(address: str, extension: str) -> str | None:
    """``user+extension@host``, where mail to ``user@host`` comes too; None when a local part can't be that long."""
    local, _, domain = address.rpartition("@")
    longer = f"{local}+{extension}"
    return f"{longer}@{domain}" if len(longer.encode()) <= _LONGEST_LOCAL_PART else None


def reader_of(digest_id: int) -> str:
    """What a reader's token in counted links is signed for."""
    return f"be a reader of {digest_id}"


class Links:
    """Every public address of the site. A reader's token goes behind those that end in a slash."""

    def __init__(self, site_url: str, signer: Signer) -> None:
        self._site, self._signer = site_url.rstrip("/"), signer
        self.unsubscribe_url, self.preferences_url = f"{self._site}/unsubscribe/", f"{self._site}/preferences/"

    def unsubscribe(self, subscription_id: int) -> str:
        """Where a reader stops one newsletter; also the one-click address (RFC 8058 §3.1)."""
        return self.unsubscribe_url + self.unsubscribe_token(subscription_id)

    def unsubscribe_token(self, subscription_id: int) -> str:
        """What that address ends in."""
        return self._signer.sign("unsubscribe", subscription_id)

    def preferences(self, subscription_id: int, now: datetime) -> str:
        """Where a reader changes what they chose, moves, or is erased; for ``PREFERENCES_LAST`` from ``now``."""
        return self.preferences_url + self.preferences_token(subscription_id, self.last_day(now))

    def last_day(self, now: datetime) -> int:
        """The day on which a link to the preferences that is made now can be used last, counted from 1970."""
        return (now + PREFERENCES_LAST - _EPOCH).days

    def preferences_token(self, subscription_id: int, last_day: int) -> str:
        """What that address ends in."""
        return self._signer.sign_to("preferences", subscription_id, last_day)

    def return_path(self, address: str, delivery_id: int) -> str:
        """Where reports about one delivery come to; the sender's own address where that can't be longer."""
        return extended(address, f"{RETURNED}{self._signer.sign_short('return', delivery_id)}") or address

    def return_path_of_notice(self, address: str, notice_id: int) -> str:
        """The same for a notice."""
        return extended(address, f"{NOTICE_RETURNED}{self._signer.sign('notice', notice_id)}") or address

    def message_id(self, digest_id: int, subscription_id: int, domain: str) -> str:
        """A delivery's Message-ID: the same at every attempt, so that a repeat is one mail to who removes duplicates
        (RFC 5322 §3.6.4). Nobody else can make one, so what comes back with it is about our mail.
        """
        return f"<{self._signer.sign_pair('message', digest_id, subscription_id)}@{domain}>"

    def followed(self, digest_id: int, link: int) -> str:
        """Where a link of a digest leads by way of this site, which counts it."""
        return f"{self._site}/go/{self._signer.sign_pair('follow', digest_id, link)}"

    def opened(self, digest_id: int) -> str:
        """The picture that tells that a mail of a digest is shown."""
        return f"{self._site}/seen/{self._signer.sign('see', digest_id)}.gif"

    def reader_token(self, digest_id: int, subscription_id: int) -> str:
        """What either of them ends in where readers are counted by person: of use in that digest alone."""
        return self._signer.sign(reader_of(digest_id), subscription_id)

    def confirm(self, token: str) -> str:
        """Where the owner of a mailbox confirms what was asked for in their name."""
        return f"{self._site}/confirm/{token}"

    def newsletter(self, slug: str) -> str:
        """A newsletter's own page."""
        return f"{self._site}/{quote(slug, safe='')}"

    def subscribing(self) -> str:
        """Where one subscribes, to any of the newsletters."""
        return f"{self._site}/subscribe"

    def view(self, newsletter: str, digest_id: int) -> str:
        """A digest as a page."""
        return f"{self._site}/archive/{quote(newsletter, safe='')}/{digest_id}"

    def archives(self) -> str:
        """All digests of all newsletters."""
        return f"{self._site}/archive/"

    def archive(self, newsletter: str, month: str = "") -> str:
        """A newsletter's digests: the newest, or those of a month such as ``2026-11``."""
        return f"{self._site}/archive/{quote(newsletter, safe='')}/{month}"

    def search(self) -> str:
        """Where one looks for articles."""
        return f"{self._site}/search"

    def picture(self, kind: str, name: str, print_of_it: str) -> str:
        """A picture that stands for a page where links to it are shown, as ``print_of_it`` says it looks."""
        return f"{self._site}/pictures/{kind}/{quote(name, safe='')}/{print_of_it}.png"

    def article(self, article: Article) -> str:
        """An article's own page where it has one, else the page that this site shows it on."""
        return article.url or self.article_page(article.slug or str(article.id))

    def article_page(self, slug: str) -> str:
        """The page that this site shows an article on."""
        return f"{self._site}/articles/{quote(slug, safe='')}"

    def feed(self, newsletter: str, name: str) -> str:
        """A published feed; ``name`` is its file, such as ``rss.xml``."""
        return f"{self._site}/feeds/{quote(newsletter, safe='')}/{quote(name, safe='')}"

    def feeds(self, folder: str) -> str:
        """A folder of published feeds, such as ``daily/tags/harbour``, with a slash at its end."""
        return f"{self._site}/feeds/{quote(folder)}/"
