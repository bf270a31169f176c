"""`[[sources]]` and `[fetch]`: where articles come from, and how remote sources are asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from syndicate.settings.values import SLUG, Duration, Line, Section, WebAddress


class Fetch(Section):
    """`[fetch]`: how remote sources are asked."""

    allow_private: bool = Field(False, description="Also fetch from loopback and private addresses.")
    timeout: Duration = Field(timedelta(seconds=20), description="How long one request may take in all.")
    max_bytes: int = Field(10_000_000, ge=1000, description="The largest feed that is read, in bytes, decompressed.")
    at_least_every: Duration = Field(
        timedelta(hours=6),
        description="However seldom a feed has something new, it is looked at this often, unless it or its server asks "
        "for less.",
    )
    push: bool = Field(
        True,
        description="Ask the hubs that feeds name to tell us of changes at once (WebSub); needs `site.url` to be "
        "reachable for them.",
    )


class _SourceSettings(Section):
    name: Line = Field(pattern=SLUG, description="What newsletters call it: lower-case letters, digits, hyphens.")


class _PolledSettings(_SourceSettings):
    every: Duration = Field(
        timedelta(minutes=15), description="How often `serve` looks; less often at a feed that posts seldom."
    )
    hold_over: int = Field(25, ge=1, description="More new articles than this at once wait for an operator.")
    first_pickup: int = Field(
        10, ge=0, description="At the first pick-up, so many of the newest count as new; the rest are in feeds only."
    )


class FolderSource(_PolledSettings):
    """`[[sources]]` with `kind = "folder"`: `.md`, `.html` and `.txt` files, recursively."""

    kind: Literal["folder"]
    path: Path = Field(description="The folder, relative to the settings file.")


class FeedSource(_PolledSettings):
    """`[[sources]]` with `kind = "feed"`: RSS, Atom, RDF or JSON Feed."""

    kind: Literal["feed"]
    url: WebAddress = Field(description="Where the feed is, or a page that names it.")
    full_text: bool = Field(
        False,
        description="Articles of which the feed has only a beginning are read from their own pages; needs "
        "`syndicate[fulltext]`.",
    )


class WordPressSource(_PolledSettings):
    """`[[sources]]` with `kind = "wordpress"`: a WordPress site, by its REST API."""

    kind: Literal["wordpress"]
    url: WebAddress = Field(description="The site's own address.")


class ApiSource(_SourceSettings):
    """`[[sources]]` with `kind = "api"`: programs bring articles over HTTP, or Ghost does by its webhooks."""

    kind: Literal["api"]


PolledSource = FolderSource | FeedSource | WordPressSource
"""Those that are looked at."""
SourceSettings = Annotated[PolledSource | ApiSource, Field(discriminator="kind")]
