"""What differs between readers: left open while a variant is rendered, filled for each reader.

A hole is ``{nonce}_{name}_``. The nonce is random for each variant, so no article can bring a hole of its own.
Called by ``digest`` (which leaves holes), ``splice`` and ``message`` (which fill them).
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn, TypeVar, cast

from jinja2 import TemplateRuntimeError
from markupsafe import Markup, escape

from syndicate.errors import TemplateError
from syndicate.model import Subscriber
from syndicate.render.languages import ENGLISH, Language

NAMES = frozenset({"greeting", "called", "name", "email", "unsubscribe", "preferences", "reader"})
"""Every hole there is. ``greeting`` is an English one, in digests that were composed before there were others;
``reader`` is left by ``tracked`` alone."""

ATTRIBUTE = "own"
"""How the name of a hole for an attribute begins: the attribute's own name follows, and what is written without it."""

Some = TypeVar("Some")

_ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NAME_IN_GREETING = 60
_LIKE_AN_ADDRESS = re.compile(r"[@/:<>\\]|www\.", re.IGNORECASE)


def new_nonce() -> str:
    """80 random bits as a letter and hex digits: HTML, CSS inlining, URLs and escaping all leave it as it is."""
    return f"h{secrets.token_hex(10)}"


def hole(nonce: str, name: str) -> str:
    """The text that stands for ``name`` until a reader is known."""
    return f"{nonce}_{name}_"


def split(text: str, nonce: str) -> list[str]:
    """``text`` cut at its holes: text, name, text, name … text."""
    return re.split(re.escape(nonce) + "_([a-z]+)_", text)


def value_of(values: Mapping[str, Some], name: str) -> Some:
    """What fills the hole ``name``. Raises TemplateError when there is no such value.

    Attributes stand among the values as ``own.city``; a reader without that one gets what the hole itself says.
    """
    key, default = source(name)
    value = values.get(key)
    if default is not None:
        return value or cast("Some", default)
    if value is None:
        raise TemplateError("of the message", None, f"nothing is known to fill {name!r} with")
    return value


@lru_cache(256)
def source(name: str) -> tuple[str, str | None]:
    """Under which name the value of a hole stands, and what is written without it; None: that can't be."""
    attribute = _attribute(name)
    return (f"{ATTRIBUTE}.{attribute[0]}", attribute[1]) if attribute else (name, None)


def fill(text: str, nonce: str, values: Mapping[str, str], *, escape: bool) -> str:
    """``text`` with every hole filled, in one pass, so that values can't open new ones.

    Raises TemplateError for a hole that has no value.
    """
    pieces = split(text, nonce)
    found = (value_of(values, name) for name in pieces[1::2])
    pieces[1::2] = [html.escape(value) if escape else value for value in found]
    return "".join(pieces)


def check(text: str, nonce: str, template: str) -> None:
    """Raises TemplateError when ``text`` holds a hole that was changed on its way, by a filter for example."""
    for match in re.finditer(re.escape(nonce), text, re.IGNORECASE):
        whole = re.compile(re.escape(nonce) + "_([a-z]+)_").match(text, match.start())
        if not whole or not (whole[1] in NAMES or _attribute(whole[1])):
            line = text.count("\n", 0, match.start()) + 1
            raise TemplateError(template, None, f"a reader's value was changed (line {line} of the result); {_ADVICE}")


_ADVICE = "values of a reader are known only after rendering: write them alone, use greeting, or ask if there is a name"


class Hole:
    """A reader's value in a template. It can be written out alone, and is true, for only a name can be empty.

    Anything else raises, for it has no value yet.
    """

    def __init__(self, nonce: str, name: str) -> None:
        self._nonce, self._name = nonce, name

    def written(self) -> Markup:
        """The hole, as it goes into the output."""
        return Markup(hole(self._nonce, self._name))  # noqa: S704 - letters, digits and underscores only

    def _refuse(self, *_: object) -> NoReturn:
        raise TemplateRuntimeError(f"{self._name!r} can't be tested or changed; {_ADVICE}")

    def __bool__(self) -> bool:
        return True

    __len__ = __iter__ = __contains__ = __getitem__ = __str__ = __html__ = __format__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse
    __add__ = __radd__ = __mod__ = __rmod__ = __mul__ = __rmul__ = __call__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()


