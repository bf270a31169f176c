"""The addresses that stand in mails and pages, and the tokens that prove this site made them.

Called by the web's public pages, which verify what the mails brought them, and by whoever composes or sends mail.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from syndicate.errors import TokenError
from syndicate.model import Article

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

_TOKEN = re.compile(r"(0|[1-9][0-9]{0,18})-[0-9a-f]{32}")
_MAC_DIGITS = 32
_BLOCK = 64


class Signer:
    """Makes and checks link tokens: ``<subject>-<mac>``, HMAC-SHA256 cut to 128 bits (RFC 2104 §5), without expiry.

    A token ends in a letter or digit, so mail readers that turn plain text into links never lose its end.
    """

    def __init__(self, secret: str) -> None:
        key = secret.encode()
        block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(octet ^ 0x36 for octet in block))  # RFC 2104 §4: both blocks are hashed only once
        self._outer = sha256(bytes(octet ^ 0x5C for octet in block))
        self._purposes: dict[str, Hash] = {}

    def sign(self, purpose: str, subject: int) -> str:
        """The token that allows ``purpose`` (such as ``unsubscribe``) on ``subject``, an id that is not negative."""
        if subject < 0:
            raise ValueError(f"an id is not negative: {subject}")
        digits = str(subject)
        inner, outer = (self._purposes.get(purpose) or self._begun(purpose)).copy(), self._outer.copy()
        inner.update(digits.encode())
        outer.update(inner.digest())
        return f"{digits}-{outer.hexdigest()[:_MAC_DIGITS]}"

    def _begun(self, purpose: str) -> Hash:
        inner = self._purposes[purpose] = self._inner.copy()
        inner.update(f"link\0{purpose}\0".encode())
        return inner

    def verify(self, purpose: str, token: str) -> int:
        """The subject of a token that was signed for ``purpose``. Raises TokenError for any other text."""
        match = _TOKEN.fullmatch(token)
        if not match or not hmac.compare_digest(token, self.sign(purpose, int(match[1]))):
            raise TokenError(f"this link was not made here, or not to {purpose}; use the link as it stands in the mail")
        return int(match[1])


class Links:
    """Every public address of the site. A token that ``sign`` made goes behind those that end in a slash."""

    def __init__(self, site_url: str, signer: Signer) -> None:
        self._site = site_url.rstrip("/")
        self.sign = signer.sign
        self.unsubscribe_url, self.preferences_url = f"{self._site}/unsubscribe/", f"{self._site}/preferences/"

    def unsubscribe(self, subscription_id: int) -> str:
        """Where a reader stops one newsletter; also the one-click address (RFC 8058 §3.1)."""
        return self.unsubscribe_url + self.sign("unsubscribe", subscription_id)

    def preferences(self, subscription_id: int) -> str:
        """Where a reader changes how often, and about what."""
        return self.preferences_url + self.sign("preferences", subscription_id)

    def view(self, newsletter: str, digest_id: int) -> str:
        """A digest as a page."""
        return f"{self._site}/archive/{quote(newsletter, safe='')}/{digest_id}"

    def article(self, article: Article) -> str:
        """An article's own page where it has one, else the page that this site shows it on."""
        return article.url or f"{self._site}/articles/{quote(article.slug or str(article.id), safe='')}"

    def feed(self, newsletter: str, name: str) -> str:
        """A published feed; ``name`` is its file, such as ``rss.xml``."""
        return f"{self._site}/feeds/{quote(newsletter, safe='')}/{quote(name, safe='')}"
