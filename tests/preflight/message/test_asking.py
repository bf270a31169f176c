"""Links and images, asked for at a real web site, and what is said of the answers."""

from __future__ import annotations

import asyncio

from syndicate.preflight.finding import Finding, Verdict
from syndicate.preflight.message import answered
from syndicate.preflight.message.asking import HEAVY, Answer, ask
from tests.site import HttpSite, Page, Request


def headless(request: Request) -> Page:
    return Page(status=405) if request.method == "HEAD" else Page(b"here")


def test_links_and_images_are_asked_for_and_judged(http_site: HttpSite) -> None:
    site, moved = http_site.url, {"Location": "/good"}
    http_site.pages = {
        "/": Page(b"front"),
        "/good": Page(b"here"),
        "/headless": headless,
        "/moved": Page(status=301, headers=moved),
        "/lent": Page(status=302, headers=moved),
        "/home": Page(status=302, headers={"Location": "/"}),
        "/round": Page(status=302, headers={"Location": "/round"}),
        "/shy": Page(status=403),
        "/broken": Page(status=500),
        "/light.png": Page(b"x" * 100, {"Content-Type": "image/png"}),
        "/heavy.png": Page(b"", {"Content-Type": "image/png", "Content-Length": "300000"}),
        "/streamed.png": Page(b"x" * (HEAVY + 5), {"Content-Type": "image/png", "Content-Length": ""}),
        "/page.png": Page(b"<html>", {"Content-Type": "text/html"}),
    }
    links = [
        f"{site}{path}"
        for path in ("/good", "/headless", "/moved", "/lent", "/home", "/round", "/shy", "/broken", "/gone")
    ]
    images = [f"{site}{path}" for path in ("/light.png", "/heavy.png", "/streamed.png", "/page.png", "/none.png")]
    unknown = "http://nobody.invalid/"
    answers = asyncio.run(ask([*links, unknown], images, allow_private=True))
    said = told(answered.links([*links, unknown], answers), site)
    assert said == {
        "/moved": (Verdict.WARNS, "it moved for good, to /good"),
        "/home": (Verdict.WARNS, "it leads to the front page, /"),
        "/round": (Verdict.WARNS, "it leads on and on, more than 5 times"),
        "/shy": (Verdict.UNCHECKED, "it does not answer programs (403)"),
        "/broken": (Verdict.WARNS, "it answers 500"),
        "/gone": (Verdict.BLOCKS, "it is not there (404)"),
        unknown: (Verdict.BLOCKS, "host nobody.invalid is not known"),
        "": (Verdict.FINE, "3 lead where they should"),
    }
    assert told(answered.images(images, answers), site) == {
        "/heavy.png": (Verdict.WARNS, "300 kB or more"),
        "/streamed.png": (Verdict.WARNS, "200 kB or more"),
        "/page.png": (Verdict.WARNS, "it is text/html, no image"),
        "/none.png": (Verdict.BLOCKS, "it is not there (404)"),
    }
    guarded = asyncio.run(ask(links[:1], [], allow_private=False))
    [one] = answered.links(links[:1], guarded)
    assert (one.verdict, "not public" in one.said) == (Verdict.UNCHECKED, True)
    assert [request.method for request in http_site.requests if request.path == "/good"][:1] == ["HEAD"]


def test_what_did_not_come_in_time_is_said_so_and_much_is_summed_up(http_site: HttpSite) -> None:
    http_site.pages = {"/": Page(b"x")}
    assert asyncio.run(ask([http_site.url], [], allow_private=True, seconds=0)) == {}
    [late] = answered.links([http_site.url], {})
    assert (late.verdict, late.said) == (
        Verdict.UNCHECKED,
        "it was not asked for: there are too many, or it took too long",
    )
    gone = {f"https://a.org/{at}": Answer(status=410) for at in range(14)}
    [same] = answered.links([*gone], gone)
    assert same.where == "https://a.org/0 and 13 more"
    broken = {f"https://a.org/{at}": Answer(status=500 + at) for at in range(14)}
    found = answered.links([*broken], broken)
    assert (len(found), found[-1].said) == (11, "and 4 more links are not as they should be")
    assert [one.verdict for one in answered.images([], {})] == [Verdict.FINE]


def told(findings: list[Finding], site: str) -> dict[str, tuple[Verdict, str]]:
    return {one.where.removeprefix(site): (one.verdict, one.said.replace(site, "")) for one in findings}
