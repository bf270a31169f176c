"""Links of a digest that lead by this site, so that they can be counted. Pure.

A link is known by a print of its address. So every mail of a digest has the same ones, which do not say whose they are,
and where one leads is found in the digest itself: no address can be made here that leads anywhere else.
Only where a newsletter wants it, a hole for the reader follows.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b

from syndicate.model import Parts
from syndicate.render.holes import hole

_ANCHOR = re.compile(r"""(<a\s(?:[^">]|"[^"]*")*?(?<=\s)href=")([^"]*)(")""", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_OCTETS = 7
"""Of a print, so that it is a whole number of at most 17 digits."""


def print_of(url: str) -> int:
    """What a link is known by."""
    return int.from_bytes(blake2b(url.encode(), digest_size=_OCTETS).digest(), "big")


def links_in(parts: Parts) -> dict[int, str]:
    """Print → address of every link to the web, but for those that differ from reader to reader."""
    found = {}
    for one in (parts, parts.unnamed):
        if one:
            urls = [url for match in _ANCHOR.finditer(one.html) if (url := _url_of(match[2], one.nonce))]
            found.update({print_of(url): url for url in urls})
    return found


def tracked(parts: Parts, click: Callable[[int], str], pixel: str | None, *, by_reader: bool = False) -> Parts:
    """The same, whose links to the web are what ``click`` makes of their print; with a picture that tells of opening.

    The text stays as it is, for people read its addresses. With ``by_reader`` each address ends in a hole for them.
    """
    end = f"/{hole(parts.nonce, 'reader')}" if by_reader else ""

    def led(match: re.Match[str]) -> str:
        url = _url_of(match[2], parts.nonce)
        return f"{match[1]}{html.escape(click(print_of(url)) + end)}{match[3]}" if url else match[0]

    markup = _ANCHOR.sub(led, parts.html)
    if pixel:
        seen = f'<img src="{html.escape(pixel + end)}" alt="" width="1" height="1">'
        markup = _END.sub(lambda body: seen + body[0], markup, count=1)
    unnamed = tracked(parts.unnamed, click, pixel, by_reader=by_reader) if parts.unnamed else None
    return replace(parts, html=markup, unnamed=unnamed)


def _url_of(value: str, nonce: str) -> str:
    return html.unescape(value) if _WEB.match(value) and nonce not in value else ""
