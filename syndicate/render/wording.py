"""Words that editors write into a digest, with variables of its template in them. Called by ``digest``.

They are no templates: variables, the filters below and ``if`` are all there is, so they end soon and can't do harm.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping

from jinja2 import TemplateSyntaxError, nodes
from markupsafe import Markup

from syndicate.errors import TemplateError
from syndicate.render.environment import Environment, render_text
from syndicate.render.filters import FILTERS

_FILTERS = frozenset({*FILTERS, "upper", "lower", "capitalize", "title", "trim", "length"})
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const),
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.If, nodes.Not),
)
_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def say(env: Environment, text: str, where: str, values: Mapping[str, object], *, html: bool = False) -> str:
    """``text`` with its variables written out, escaped where it is HTML. ``where`` names it in errors.

    :raises TemplateError: when it has anything else than variables in it, or one that there is not.
    """
    if "{" not in text:
        return text
    name = f"{where}.html" if html else where
    try:
        tree = env.parse(text, name)
    except TemplateSyntaxError as error:
        raise TemplateError(where, error.lineno, f"{error.message}; {_ADVICE}") from None
    for node in tree.find_all(nodes.Node):
        if (
            not isinstance(node, _ALLOWED)
            or (isinstance(node, nodes.Filter) and node.name not in _FILTERS)
            or (isinstance(node, nodes.Getitem) and getattr(node.arg, "value", None) != 0)
        ):
            raise TemplateError(where, node.lineno, f"{type(node).__name__.lower()} can't be used here; {_ADVICE}")
    return render_text(env, text, name, **values)


def fragment(prose: Callable[[str], str], text: str) -> Markup:
    """What an editor wrote as ``prose``, Markdown for example, as clean HTML; what is in braces stays as it is.

    Meanwhile a word that nobody can guess stands for each, which ``prose`` keeps, moves or drops as any other.
    """
    braces: dict[str, str] = {}
    nonce = secrets.token_hex(8)

    def word(match: re.Match[str]) -> str:
        name = f"b{nonce}n{len(braces)}e"
        braces[name] = match[0]
        return name

    html = prose(_BRACES.sub(word, text))
    for name, written in braces.items():
        html = html.replace(name, written)
    return Markup(html)  # noqa: S704 - cleaned by ``prose``; variables are escaped when they are written out


_ADVICE = "write variables such as {{ newsletter.title }} or {{ articles[0].title | clip(60) }}, or if with one of them"
