"""What stands above the feeds: the page that lists them, their outline, and their stylesheet. Called by ``publish``."""

from __future__ import annotations

from collections.abc import Sequence

from syndicate.feeds.formats import FORMATS
from syndicate.feeds.heads import STYLE
from syndicate.feeds.outline import Listed, outline
from syndicate.feeds.selection import ALL
from syndicate.render.environment import Environment, render
from syndicate.settings.schema import Site

INDEX = "index.html"
OUTLINE = "feeds.opml"
FRONT = (INDEX, OUTLINE, STYLE)


def front(site: Site, templates: Environment, listed: Sequence[Listed]) -> dict[str, bytes]:
    """File → its bytes. :raises TemplateError: when a template can't be rendered."""
    language = templates.languages.best([site.language])
    newsletters = [one for one in listed if one.folder != ALL]
    everything = next(one for one in listed if one.folder == ALL)
    index = render(
        templates,
        f"feeds/{INDEX}",
        language=language,
        site=site,
        newsletters=newsletters,
        everything=everything if len(newsletters) > 1 else None,
        formats=FORMATS,
        outline=OUTLINE,
    )
    style = render(templates, f"feeds/{STYLE}", language=language)
    return {INDEX: index.encode(), OUTLINE: outline(site.name, listed), STYLE: style.encode()}
