"""The link in List-Unsubscribe, tried as a mail program does it (RFC 8058), with a token that unsubscribes nobody."""

from __future__ import annotations

from dataclasses import dataclass

from syndicate.errors import ReachError
from syndicate.preflight.deliverability.checks import ONE_CLICK
from syndicate.preflight.finding import Finding
from syndicate.preflight.message.links import is_for_readers
from syndicate.reach.request import Bounds, in_time, open_client, request, user_agent

_BOUNDS = Bounds(10.0, 10_000, allow_private=True, permitted_by="site.url")
"""Who set `site.url` may have it asked for; what is told of the answer is its status alone."""

_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "*/*"}


@dataclass(frozen=True, slots=True)
class Clicked:
    """``status`` 0: nobody answered, and ``failure`` says why."""

    status: int = 0
    failure: str = ""


async def click(address: str) -> Clicked:
    """Posts what mail programs post; redirects are not followed, as they do not follow them."""
    headers = {**_FORM, "user-agent": user_agent("one-click check")}
    try:
        async with (
            open_client(_BOUNDS) as client,
            in_time(address, _BOUNDS),
            request(client, "POST", address, headers=headers, content=b"List-Unsubscribe=One-Click") as response,
        ):
            return Clicked(response.status_code)
    except (ReachError, TimeoutError) as error:
        return Clicked(failure=error.reason if isinstance(error, ReachError) else "it does not answer in time")


def written(site: str) -> list[Finding]:
    """What its address alone says against it; nothing when it is as it should be."""
    if not is_for_readers(site):
        return [ONE_CLICK.blocks(f"{site} can’t be reached by readers", "set `site.url` to the public address")]
    if not site.startswith("https://"):
        return [ONE_CLICK.blocks("its address begins with http://", "RFC 8058 wants https://; set `site.url` to it")]
    return []


def judge(clicked: Clicked) -> Finding:
    """Whether a click would have done it."""
    if not clicked.status:
        remedy = "is `syndicate serve` running, and the web server in front of it? From here, that may be unreachable"
        return ONE_CLICK.unchecked(f"the service does not answer at its address: {clicked.failure}", remedy)
    if 300 <= clicked.status < 400:
        return ONE_CLICK.blocks(
            "it leads elsewhere, which mail programs do not follow", "let `site.url` be the last address"
        )
    if not 200 <= clicked.status < 300:
        remedy = "let the web server in front pass POST to /unsubscribe/ on, without asking for anything"
        return ONE_CLICK.blocks(f"it answers {clicked.status}", remedy)
    return ONE_CLICK.fine("a POST was taken, as mail programs send it")
