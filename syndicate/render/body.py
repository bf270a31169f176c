"""An article's cleaned HTML, made to stand inside a mail. Called by ``digest``."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

COLUMN = 560
"""Width of a mail's text column in CSS pixels; Outlook on Windows knows an image's width only by its attribute."""

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_HIGHEST = 3
_HEADING = re.compile(r"(<h[3-6][^>]*>)(.*?)(</h[3-6]>)", re.DOTALL)
_VOID = frozenset({"br", "hr", "img", "wbr", "col", "area", "input", "source", "track", "embed"})
_DROPPED_ATTRIBUTES = frozenset({"width", "height", "srcset", "sizes", "loading", "decoding", "fetchpriority"})


def adapt(fragment: str) -> str:
    """``fragment`` with its headings from ``h3`` on, images at most ``COLUMN`` wide, and tables framed to scroll.

    Expects the cleaner's output; what is malformed stays as malformed as it is.
    """
    highest = min(map(int, re.findall("<h([1-6])", fragment, re.IGNORECASE)), default=_HIGHEST)
    adapter = _Adapter(_HIGHEST - highest)
    adapter.feed(fragment)
    adapter.close()
    return "".join(adapter.out)


def underline_headings(fragment: str) -> str:
    """``fragment``, which ``adapt`` made, with a line of hyphens under each heading: for the text part."""
    return _HEADING.sub(_underlined, fragment)


def _underlined(match: re.Match[str]) -> str:
    words = " ".join(html.unescape(re.sub("<[^>]*>", "", match[2])).split())
    return f"{match[1]}{match[2]}<br>{'-' * min(len(words), 72)}{match[3]}"


class _Adapter(HTMLParser):
    def __init__(self, demotion: int) -> None:
        super().__init__(convert_charrefs=True)
        self._demotion = demotion
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            attrs = _image(attrs)
        if tag == "table":
            self.out.append('<div class="scroll">')
        written = "".join(f' {name}="{html.escape(value or "")}"' for name, value in attrs)
        self.out.append(f"<{self._placed(tag)}{written}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        self.out.append(f"</{self._placed(tag)}>")
        if tag == "table":
            self.out.append("</div>")

    def handle_data(self, data: str) -> None:
        self.out.append(html.escape(data, quote=False))

    def _placed(self, tag: str) -> str:
        return f"h{min(6, int(tag[1]) + self._demotion)}" if tag in _HEADINGS else tag


def _image(attrs: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Height is left to the client, for it must follow the width that the client gives the image."""
    found = dict(attrs)
    declared = (found.get("width") or "").strip().removesuffix("px")
    width = min(int(declared), COLUMN) if declared.isascii() and declared.isdigit() and int(declared) else COLUMN
    kept = [(name, value) for name, value in attrs if name not in _DROPPED_ATTRIBUTES and name != "alt"]
    return [*kept, ("alt", found.get("alt") or ""), ("width", str(width))]
