"""One article that a program brings, as JSON or as Markdown with front matter → ``Content``.

The JSON is an item of JSON Feed 1.1 (https://jsonfeed.org/version/1.1), which may have ``content_markdown`` instead of
the others. Unlike in a feed, what does not fit is an error: whoever wrote the program wants to know.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from syndicate.errors import ParseError
from syndicate.model import Content, Enclosure
from syndicate.pickup.build import Raw, Said, build
from syndicate.pickup.clean import absolute_url
from syndicate.pickup.encoding import decode
from syndicate.pickup.markdown import Front, parse_markdown, split_front_matter, to_html
from syndicate.pickup.reading import Reading

_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
_Instant = AwareDatetime | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Author(_Part):
    name: _Line
    url: _Line = ""
    avatar: _Line = ""


class _Attachment(_Part):
    url: _Line
    mime_type: _Line = "application/octet-stream"
    title: _Line = ""
    size_in_bytes: int = Field(0, ge=0)
    duration_in_seconds: float = 0


class PostedArticle(_Part):
    """What a program says of an article."""

    id: _Line = ""
    url: _Line = ""
    title: _Line = ""
    content_html: str = ""
    content_text: str = ""
    content_markdown: str = ""
    summary: str = ""
    image: _Line = ""
    authors: tuple[_Author | _Line, ...] = ()
    tags: tuple[_Line, ...] = ()
    language: _Line = ""
    attachments: tuple[_Attachment, ...] = ()
    date_published: _Instant = None
    date_modified: _Instant = None


def parse_posted(body: bytes, name: str, content_type: str | None, now: datetime) -> Reading:
    """The article of a request's body; ``name`` stands in errors. :raises ParseError: with all that is wrong."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == "application/json":
        content = _from_json(body, name)
    elif kind in ("text/markdown", "text/x-markdown", "text/plain"):
        content = _from_markdown(body, name, now)
    else:
        raise ParseError(name, "must be application/json or text/markdown; say so in Content-Type")
    return Reading(contents=(content,))


def _from_json(body: bytes, name: str) -> Content:
    try:
        said = PostedArticle.model_validate_json(body)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc'])) or 'the body'}: {one['msg']}" for one in error.errors()[:20])
        raise ParseError(name, "; ".join(wrong)) from None
    if sum(bool(one) for one in (said.content_html, said.content_text, said.content_markdown)) > 1:
        raise ParseError(name, "one of content_html, content_text and content_markdown, not several")
    url = _address(said.url, "url", name)
    markup = to_html(said.content_markdown, url) if said.content_markdown else said.content_html
    content = build(
        Said(
            guid=said.id,
            title=Raw(said.title, is_html=False),
            body=Raw(markup, base_url=url) if markup else Raw(said.content_text, is_html=False),
            summary=Raw(said.summary, is_html=False),
            url=url,
            authors=[one if isinstance(one, str) else one.name for one in said.authors],
            tags=said.tags,
            language=said.language or None,
            image=_address(said.image, "image", name),
            enclosures=tuple(
                Enclosure(address, one.mime_type, one.size_in_bytes)
                for one in said.attachments
                if (address := _address(one.url, "attachments.url", name))
            ),
            published_at=said.date_published,
            updated_at=said.date_modified,
        )
    )
    if content is None:
        raise ParseError(name, "has neither a title nor a text")
    return content


def _from_markdown(body: bytes, name: str, now: datetime) -> Content:
    text = decode(body)
    values, _ = split_front_matter(text.removeprefix("\ufeff").replace("\r\n", "\n"), name)
    front = Front(values, name)
    guid = front.text("id") or front.text("guid") or front.address("canonical") or front.text("slug")
    if not guid:
        raise ParseError(name, "front matter needs an `id`, which stays the same when the article changes")
    content = parse_markdown(text, guid, now)
    if content is None:
        raise ParseError(name, "is a draft; drafts are kept where they are written")
    return content


def _address(text: str, field: str, name: str) -> str | None:
    address = absolute_url(text, None)
    if text and not address:
        raise ParseError(name, f"{field}: an address that begins with https:// or http://")
    return address
