"""An article written by hand ↔ the Markdown file that it is in its source's folder. Pure. Called by the console."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import yaml

from syndicate.pickup.markdown import Front, split_front_matter
from syndicate.render.text import printable
from syndicate.store.words import fold

_LONGEST_NAME = 60
_NO_LETTER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manuscript:
    """What its author typed. ``text`` is Markdown; ``image`` an address, or empty."""

    title: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    image: str = ""
    text: str = ""


def to_file(manuscript: Manuscript, *, slug: str = "", date: datetime | None = None) -> str:
    """The file, with what was filled in as its front matter."""
    front = {
        "title": manuscript.title,
        "slug": slug,
        "date": date.isoformat(timespec="seconds") if date else "",
        "author": manuscript.author,
        "summary": manuscript.summary,
        "tags": list(manuscript.tags),
        "image": manuscript.image,
    }
    said = {key: value for key, value in front.items() if value}
    head = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=float("inf")) if said else ""
    return f"---\n{head}---\n\n{text_of(manuscript.text)}\n"


def from_file(text: str, origin: str) -> Manuscript:
    """What was typed. :raises ParseError: when somebody wrote something else there."""
    values, body = split_front_matter(text, origin)
    front = Front(values, origin)
    return Manuscript(
        title=front.text("title"),
        summary=front.text("summary"),
        tags=front.texts("tags"),
        author=front.text("author"),
        image=front.text("image"),
        text=text_of(body),
    )


def text_of(typed: str) -> str:
    """A text as it is kept: lines end with LF, and no blank ones stand around it."""
    return printable(typed).strip("\n")


def name_of(title: str) -> str:
    """A name for files and addresses: ``the-ferry-sails``, in letters that stand everywhere."""
    return _NO_LETTER.sub("-", fold(title))[:_LONGEST_NAME].strip("-") or "article"
