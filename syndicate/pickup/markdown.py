"""Markdown with YAML or TOML front matter → an article. The folder reader calls it for ``.md``."""

from __future__ import annotations

import re
import reprlib
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from syndicate.errors import ParseError
from syndicate.model import Content, Original
from syndicate.pickup.clean import absolute_url, clean, first_paragraph, one_line, plain, summarise
from syndicate.pickup.plaintext import title_from
from syndicate.render.text import html_to_text, printable

_FENCED = {
    "---": re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE),
    "+++": re.compile(r"\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE),
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_SLUG = re.compile(r"[\w-]+(?:/[\w-]+)*")

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)


def _footnote_mark(_: object, tokens: Sequence[Token], index: int, *__: object) -> str:
    return f"<sup>[{tokens[index].meta['id'] + 1}]</sup>"


# Ids do not survive cleaning, so a footnote's mark is text, and there is no link back from the note.
_MARKDOWN.add_render_rule("footnote_ref", _footnote_mark)
_MARKDOWN.add_render_rule("footnote_anchor", lambda *_: "")


def uncleaned(text: str) -> str:
    """The markup of a text without front matter, as it is before cleaning."""
    rendered: str = _MARKDOWN.render(text)
    return rendered


def parse_markdown(text: str, guid: str, published_at: datetime) -> Content | None:
    """The article of one file, or None when it says ``draft: true``.

    ``guid`` is the file's name inside its folder and stands in errors; ``published_at`` holds when the file gives no
    ``date``. Instants without offset are UTC. Raises ParseError that names file, field and remedy.
    """
    values, body = split_front_matter(text.removeprefix("\ufeff").replace("\r\n", "\n"), guid)
    front = Front(values, guid)
    if front.flag("draft"):
        return None
    url = front.address("canonical")
    tokens = _MARKDOWN.parse(body)
    title = front.text("title")
    heading = _first_heading(tokens)
    if heading is not None:
        said = plain(_MARKDOWN.renderer.render(tokens[heading + 1 : heading + 2], _MARKDOWN.options, {}))
        if not title or said.casefold() == title.casefold():
            title = title or said
            del tokens[heading : heading + 3]
    html = clean(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}), url)
    lead = first_paragraph(html)
    title = title or title_from(lead)
    if not title:
        raise ParseError(guid, "is empty; write a title and a text, or mark it `draft: true`")
    return Content(
        guid=guid,
        title=title,
        html=html,
        text=html_to_text(html),
        summary=front.text("summary") or summarise(lead),
        url=url,
        slug=front.slug(),
        authors=front.texts("authors") or front.texts("author"),
        tags=front.texts("tags"),
        language=front.language(),
        image=front.address("image", base_url=url),
        published_at=front.instant("date") or published_at,
        updated_at=front.instant("updated"),
        original=Original.of(printable(text), "markdown"),
    )


def to_html(text: str, base_url: str | None = None) -> str:
    """Markdown without front matter → clean HTML, as an article's; relative links hang from ``base_url``."""
    return clean(_MARKDOWN.render(text.replace("\r\n", "\n")), base_url)


def split_front_matter(text: str, origin: str) -> tuple[Mapping[str, Any], str]:
    """The values between the ``---`` (YAML) or ``+++`` (TOML) lines that ``text`` begins with, and what follows."""
    fence = text[:3]
    match = _FENCED[fence].match(text) if fence in _FENCED else None
    if not match:
        return {}, text
    try:
        values = yaml.safe_load(match[1]) if fence == "---" else tomllib.loads(match[1])
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise ParseError(origin, f"front matter, {where}{error.problem}; quote text that holds : or #") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ParseError(origin, f"front matter can't be read: {one_line(str(error))}") from None
    if values is None:
        return {}, text[match.end() :]
    if not isinstance(values, dict):
        raise ParseError(origin, "front matter must be lines of `key: value`")
    return {str(key).lower(): value for key, value in values.items()}, text[match.end() :]


def _first_heading(tokens: list[Token]) -> int | None:
    return next((n for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"), None)


class Front:
    """Front matter, read field by field; what does not fit raises a ParseError that names the field."""

    def __init__(self, values: Mapping[str, Any], origin: str) -> None:
        self._values = values
        self._origin = origin

    def text(self, field: str) -> str:
        """Text on one line; numbers and dates count as text, as YAML makes them of unquoted titles."""
        value = self._values.get(field)
        return "" if value is None else self._words(field, value, "text in quotes")

    def texts(self, field: str) -> tuple[str, ...]:
        """Several texts: a list, or one text with commas. Each once, in order."""
        value = self._values.get(field)
        if value is None:
            return ()
        wanted = 'a list such as ["one", "two"], or text with commas'
        parts = value if isinstance(value, list) else self._words(field, value, wanted).split(",")
        texts = (self._words(field, part, wanted) for part in parts)
        return tuple(dict.fromkeys(text for text in texts if text))

    def instant(self, field: str) -> datetime | None:
        """An instant in UTC from a date, a date with time, or either as ISO 8601 text."""
        value = self._values.get(field)
        try:
            if isinstance(value, str):
                value = datetime.fromisoformat(value.strip())
            if isinstance(value, date) and not isinstance(value, datetime):
                value = datetime.combine(value, time())
            if value is None or isinstance(value, datetime):
                return as_utc(value)
        except (ValueError, OverflowError):
            pass
        raise self._error(field, "a date such as 2025-03-14 or 2025-03-14T09:30:00+01:00")

    def flag(self, field: str) -> bool:
        """True or false; absent is false."""
        value = self._values.get(field, False)
        if not isinstance(value, bool):
            raise self._error(field, "true or false")
        return value

    def address(self, field: str, base_url: str | None = None) -> str | None:
        """An ``http(s)`` address, resolved against ``base_url``."""
        text = self.text(field)
        found = absolute_url(text, base_url)
        if text and not found:
            raise self._error(field, "a full address that begins with https:// or http://")
        return found

    def slug(self) -> str:
        """The ``slug``: letters, digits and hyphens."""
        text = self.text("slug").strip("/")
        if text and not _SLUG.fullmatch(text):
            raise self._error("slug", "letters, digits and hyphens")
        return text

    def language(self) -> str | None:
        """The ``language``: a BCP 47 tag."""
        value = self._values.get("language")
        if value is None:
            return None
        if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
            raise self._error("language", 'a language tag in quotes, such as "en" or "sr-Latn"')
        return value

    def _words(self, field: str, value: object, wanted: str) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int, float, date)):
            raise self._error(field, wanted)
        return one_line(str(value))

    def _error(self, field: str, wanted: str) -> ParseError:
        found = one_line(reprlib.repr(self._values.get(field)))
        return ParseError(self._origin, f"{field}: found {found}; write {wanted}")


def as_utc(value: datetime | None) -> datetime | None:
    """``value`` in UTC; one without offset is taken to be UTC already."""
    if value is None:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
