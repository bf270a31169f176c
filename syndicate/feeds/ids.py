"""What readers' programs know things by: URIs that stay the same when the site moves to another domain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from syndicate.model import Digest

_ABSOLUTE = re.compile(r"""(?:https?://|tag:|urn:)[^\s<>"{}|\\^`\x00-\x20\x7f]+""")


@dataclass(frozen=True, slots=True)
class Ids:
    """Makes tag URIs (RFC 4151) under one ``authority``: the host that the site had when it first published.

    The year in them is the first in which a site can have run this program; it only has to be one that never moves.
    """

    authority: str

    def article(self, guid: str, slug: str) -> str:
        """The id that it came with, where that is a URI (RFC 4287 §4.2.6), else one made of its slug.

        An id of ours that it came with is not believed. Neither an edit nor another file name changes it, and a
        database that was built anew gives it again.
        """
        is_theirs = _ABSOLUTE.fullmatch(guid) and not guid.startswith(self._tag("", ""))
        return guid if is_theirs else self._tag("articles", slug)

    def shadowed(self, slug: str) -> str:
        """For an article that came with an id that one of another source had before: nobody may replace that."""
        return self._tag("articles", slug)

    def digest(self, digest: Digest) -> str:
        """One for each slot."""
        return self._tag("digests", f"{digest.newsletter}/{digest.cadence}/{digest.slot}")

    def feed(self, name: str) -> str:
        """A feed, whatever its format; ``name`` is its folder."""
        return self._tag("feeds", name)

    def _tag(self, kind: str, name: str) -> str:
        return f"tag:{self.authority},2026:{kind}" + (f"/{quote(name, errors='replace')}" if name else "")


def authority_of(site_url: str) -> str:
    """The host of an address, as a tag URI can hold it."""
    return quote(urlsplit(site_url).hostname or "", safe=".-")
