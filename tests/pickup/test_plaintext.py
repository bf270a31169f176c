"""Plain text: titles, leads, headings, lists, takeaways, and what a widget left in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.pickup.clean import clean, one_line
from syndicate.pickup.plaintext import TITLE_LIMIT, parse_plaintext, title_from

LEAD = "The first paragraph says all of it."


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"A title\n\n{LEAD}", "A title"),
        (f"\n\n  A title  \n=======\n\n{LEAD}", "A title"),
        (f"A sentence stands here.\n\n{LEAD}", "A sentence stands here"),
        (f"Key Takeaways\n\n- a\n- b\n\n{LEAD}", "The first paragraph says all of it"),
        ("Only one line", "Only one line"),
        ("", ""),
    ],
)
def test_title(text: str, title: str) -> None:
    assert parse_plaintext(text).title == title


@pytest.mark.parametrize(
    ("lead", "title"),
    [
        (
            "Kosovo and Kenya agreed in 2025 to open embassies in each other’s capitals, a step both welcomed.",
            "Kosovo and Kenya agreed in 2025 to open embassies in each other’s capitals",
        ),
        ("PRISHTINA, 3 March — The talks ended early. Nobody minded.", "PRISHTINA, 3 March — The talks ended early"),
        (
            "The council of Old Quay met Dr. Vega again on Monday; it rained.",
            "The council of Old Quay met Dr. Vega again on Monday",
        ),
        ("Will the ferry ever come back to Lakeside? Perhaps.", "Will the ferry ever come back to Lakeside?"),
        ("word " * 40, "word " * 17 + "word"),
        ("Many, many, many, " * 8, "Many, many, many, Many, many"),
        ("x" * 200, "x" * TITLE_LIMIT),
    ],
)
def test_title_from_the_lead(lead: str, title: str) -> None:
    assert title_from(lead) == title


def test_lead_is_the_summary() -> None:
    said = parse_plaintext("Title\n\nFirst\nparagraph.\n\nSecond one.")
    assert (said.lead, said.summary) == ("First paragraph.", "First paragraph.")
    assert said.html == "<p>First paragraph.</p>\n<p>Second one.</p>"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Next steps\n\nThey meet again.", "<h2>Next steps</h2>\n<p>They meet again.</p>"),
        ("Next steps\n- one\n- two", "<h2>Next steps</h2>\n<ul><li>one</li><li>two</li></ul>"),
        ("They agreed on:\n- one\n- two", "<p>They agreed on:</p>\n<ul><li>one</li><li>two</li></ul>"),
        ("Not a heading\nfor it goes on.", "<p>Not a heading for it goes on.</p>"),
        ("Short words at the end", "<p>Short words at the end</p>"),
        ("w" * 100 + "\n\nThey meet.", "<p>" + "w" * 100 + "</p>\n<p>They meet.</p>"),
        ("• one\n\n   * two\n\n- three", "<ul><li>one</li><li>two</li><li>three</li></ul>"),
        ("•one\n•two", "<ul><li>one</li><li>two</li></ul>"),
        ("- a point\n  goes on", "<ul><li>a point goes on</li></ul>"),
        ("  1. one\n\n  2) two", "<ol><li>one</li><li>two</li></ol>"),
        (
            "1. one\n\nBetween them.\n\n2. two",
            '<ol><li>one</li></ol>\n<p>Between them.</p>\n<ol start="2"><li>two</li></ol>',
        ),
        ("1. FC Lakeside won the cup.", "<p>1. FC Lakeside won the cup.</p>"),
        ("-5 degrees and *no* heating.", "<p>-5 degrees and *no* heating.</p>"),
        ("One.\n\n* * *\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        ("Tags <b> & “quotes” stay ’text’.", "<p>Tags &lt;b&gt; &amp; “quotes” stay ’text’.</p>"),
        ("Line one.\r\nLine two.\r\rNext.", "<p>Line one. Line two.</p>\n<p>Next.</p>"),
    ],
)
def test_body(text: str, html: str) -> None:
    assert parse_plaintext(f"A title\n\n{LEAD}\n\n{text}").html.removeprefix(f"<p>{LEAD}</p>\n") == html


def test_paragraphs_of_one_long_line_each() -> None:
    long = (
        "This paragraph, like all the others here, was never wrapped by hand, "
        "and so its one line goes on and on, far past any margin."
    )
    said = parse_plaintext(f"A title\n{long} Really.\nWhat is next\n{long} Yes.\n- one\n- two\nThe end.")
    assert said.title == "A title"
    assert said.html == (
        f"<p>{long} Really.</p>\n<h2>What is next</h2>\n<p>{long} Yes.</p>\n"
        "<ul><li>one</li><li>two</li></ul>\n<p>The end.</p>"
    )


@pytest.mark.parametrize("heading", ["Key Takeaways", "KEY TAKEAWAYS:", "Takeaways", "Key points", "At a glance"])
def test_takeaways_are_kept_and_offered(heading: str) -> None:
    said = parse_plaintext(f"A title\n\n{LEAD}\n\n{heading}\n\n  • one\n\n  • two\n\nMore text here.\n\n- three")
    assert said.takeaways == ("one", "two")
    assert f"<h2>{heading.rstrip(':')}</h2>\n<ul><li>one</li><li>two</li></ul>" in said.html


def test_heading_without_points_offers_no_takeaways() -> None:
    assert parse_plaintext(f"A title\n\nKey Takeaways\n\n{LEAD}").takeaways == ()


@pytest.mark.parametrize(
    ("stray", "related"),
    [
        ("See also: Another story", ("Another story",)),
        ("See also Another story", ("Another story",)),
        ("Read more: Why it matters.", ("Why it matters.",)),
        ("Related: A story", ("A story",)),
        ("RELATED: A story", ("A story",)),
        ("• Read also: A story", ("A story",)),
        ("Related articles\n\n- One\n- Two", ("One", "Two")),
        ("See also\n\nAnother story", ("Another story",)),
        ("Read more:\nhttps://x.example/a", ("https://x.example/a",)),
    ],
)
def test_what_a_widget_left_is_taken_out(stray: str, related: tuple[str, ...]) -> None:
    said = parse_plaintext(f"A title\n\n{LEAD}\n\n{stray}\n\nThe text goes on.")
    assert said.related == related
    assert said.html == f"<p>{LEAD}</p>\n<p>The text goes on.</p>"


def test_stray_line_inside_a_paragraph() -> None:
    said = parse_plaintext("A title\n\nThe talks went\nSee also: Another story\non until noon.")
    assert said.related == ("Another story",)
    assert said.html == "<p>The talks went on until noon.</p>"


@pytest.mark.parametrize("line", ["Related talks continue in Nairobi", "See also the annex of the treaty."])
def test_what_only_begins_like_one_stays(line: str) -> None:
    said = parse_plaintext(f"A title\n\n{LEAD}\n\n{line}\n\nThe text goes on.")
    assert said.related == ()
    assert line in said.html


LINES = st.sampled_from(
    [
        "",
        "",
        "A heading",
        "A sentence.",
        "- a",
        "  • b",
        "1. c",
        "2) d",
        "Key Takeaways",
        "See also: x",
        "Related",
        "===",
        "<p>",
    ]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(LINES | st.text(max_size=150), max_size=14).map("\n".join))
def test_never_raises_and_is_clean_already(text: str) -> None:
    said = parse_plaintext(text)
    assert clean(said.html, None) == said.html
    assert "\n" not in said.title + said.lead + said.summary
    assert bool(said.title) or not said.html


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=200) | st.lists(st.sampled_from(["word", "a,", "b.", "—", "C"])).map(" ".join))
def test_made_title_is_short_and_ends_well(lead: str) -> None:
    title = title_from(lead)
    assert len(title) <= TITLE_LIMIT
    assert not title.endswith((",", " ")) or not one_line(lead).strip(" ,")
