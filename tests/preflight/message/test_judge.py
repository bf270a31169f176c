"""What is said of a mail without asking anybody."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.preflight.finding import Verdict
from syndicate.preflight.message.checks import IMAGE_SIZE, LINKS, MESSAGE
from syndicate.preflight.message.css import table
from syndicate.preflight.message.judge import judge
from syndicate.preflight.message.mail import Mail
from tests.preflight.message.mails import OUT, STORY, codes, mail, wrong

BLOCKS, WARNS = Verdict.BLOCKS, Verdict.WARNS


def test_a_good_mail_is_fine_and_every_check_says_so() -> None:
    assert wrong(mail()) == {}
    assert codes(judge(mail())) == {one.code for one in MESSAGE} - {LINKS.code, IMAGE_SIZE.code}
    assert len({one.code for one in MESSAGE}) == len(MESSAGE)


@pytest.mark.parametrize(
    ("changed", "code", "verdict", "said"),
    [
        (mail("x" * 105_000), "size", BLOCKS, "kB of HTML"),
        (mail(octets=11_000_000), "size", WARNS, "in all"),
        (mail(subject=" "), "subject", BLOCKS, "none"),
        (mail(subject="The ferry " * 10), "subject", WARNS, "99 characters"),
        (mail(subject="Hi"), "subject", WARNS, "say little"),
        (mail(text=""), "text-part", BLOCKS, "none"),
        (mail(text=f"Read it in your browser.\n{OUT}"), "text-part", WARNS, "0 % of the words"),
        (mail(subject="Hello {{ name }}"), "placeholders", BLOCKS, "the subject: “{{ name }}”"),
        (mail("<p>Dear [[NAME]]</p>"), "placeholders", BLOCKS, "“[[NAME]]”"),
        (mail("<p>Lorem ipsum dolor</p>"), "placeholders", WARNS, "lorem ipsum"),
        (mail("<p>Dear *|FNAME|*</p>"), "placeholders", BLOCKS, "the HTML: “*|FNAME|*”"),
        (mail('<a href="https://a.org/{% url %}">a</a>'), "placeholders", BLOCKS, "an address: “{%"),
        (mail(text=f"{STORY} {{{{ x {OUT}"), "placeholders", BLOCKS, "the text: “{{ x"),
        (mail(text=STORY), "unsubscribe-link", BLOCKS, "the text"),
        (mail('<img src="https://a.org/x.png">'), "image-alt", WARNS, "no alt: https://a.org/x.png"),
        (mail('<a href="https://a.org/"><img src="https://a.org/x" alt=""></a>'), "image-alt", WARNS, "no words"),
        (mail('<a href="#">a</a>'), "link-shapes", WARNS, "nowhere"),
        (mail('<a href="/about">a</a>'), "link-shapes", BLOCKS, "needs a page"),
        (mail('<a href="javascript:x()">a</a>'), "link-shapes", BLOCKS, "taken out"),
        (mail('<a href="https://">a</a>'), "link-shapes", BLOCKS, "no address"),
        (mail('<a href="http://localhost:8000/">a</a>'), "link-shapes", BLOCKS, "can’t be reached"),
        (mail('<a href="http://192.168.1.2/">a</a>'), "link-shapes", BLOCKS, "can’t be reached"),
        (mail('<a href="https://bank@evil.org/">a</a>'), "link-shapes", WARNS, "user’s name"),
        (mail('<a href="http://8.8.8.8/">a</a>'), "link-shapes", WARNS, "a number"),
        (mail('<a href="https://evil.org/">www.bank.org/login</a>'), "link-shapes", WARNS, "says bank.org"),
        (mail('<a href="https://www.bit.ly/2x">a</a>'), "link-shorteners", WARNS, "bit.ly"),
        (mail(subject="THE FERRY IS BACK"), "spam-shapes", WARNS, "capitals"),
        (mail(subject="Back at last!!"), "spam-shapes", WARNS, "!!"),
        (mail(subject="Re: the ferry"), "spam-shapes", WARNS, "an answer"),
        (mail("<p>" + "SAIL WITH US TODAY " * 5 + "</p>"), "spam-shapes", WARNS, "the HTML: “SAIL"),
        (mail("<p>Free???</p>"), "spam-shapes", WARNS, "???"),
        (mail('<div style="display:none">pills</div>'), "hidden-text", WARNS, "“pills” can’t"),
        (mail('<span style="font-size:0">pills</span>'), "hidden-text", WARNS, "can’t"),
        (mail('<span style="color:#FFF">pills</span>'), "hidden-text", WARNS, "of its ground"),
        (mail('<div style="position:absolute">a</div>'), "dropped-css", WARNS, "Gmail and Outlook on Windows drop"),
        (mail('<img alt="" style="max-width:100%" src="https://a.org/x">'), "dropped-css", WARNS, "max-width"),
        (mail("<form></form>"), "foreign-elements", WARNS, "<form>"),
        (mail('<p style="color: #999">pale</p>'), "contrast", WARNS, "“pale” is #999999 on #ffffff: 2.8 to 1"),
        (mail('<p style="background:#777;color:gray">pale</p>'), "contrast-dark", WARNS, "turned"),
    ],
)
def test_what_is_wrong_is_told(changed: Mail, code: str, verdict: Verdict, said: str) -> None:
    found = wrong(changed)
    assert found[code][0] is verdict, found
    assert said in found[code][1]


@pytest.mark.parametrize(
    "changed",
    [
        mail("<pre>{{ name }}</pre><code>{% if %} !!!</code>", text=f"{STORY} {{{{ name }}}} {OUT}"),
        mail('<a href="#top">up</a><a href="mailto:ana@lake.org">ana@lake.org</a><a href="tel:+1">call</a>'),
        mail('<a href="https://www.lake.org/x">lake.org</a><a href="https://lake.org">https://news.lake.org/a</a>'),
        mail('<a href="https://docs.lake.org">setup.py</a>'),
        mail('<img src="https://a.org/x" alt="" width="100" style="max-width:100%;border-radius:4px">'),
        mail(
            '<p style="color:#777;font-size:24px">large</p><p style="color:#777"><b style="font-size:14pt">bold</b></p>'
        ),
        mail('<table bgcolor="#222222"><tr><td style="color:#eee">light on dark</td></tr></table>'),
        mail('<p style="background:no-repeat #333;color:white">a</p><p style="color:#000000e6">b</p>'),
        mail("<p>See [[Ferry]], and pay 5 $ {or so}</p>"),
        mail(subject="BBC und ZDF"),
        mail(subject="Фериботът се върна"),
    ],
)
def test_what_is_not_wrong_is_let_be(changed: Mail) -> None:
    assert wrong(changed) == {}


def test_links_that_are_wrong_in_the_same_way_are_told_once() -> None:
    many = "".join(f'<a href="http://localhost/{at}">{at}</a>' for at in range(9))
    assert wrong(mail(many))["link-shapes"][1] == "“0” and 8 more: localhost can’t be reached by readers"


def test_the_preheader_is_hidden_by_right_and_its_own_dark_colours_are_looked_at() -> None:
    hidden = '<body><div style="display:none">What is new on the lake</div>'
    good = mail()
    assert "but the preheader" in str(
        judge(Mail("The ferry", good.html.replace("<body>", hidden), good.text, 9, OUT, ""))
    )
    dark = (
        "<style>@media (prefers-color-scheme: dark) { p { color: #222 !important; background: #111 } }</style></head>"
    )
    found = wrong(Mail("The ferry", good.html.replace("</head>", dark), good.text, 9, OUT, ""))
    assert "in the mail's own dark colours: “The ferry is back on" in found["contrast-dark"][1]
    assert "contrast" not in found


def test_the_table_of_css_can_be_read_and_names_its_sources() -> None:
    assert len(table()) >= 20
    assert all(one.source and one.effect and one.by for one in table())
    assert all(one.instead for one in table() if not one.is_decoration)


_PIECES = st.sampled_from(
    [
        "<a href='",
        "'>",
        "<p style='color:",
        "#fff;",
        "</a>",
        "<img src=",
        "{{",
        "<!--",
        "\0",
        "\ud800",
        "&#0;",
        "http://[",
    ]
)


@settings(max_examples=25)
@given(st.lists(_PIECES | st.text(max_size=8), max_size=30).map("".join), st.text(max_size=30))
def test_whatever_stands_in_a_mail_is_judged(html: str, subject: str) -> None:
    found = judge(Mail(subject, html, html, len(html), OUT, "1 Quay"))
    assert codes(found) >= {"size", "subject", "placeholders", "contrast"}
