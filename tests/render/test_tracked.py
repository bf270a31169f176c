"""Links of a digest that lead by this site."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from syndicate.model import Parts
from syndicate.render.tracked import links_in, print_of, tracked

PARTS = Parts(
    subject="s",
    html=(
        '<body><a class="x > y" href="https://a.example/?x=1&amp;y=2">A</a> <a href=\'https://odd.example\'>odd</a>'
        '<a href="mailto:us@a.example">us</a> <a href="https://news.example/unsubscribe/habc_unsubscribe_">leave</a>'
        '<a data-href="https://no.example" href="HTTPS://b.example/">B</a> &lt;a href="https://text.example"&gt;</body>'
    ),
    text="https://a.example/?x=1&y=2",
    nonce="habc",
)


def click(link: int) -> str:
    return f"https://news.example/go/{link}"


def test_links_to_the_web_lead_by_and_others_stay() -> None:
    found = links_in(replace(PARTS, unnamed=replace(PARTS, html='<a href="https://c.example">C</a>')))
    assert {*found.values()} == {"https://a.example/?x=1&y=2", "HTTPS://b.example/", "https://c.example"}
    assert all(print_of(url) == link < 10**17 for link, url in found.items())
    led = tracked(PARTS, click, "https://news.example/seen/1.gif")
    for url in ("https://a.example/?x=1&y=2", "HTTPS://b.example/"):
        assert f'href="{click(print_of(url))}"' in led.html
    for kept in ("mailto:us@a.example", "/unsubscribe/habc_unsubscribe_", "https://odd.example", "https://no.example"):
        assert kept in led.html
    assert led.html.endswith('<img src="https://news.example/seen/1.gif" alt="" width="1" height="1"></body>')
    assert (led.text, led.subject) == (PARTS.text, PARTS.subject)
    assert "<img" not in tracked(PARTS, click, None).html
    unnamed = tracked(replace(PARTS, unnamed=PARTS), click, None).unnamed
    assert unnamed
    assert unnamed.html == tracked(PARTS, click, None).html


@given(some.text("<a href=\"htps:/.e>&;' \n"))
def test_whatever_stands_there_only_known_links_are_changed(markup: str) -> None:
    parts = replace(PARTS, html=markup)
    led = tracked(parts, click, None).html
    for link, url in links_in(parts).items():
        led = led.replace(click(link), url)
    assert led.replace("&amp;", "&") == markup.replace("&amp;", "&") or "&" in markup
