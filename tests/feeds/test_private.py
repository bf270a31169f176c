"""What is taken of a mail into a feed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.feeds.private import body_of


def test_only_what_a_mail_shows() -> None:
    mail = (
        "<!DOCTYPE html><html><head><title>x</title><style>p {}</style></head><body class='page'>"
        "<div style='max-height:0; Display : none'>Preview</div><!--[if mso]><table><![endif]-->"
        "<p>Café &amp; <b>more</b></p>after<br></body></html>"
    )
    assert body_of(mail) == "<p>Café &amp; <b>more</b></p>after<br>"


def test_text_without_a_body_is_kept() -> None:
    assert body_of("1 &lt; 2") == "1 &lt; 2"


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
@settings(max_examples=50, deadline=None)
def test_words_come_through(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert body_of(f"<html><body><p>{escaped}</p></body></html>").replace("&nbsp;", "\xa0") == f"<p>{escaped}</p>"
