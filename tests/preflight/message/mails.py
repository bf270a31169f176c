"""Mails to look at: a good one, and what tests change in it."""

from __future__ import annotations

from syndicate.preflight.finding import Finding, Verdict
from syndicate.preflight.message.judge import judge
from syndicate.preflight.message.mail import Mail

OUT = "https://news.lake.org/unsubscribe/0-00"
STORY = (
    "The ferry is back on the lake after a winter of repairs, and the first passengers crossed before breakfast while "
    "gulls followed the boat to the harbour, where a brass band played and the mayor promised cheaper tickets."
)


def mail(body: str = "", *, subject: str = "The ferry is back", text: str | None = None, octets: int = 9_000) -> Mail:
    """A good one, with that in it; ``text`` stands for all of the text part."""
    html = (
        f'<html><head><title>x</title></head><body><p>{STORY}</p>{body}<p><a href="{OUT}">Unsubscribe</a></p>'
        "<p>Courier<br>1 Quay Street, Lake</p></body></html>"
    )
    plain = f"{STORY}\n\nUnsubscribe: {OUT}\n1 Quay Street, Lake\n" if text is None else text
    return Mail(subject, html, plain, octets, OUT, "1 Quay Street, Lake")


def wrong(given: Mail) -> dict[str, tuple[Verdict, str]]:
    """Code → how bad, and where and what; the first of each, without what is fine."""
    found: dict[str, tuple[Verdict, str]] = {}
    for one in judge(given):
        if one.verdict is not Verdict.FINE:
            found.setdefault(one.check.code, (one.verdict, f"{one.where}: {one.said}"))
    return found


def codes(findings: list[Finding]) -> set[str]:
    """Which checks said something."""
    return {one.check.code for one in findings}
