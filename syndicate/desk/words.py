"""What an editor typed as an article's title, summary and tags → what may stand there. Pure."""

from __future__ import annotations

from hashlib import sha256

from syndicate.render.text import printable
from syndicate.store.edits import Words

LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_TAG = 300, 2000, 80
"""Characters."""

MOST_TAGS = 30


def read(title: str, summary: str, tags: str) -> tuple[Words, dict[str, str]]:
    """The words, each on one line, and what is wrong with them, by field. ``tags`` stand between commas."""
    words = Words(line(title), line(summary), tuple(dict.fromkeys(filter(None, map(line, tags.split(","))))))
    problems = {}
    if not words.title:
        problems["title"] = "a title; without one nobody can find it"
    elif len(words.title) > LONGEST_TITLE:
        problems["title"] = f"at most {LONGEST_TITLE} characters; it has {len(words.title):,}"
    if len(words.summary) > LONGEST_SUMMARY:
        problems["summary"] = f"at most {LONGEST_SUMMARY:,} characters; it has {len(words.summary):,}"
    if len(words.tags) > MOST_TAGS:
        problems["tags"] = f"at most {MOST_TAGS} tags; there are {len(words.tags):,}"
    elif any(len(one) > LONGEST_TAG for one in words.tags):
        problems["tags"] = f"tags of at most {LONGEST_TAG} characters, with commas between them"
    return words, problems


def print_of(words: Words, source: Words) -> str:
    """What a form brings back, to tell whether somebody else was quicker."""
    return sha256(repr((words, source)).encode("utf-8", "surrogatepass")).hexdigest()


def line(text: str) -> str:
    """``text`` on one line, without what nobody can see."""
    return " ".join(printable(text).split())
