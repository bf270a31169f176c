"""Where to go after signing in: only to pages of this console, wherever the address came from. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

HOME = "/console"
_OWN = re.compile(r"/console(?:[/?][!-\[\]-~]*)?")


def onward(wanted: str) -> str:
    """The path that was asked for when it is one of the console, else its first page."""
    return wanted if _OWN.fullmatch(wanted) else HOME


def page_of(referer: str, base: str) -> str:
    """The page of the console that a form was sent from, as its browser says; ``base`` is the site's own path."""
    try:
        sent_from = urlsplit(referer)
    except ValueError:
        return HOME
    path = sent_from.path.removeprefix(base)
    return onward(f"{path}?{sent_from.query}" if sent_from.query else path)
