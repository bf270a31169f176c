"""HTML → text that is pleasant to read; pick-up makes an article's text with it, and mails their text part."""

from __future__ import annotations

import re

import lxml.html
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.html_properties import Display, WhiteSpace
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement
from lxml.etree import ParserError

_PARAGRAPH = HtmlElement(display=Display.block, margin_before=1, margin_after=1)
_LAYOUT = ParserConfig(
    css=CSS_PROFILES["strict"]
    | {
        "table": _PARAGRAPH,
        "pre": HtmlElement(display=Display.block, margin_before=1, margin_after=1, whitespace=WhiteSpace.pre),
        "blockquote": HtmlElement(display=Display.block, margin_before=1, margin_after=1, padding_inline=4),
        "section": HtmlElement(display=Display.block),
        "dt": HtmlElement(display=Display.block, margin_before=1),
        "dd": HtmlElement(display=Display.block, padding_inline=4),
        "q": HtmlElement(prefix="“", suffix="”"),
    }
)

# Characters that XML 1.0 §2.2 does not allow, those it advises against, and lone surrogates.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def html_to_text(html: str) -> str:
    """``html`` as text: lists keep their marks, quotations are indented, a link is followed by ``<its address>``.

    Between two blocks stands one blank line at most; no line ends in white space; neither does the whole.
    """
    try:
        tree = lxml.html.document_fromstring(f"<body>{printable(html)}</body>")
    except (ParserError, ValueError):
        return ""
    for link in tree.iter("a"):
        _spell_out(link)
    for ordered in tree.iter("ol"):
        _number_from_start(ordered)
    _space_lists(tree)
    lines = (line.rstrip() for line in Inscriptis(tree, _LAYOUT).get_text().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def printable(text: str) -> str:
    """``text`` without control characters, NUL, and code points that XML can't carry; line ends become ``\\n``."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _spell_out(link: lxml.html.HtmlElement) -> None:
    """Put the address behind a link's words (in the brackets of RFC 3986 appendix C), unless they are the address."""
    address = link.get("href", "")
    words = " ".join(link.text_content().split())
    if not words:
        words = next((image.get("alt", "") for image in link.iter("img")), "")
        link.text = words
    shown = address.removeprefix("mailto:")
    if not words or not re.match(r"https?://|mailto:", address):
        return
    if re.sub(r"^https?://|/$", "", words) != re.sub(r"^https?://|/$", "", shown):
        link.tail = f" <{shown}>{link.tail or ''}"


def _number_from_start(ordered: lxml.html.HtmlElement) -> None:
    first = next((child for child in ordered if child.tag == "li"), None)
    if first is not None and ordered.get("start"):
        first.set("value", ordered.get("start"))


def _space_lists(tree: lxml.html.HtmlElement) -> None:
    """Put a list that is not inside another one between blank lines, as a paragraph is."""
    for found in list(tree.iter("ul", "ol")):
        if next(found.iterancestors("li"), None) is None:
            space = lxml.html.Element("figure")
            found.addprevious(space)
            space.tail, found.tail = found.tail, None
            space.append(found)
