"""Foreign HTML → HTML that is safe to publish and to mail; every parser of pick-up ends here."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape, unescape
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import lxml.html
import nh3
from lxml.etree import ParserError

from syndicate.render.text import printable

_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "section", "br", "hr", "ul", "ol", "li", "dl", "dt", "dd"),
    *("a", "img", "figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("blockquote", "q", "cite", "pre", "code", "kbd", "samp", "var", "em", "strong", "b", "i", "u", "s", "del"),
    *("ins", "mark", "small", "sub", "sup", "abbr", "time"),
}
_DROPPED_WITH_CONTENT = {
    *("script", "style", "noscript", "iframe", "object", "applet", "svg", "math", "template"),
    *("textarea", "select", "option", "button", "title"),
}
_CHECKED_LATER = {"style", "data-src"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"} | _CHECKED_LATER,
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_SANITISER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_DROPPED_WITH_CONTENT,
    attributes=_ATTRIBUTES,
    link_rel=None,
    url_schemes={"http", "https", "mailto", "data"},
)
# nh3 writes canonical markup: every "<" begins a tag, every value is in double quotes.
_TAG = re.compile(r'<(/?)(a|img)((?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')

_NOT_IN_HOST = re.compile(r"[\s\"<>\\^`{|}]")

_BEACON_HOSTS = (
    "pixel.wp.com",
    "stats.wordpress.com",
    "feeds.wordpress.com",
    "feedsportal.com",
    "google-analytics.com",
    "doubleclick.net",
    "quantserve.com",
    "scorecardresearch.com",
    "chartbeat.net",
    "buysellads.com",
    "pixel.mathtag.com",
)
_BEACON_PATH = re.compile(
    r"^/~r/|/track/open|/wf/open|/(?:pixel|beacon|blank|spacer|tracker|1x1|open)\.(?:gif|png|php)$|^/_/stat$"
    r"|republication-tracker|/matomo\.php$|/piwik\.php$",
    re.IGNORECASE,
)
_BEACON_STYLE = re.compile(
    r"display:none|visibility:hidden|(?:^|;)(?:max-)?(?:width|height):[01](?:px)?(?:;|!|$)", re.IGNORECASE
)
_ELLIPSIS = "…"


def clean(html: str, base_url: str | None) -> str:
    """Keep what an article is made of, and nothing that runs, watches the reader, or leads nowhere.

    Links and image sources become absolute against ``base_url``. What can't be made ``http(s)`` (or ``mailto``, for
    links) goes: the link is unwrapped, the image left out. Never raises, whatever ``html`` holds.
    """
    safe = printable(_SANITISER.clean(printable(html)))
    return _TAG.sub(_Rewriter(base_url), safe).strip()


def one_line(text: str) -> str:
    """``text`` on one line, runs of white space made one space: what a title or a name must be."""
    return " ".join(printable(text).split())


def plain(html: str) -> str:
    """The text of a little HTML (a title, a summary) on one line, entities resolved."""
    return one_line(unescape(nh3.clean(printable(html), tags=set(), clean_content_tags={"script", "style"})))


def summarise(text: str, limit: int = 280) -> str:
    """``text`` on one line, cut at a word so that it and its ellipsis have at most ``limit`` characters."""
    text = one_line(text)
    if len(text) <= limit:
        return text
    return cut_at_word(text, limit - len(_ELLIPSIS)) + _ELLIPSIS


def cut_at_word(text: str, limit: int) -> str:
    """The longest beginning of ``text`` that ends with a word and has at most ``limit`` characters."""
    if len(text) > limit:
        head = text[: limit + 1].rpartition(" ")[0]
        text = head or text[:limit]
    return text.rstrip(" ,;:–—-")


def first_paragraph(html: str) -> str:
    """The text of the first ``<p>`` that has any, on one line; "" when there is none."""
    try:
        tree = lxml.html.fragment_fromstring(html, create_parent="div")
    except (ParserError, ValueError):
        return ""
    texts = (one_line(p.text_content()) for p in tree.iter("p"))
    return next((text for text in texts if text), "")


def absolute_url(url: str | None, base_url: str | None, schemes: Collection[str] = ("http", "https")) -> str | None:
    """``url`` resolved against ``base_url``, or None when it still has no scheme of ``schemes`` or no host."""
    relative = one_line(url or "")
    if not relative:
        return None
    try:
        found = urljoin(base_url or "", relative)
        parts = urlsplit(found)
        named = parts.hostname if parts.scheme in ("http", "https") else parts.path
    except ValueError:
        return None
    if parts.scheme not in schemes or not named or _NOT_IN_HOST.search(parts.netloc):
        return None
    return urlunsplit(parts[:2] + tuple(quote(part, safe="!$%&'()*+,/:;=?@[]~") for part in parts[2:]))


class _Rewriter:
    """Rewrites ``<a>`` and ``<img>`` tags of one document, in order; remembers which open link was unwrapped."""

    def __init__(self, base_url: str | None) -> None:
        self._base_url = base_url
        self._open: list[bool] = []

    def __call__(self, tag: re.Match[str]) -> str:
        closing, name, attributes = tag.groups()
        if closing:
            return "</a>" if self._open and self._open.pop() else ""
        values = {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
        return self._link(values) if name == "a" else self._image(values)

    def _link(self, values: dict[str, str]) -> str:
        href = absolute_url(values.get("href"), self._base_url, ("http", "https", "mailto"))
        self._open.append(href is not None)
        return _tag("a", values | {"href": href}) if href else ""

    def _image(self, values: dict[str, str]) -> str:
        # Lazy loaders keep the picture in data-src and a placeholder in src.
        sources = (absolute_url(values.get(name), self._base_url) for name in ("data-src", "src"))
        src = next((source for source in sources if source), None)
        if not src or is_beacon(src, values):
            return ""
        kept = {key: value for key, value in values.items() if key not in _CHECKED_LATER}
        return _tag("img", kept | {"src": src})


def is_beacon(src: str, attributes: dict[str, str]) -> bool:
    """Whether an image is there to tell that it was loaded, and not to be seen."""
    if any(re.fullmatch(r"\s*[01](?:px)?\s*", attributes.get(side, "")) for side in ("width", "height")):
        return True
    if _BEACON_STYLE.search(re.sub(r"\s", "", attributes.get("style", ""))):
        return True
    parts = urlsplit(src)
    host = parts.hostname or ""
    if any(host == known or host.endswith(f".{known}") for known in _BEACON_HOSTS):
        return True
    facebook = host.endswith("facebook.com") and parts.path.rstrip("/") == "/tr"
    return facebook or _BEACON_PATH.search(parts.path) is not None


def _tag(name: str, values: dict[str, str]) -> str:
    return f"<{name}" + "".join(f' {key}="{escape(value)}"' for key, value in values.items()) + ">"
