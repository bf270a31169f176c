"""HTML → what is in it, as a mail program without a style sheet would see it: links, images, text. Pure, never raises.

Styles are those of ``style`` attributes, for sheets are written into these before; ``darkened`` writes the rules that a
mail has for the dark into them, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import css_inline
import lxml.html
from lxml.etree import LxmlError

from syndicate.preflight.message.colours import BLACK, WHITE, Colour, colour
from syndicate.render.text import printable

_DECLARATION = re.compile(r"""([\w-]+)\s*:\s*((?:[^;"'(]|"[^"]*"|'[^']*'|\([^)]*\))+)""")
_LONGEST_STYLE = 4_000
_SHEETS = re.compile(r"<style\b[^>]*>(.*?)</style>", re.IGNORECASE | re.DOTALL)
_DARK = re.compile(r"@media[^{}]{0,200}prefers-color-scheme:\s*dark[^{}]{0,100}\{")
_LENGTH = re.compile(r"(-?[0-9]{0,6}(?:\.[0-9]{0,6})?)(px|pt|em|rem|%)?")
_IN_PX = {"px": 1.0, "": 1.0, "pt": 4 / 3, "rem": 16.0}
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)
_UNSEEN = frozenset({"head", "title", "style", "script", "template", "noscript"})
_QUOTED = frozenset({"code", "pre", "kbd", "samp"})
_BOLD = frozenset({"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True, slots=True)
class Link:
    """``words`` are what a reader sees, of images in it too; ``address`` is where it leads, as it is written."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Image:
    """``alt`` is None when there is no such attribute; an empty one says that it is mere decoration."""

    source: str
    alt: str | None
    is_sized: bool


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks. ``size`` is in CSS pixels. ``is_quoted``: it is code, and may look like anything."""

    text: Colour = BLACK
    ground: Colour = WHITE
    size: float = 16.0
    is_bold: bool = False
    is_hidden: bool = False
    is_quoted: bool = False

    @property
    def is_large(self) -> bool:
        """Whether it needs less contrast (WCAG 2.2, *large scale*)."""
        return self.size >= 24 or (self.is_bold and self.size >= 18.66)


@dataclass(frozen=True, slots=True)
class Run:
    """Words between two tags."""

    words: str
    look: Look


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration of a ``style`` attribute, in lower case."""

    element: str
    name: str
    value: str
    is_sized: bool


@dataclass(slots=True)
class Page:
    """All that is in a mail, in its order."""

    links: list[Link] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    declared: list[Declared] = field(default_factory=list)
    elements: set[str] = field(default_factory=set)

    @property
    def seen(self) -> str:
        """The words that a reader sees."""
        return " ".join(run.words for run in self.runs if not run.look.is_hidden)


def page(html: str) -> Page:
    """What is in it."""
    found = Page()
    try:
        tree = lxml.html.document_fromstring(printable(html) or " ")
    except (LxmlError, ValueError):
        return found
    looks: dict[lxml.html.HtmlElement, Look] = {}
    for element in tree.iter():
        if not isinstance(element.tag, str):
            _add_words(found, element.tail, looks.get(element.getparent()))
            continue
        tag = element.tag.lower()
        found.elements.add(tag)
        parent = looks.get(element.getparent(), Look())
        is_sized = bool(element.get("width") or element.get("height"))
        style = styles_of(element.get("style", ""))
        found.declared += [Declared(tag, name, value, is_sized) for name, value in style.items()]
        looks[element] = look = _look(tag, element.get("bgcolor"), style, parent)
        if tag == "a" and element.get("href") is not None:
            found.links.append(Link(_words_of(element), element.get("href", "").strip()))
        elif tag == "img":
            found.images.append(Image(element.get("src", "").strip(), element.get("alt"), is_sized))
        if tag not in _UNSEEN:
            _add_words(found, element.text, look)
        _add_words(found, element.tail, looks.get(element.getparent()))
    return found


def styles_of(attribute: str) -> dict[str, str]:
    """A ``style`` attribute: property → value, in lower case; of two, the last one."""
    pairs = _DECLARATION.findall(attribute[:_LONGEST_STYLE])
    return {name.lower(): value.lower().replace("!important", "").strip() for name, value in pairs}


def sheets_of(html: str) -> str:
    """What is left in ``<style>`` elements."""
    return "\n".join(_SHEETS.findall(html))


def darkened(html: str) -> str:
    """``html`` in its own dark colours; empty when it has none."""
    rules = "\n".join(_dark_rules(sheets_of(html)))
    if not rules.strip():
        return ""
    try:
        return _INLINER.inline(_SHEETS.sub("", html).replace("</head>", f"<style>{rules}</style></head>", 1))
    except (css_inline.InlineError, ValueError):
        return ""


def _dark_rules(sheet: str) -> list[str]:
    """What stands between the braces of each block for the dark."""
    found = []
    for opening in _DARK.finditer(sheet):
        depth = 1
        for brace in re.finditer(r"[{}]", sheet[opening.end() :]):
            depth += 1 if brace[0] == "{" else -1
            if not depth:
                found.append(sheet[opening.end() : opening.end() + brace.start()])
                break
    return found


def _look(tag: str, bgcolor: str | None, style: dict[str, str], parent: Look) -> Look:
    ground = parent.ground
    for value in (bgcolor, style.get("background"), style.get("background-color")):
        ground = next((one for part in (value or "").split() if (one := colour(part, ground))), ground)
    size = _size(style.get("font-size", ""), parent.size)
    weight = style.get("font-weight", "")
    return Look(
        text=colour(style.get("color", ""), ground) or parent.text,
        ground=ground,
        size=size,
        is_bold=weight in ("bold", "bolder", "600", "700", "800", "900")
        or (not weight and (parent.is_bold or tag in _BOLD)),
        is_hidden=parent.is_hidden
        or style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or style.get("opacity") in ("0", "0.0")
        or size <= 1,
        is_quoted=parent.is_quoted or tag in _QUOTED,
    )


def _size(value: str, inherited: float) -> float:
    length = _LENGTH.fullmatch(value)
    if not length or length[1] in ("", ".", "-", "-."):
        return inherited
    unit = length[2] or ""
    if unit in ("em", "%"):
        return inherited * float(length[1]) / (1 if unit == "em" else 100)
    return float(length[1]) * _IN_PX[unit]


def _add_words(found: Page, text: str | None, look: Look | None) -> None:
    words = " ".join((text or "").split())
    if words:
        found.runs.append(Run(words, look or Look()))


def _words_of(link: lxml.html.HtmlElement) -> str:
    words = [*link.itertext(), *(image.get("alt", "") for image in link.iter("img"))]
    return " ".join(" ".join(words).split())