class AttributeHole(Hole):
    """An attribute of the reader, which may be missing, so it can't be tested either."""

    def __init__(self, nonce: str, attribute: str, default: str) -> None:
        super().__init__(nonce, f"{ATTRIBUTE}{_letters(attribute)}q{_letters(default)}")

    def __bool__(self) -> bool:
        raise TemplateRuntimeError(
            "an attribute can't be tested, for it is known only after rendering; "
            "say what stands there without it: subscriber.attributes.get('city', 'your town')"
        )


class Attributes:
    """``subscriber.attributes`` in a template."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce

    def get(self, name: str, default: str = "") -> Hole:
        """The reader's attribute of that name, or that text."""
        if not _ATTRIBUTE_NAME.fullmatch(name):
            raise TemplateRuntimeError(f"{name[:40]!r} is no name of an attribute; those are of a-z, 0-9 and _")
        return AttributeHole(self._nonce, name, str(default))

    def __getitem__(self, name: str) -> Hole:
        return self.get(name)

    def __getattr__(self, name: str) -> Hole:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.get(name)


class Greeting(Hole):
    """``Hello Ana,``, or ``Hello,`` when the name is unknown, in a language: its words around a hole."""

    def __init__(self, nonce: str, language: Language) -> None:
        super().__init__(nonce, "called")
        self._words = language.gettext("Hello%(name)s,")

    def written(self) -> Markup:
        """The greeting, as it goes into the output."""
        return escape(self._words) % {"name": super().written()}


class NameHole(Hole):
    """The reader's name. It may be tested: then there are two renderings, for a name that is known and one that isn't.

    ``was_tested`` becomes true when a template asks.
    """

    def __init__(self, nonce: str, *, is_known: bool) -> None:
        super().__init__(nonce, "name")
        self._is_known = is_known
        self.was_tested = False

    def __bool__(self) -> bool:
        self.was_tested = True
        return self._is_known


@dataclass(frozen=True, slots=True)
class ReaderHoles:
    """``subscriber`` in a template."""

    name: NameHole
    email: Hole
    attributes: Attributes


def open_holes(nonce: str, name: NameHole, language: Language = ENGLISH) -> dict[str, object]:
    """The template variables that differ between readers; the greeting is in ``language``."""
    return {
        "greeting": Greeting(nonce, language),
        "subscriber": ReaderHoles(name=name, email=Hole(nonce, "email"), attributes=Attributes(nonce)),
        "unsubscribe_url": Hole(nonce, "unsubscribe"),
        "preferences_url": Hole(nonce, "preferences"),
    }


def reader_values(subscriber: Subscriber, *, unsubscribe_url: str, preferences_url: str) -> dict[str, str]:
    """What fills the holes for one reader."""
    called = called_by(subscriber.name)
    return {
        "greeting": f"Hello{called},",
        "called": called,
        "name": subscriber.name,
        "email": subscriber.email,
        "unsubscribe": unsubscribe_url,
        "preferences": preferences_url,
        **attribute_values(subscriber),
    }


def attribute_values(subscriber: Subscriber) -> dict[str, str]:
    """What fills the holes for attributes; what is not there is filled by the holes themselves."""
    return {f"{ATTRIBUTE}.{name}": value for name, value in subscriber.attributes.items()}


def _letters(text: str) -> str:
    """Any text as letters a-p, which go through HTML, CSS inlining, addresses and escaping as they are."""
    return "".join(chr(97 + int(digit, 16)) for digit in text.encode("utf-8", "replace").hex())


def _attribute(name: str) -> tuple[str, str] | None:
    """The attribute that a hole stands for, and what is written without it; None when it stands for something else."""
    match = re.fullmatch(f"{ATTRIBUTE}((?:[a-p]{{2}})+)q((?:[a-p]{{2}})*)", name)
    if match is None:
        return None
    said, default = (bytes.fromhex("".join(f"{ord(one) - 97:x}" for one in part)) for part in match.groups())
    return said.decode("utf-8", "replace"), default.decode("utf-8", "replace")


def called_by(name: str) -> str:
    """The name after a space; empty when it is unknown, or is no name: strangers sign others up with links."""
    name = name.strip()
    if not name or len(name) > _NAME_IN_GREETING or not name.isprintable() or _LIKE_AN_ADDRESS.search(name):
        return ""
    return f" {name}"
