"""Markdown: front matter, field by field, and the title's place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ParseError
from syndicate.model import Content
from syndicate.pickup.markdown import parse_markdown

NOW = datetime(2025, 1, 2, tzinfo=UTC)


def parse(text: str) -> Content:
    content = parse_markdown(text, "a.md", NOW)
    assert content is not None
    return content


@pytest.mark.parametrize(
    ("line", "instant"),
    [
        ("2025-03-14", datetime(2025, 3, 14, tzinfo=UTC)),
        ("2025-03-14 09:30", datetime(2025, 3, 14, 9, 30, tzinfo=UTC)),
        ("2025-03-14T09:30:00+02:00", datetime(2025, 3, 14, 7, 30, tzinfo=UTC)),
        ('"2025-03-14T09:30:00Z"', datetime(2025, 3, 14, 9, 30, tzinfo=UTC)),
    ],
)
def test_dates_are_utc(line: str, instant: datetime) -> None:
    assert parse(f"---\ndate: {line}\n---\n# T\n\ntext").published_at == instant


def test_toml_local_date_and_time() -> None:
    content = parse("+++\ntitle = 'T'\ndate = 2025-03-14\nupdated = 2025-03-14T08:00:00\n+++\ntext")
    assert content.published_at == datetime(2025, 3, 14, tzinfo=UTC)
    assert content.updated_at == datetime(2025, 3, 14, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "title", "html"),
    [
        ("# The *title*\n\ntext", "The title", "<p>text</p>"),
        ("---\ntitle: Mine\n---\n# mine\n\ntext", "Mine", "<p>text</p>"),
        ("---\ntitle: Mine\n---\n# Other\n\ntext", "Mine", "<h1>Other</h1>\n<p>text</p>"),
        ("---\ntitle: 2025\n---\ntext", "2025", "<p>text</p>"),
        ("No title here. Only text.", "No title here. Only text", "<p>No title here. Only text.</p>"),
        ("---\n---\n# T", "T", ""),
        ("intro\n\n---\n\nmore", "intro", "<p>intro</p>\n<hr>\n<p>more</p>"),
    ],
)
def test_title_is_not_said_twice(text: str, title: str, html: str) -> None:
    content = parse(text)
    assert (content.title, content.html) == (title, html)


def test_what_is_not_said_is_found() -> None:
    content = parse("# T\n\nThe lead.\n\nMore.")
    assert content.summary == "The lead."
    assert content.published_at == NOW
    assert (content.url, content.authors, content.tags, content.language) == (None, (), (), None)


def test_authors_and_tags_each_once() -> None:
    content = parse("---\nauthor: Ana, Bo\ntags: [b, a, b, 2025, '']\n---\n# T")
    assert (content.authors, content.tags) == (("Ana", "Bo"), ("b", "a", "2025"))


def test_raw_html_is_cleaned() -> None:
    assert parse("# T\n\n<div onclick='x()'>a</div><script>b</script>").html == "<div>a</div>"


def test_draft() -> None:
    assert parse_markdown("---\ndraft: true\ndate: soon\n---\n", "a.md", NOW) is None


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("title: a: b", "line 2: mapping values are not allowed here; quote text"),
        ("- a", "must be lines of `key: value`"),
        ("date: 2025-02-30", "can't be read"),
        ("date: [2025]", "date: found [2025]; write a date such as"),
        ("updated: 5", "updated: found 5; write a date"),
        ("title: [a]", "title: found ['a']; write text in quotes"),
        ("tags: {a: b}", "tags: found {'a': 'b'}; write a list"),
        ("tags: [[a]]", "tags: found"),
        ("draft: 'yes'", "draft: found 'yes'; write true or false"),
        ("canonical: /a", "canonical: found '/a'; write a full address"),
        ("image: a.jpg", "image: found 'a.jpg'; write a full address"),
        ("slug: a b", "slug: found 'a b'; write letters"),
        ("language: no", "language: found False; write a language tag in quotes"),
        ("x: " + "[" * 3000, "can't be read"),
    ],
)
def test_bad_value_names_file_field_and_remedy(front: str, reason: str) -> None:
    with pytest.raises(ParseError) as raised:
        parse(f"---\n{front}\n---\ntext")
    assert str(raised.value).startswith("a.md: ")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_bad_toml() -> None:
    with pytest.raises(ParseError, match="can't be read"):
        parse("+++\ntitle =\n+++\ntext")


@pytest.mark.parametrize("text", ["", "---\ntags: a\n---\n", "<script>x</script>"])
def test_nothing_to_read(text: str) -> None:
    with pytest.raises(ParseError, match="is empty"):
        parse(text)


PIECES = st.sampled_from(
    ["---\n", "+++\n", "title: x\n", "date: ", "# H\n", "\n", "- a\n", "[^1]", "[^1]: n\n", "|a|\n", "`"]
)


@settings(deadline=None, max_examples=100)
@given(st.lists(PIECES | st.text(max_size=20), max_size=10).map("".join))
def test_any_text_is_an_article_or_a_parse_error(text: str) -> None:
    try:
        content = parse_markdown(text, "a.md", NOW)
    except ParseError:
        return
    assert content is None or content.title
