"""Words that editors write into a digest, with variables of its template in them. Called by ``digest``.

They are no templates: variables, the filters below and ``if`` are all there is, so they end soon and can't do harm.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping

from jinja2 import TemplateSyntaxError, nodes
from markupsafe import Markup

from syndicate.errors import TemplateError, WordingError
from syndicate.render.environment import Environment, render_text
from syndicate.render.filters import FILTERS

_FILTERS = frozenset({*FILTERS, "upper", "lower", "capitalize", "title", "trim", "length"})
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const),
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.If, nodes.Not),
)
_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def say(env: Environment, text: str, field: str, values: Mapping[str, object], *, html: bool = False) -> str:
    """``text`` with its variables written out, escaped where it is HTML. ``field`` is where it was written.

    :raises WordingError: when it has anything else than variables in it, or one that there is not.
    """
    if "{" not in text:
        return text
    try:
        for node in env.parse(text).find_all(nodes.Node):
            _check(node, field, values)
        return render_text(env, text, f"{field}.html" if html else field, **values)
    except TemplateSyntaxError as error:
        raise WordingError(field, error.lineno, f"{error.message}; {_ADVICE}") from None
    except WordingError:
        raise
    except TemplateError as error:
        raise WordingError(field, error.line, error.reason) from None


def _check(node: nodes.Node, field: str, values: Mapping[str, object]) -> None:
    """What a branch says that is not taken today counts as well."""
    if isinstance(node, nodes.Name) and node.name not in values:
        raise WordingError(field, node.lineno, f"there is no {node.name!r}; {_ADVICE}")
    if (
        not isinstance(node, _ALLOWED)
        or (isinstance(node, nodes.Filter) and node.name not in _FILTERS)
        or (isinstance(node, nodes.Getitem) and not _is_first_article(node))
    ):
        raise WordingError(field, node.lineno, f"{type(node).__name__.lower()} can't be used here; {_ADVICE}")


def _is_first_article(node: nodes.Getitem) -> bool:
    """There always is one; of everything else there may be none when the digest is composed."""
    return getattr(node.node, "name", "") == "articles" and getattr(node.arg, "value", None) == 0


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
