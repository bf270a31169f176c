"""An original → its markup before cleaning, for people to see what was taken from it. Called by the console."""

from __future__ import annotations

from html import escape

from syndicate.errors import ParseError
from syndicate.model import Original
from syndicate.pickup.markdown import split_front_matter, uncleaned


def markup_of(original: Original) -> str:
    """HTML that may hold anything: it is for comparing, and for a frame where nothing runs."""
    if original.kind == "html":
        return original.text
    if original.kind == "text":
        return f"<pre>{escape(original.text)}</pre>"
    try:
        return uncleaned(split_front_matter(original.text, "")[1])
    except ParseError:
        return uncleaned(original.text)
