"""What a feed says of an article, made into one."""

from __future__ import annotations

from syndicate.pickup.build import Raw, Said, build


def test_text_becomes_paragraphs_and_markup_stays() -> None:
    assert Raw("one\n\ntwo &amp; 3 < 4").html == "<p>one</p>\n<p>two &amp; 3 &lt; 4</p>"
    assert Raw("a &amp; <b>", is_html=False).html == "<p>a &amp;amp; &lt;b&gt;</p>"
    assert Raw("<b>x</b>").html == "<b>x</b>"


def test_content_counts_over_summary_and_summary_stands_in_for_it() -> None:
    both = build(Said(guid="1", title=Raw("t"), body=Raw("<p>body</p>"), summary=Raw("short")))
    only = build(Said(guid="1", title=Raw("t"), body=Raw(), summary=Raw("<p>short</p>")))
    assert both is not None
    assert only is not None
    assert (both.html, both.summary) == ("<p>body</p>", "short")
    assert (only.html, only.summary) == ("<p>short</p>", "short")


def test_nothing_said_is_no_article() -> None:
    assert build(Said(guid="1", title=Raw(" "), body=Raw("<script>x</script>"))) is None


def test_names_are_plain_and_each_once() -> None:
    content = build(Said(guid="1", title=Raw("t"), body=Raw(), authors=["A &amp; B", "A & B", ""], language="x y"))
    assert content is not None
    assert (content.authors, content.language) == (("A & B",), None)
