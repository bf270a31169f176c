"""Links as they are written: do they lead anywhere, do they say where, do they go by shorteners? Pure."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urlsplit

from syndicate.preflight.finding import Finding, grouped
from syndicate.preflight.message.checks import LINK_SHAPES, SHORTENERS
from syndicate.preflight.message.page import Link, Page
from syndicate.reach.addresses import is_public

_SHORTENERS = frozenset(
    {
        "bit.ly",
        "buff.ly",
        "cutt.ly",
        "goo.gl",
        "is.gd",
        "lnkd.in",
        "ow.ly",
        "rb.gy",
        "rebrand.ly",
        "s.id",
        "shorturl.at",
        "t.co",
        "t.ly",
        "tiny.cc",
        "tinyurl.com",
        "v.gd",
    }
)
_LOCAL = re.compile(r"(?:.*\.)?(?:localhost|local|internal|lan|home\.arpa)\.?", re.IGNORECASE)
_HOST_IN_WORDS = re.compile(
    r"(?:https?://)?((?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z]{2,24})(?:[/:?#].*)?", re.IGNORECASE
)
_FILES = frozenset({"md", "py", "txt", "js", "html", "htm", "pdf", "jpg", "png", "csv", "zip", "exe", "toml", "json"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,40}):")
_WEB = ("http://", "https://")
_MOST = 8


def link_shapes(page: Page) -> list[Finding]:
    """Those that lead nowhere, or elsewhere than they say."""
    found = [one for link in dict.fromkeys(page.links) for one in _wrong(link)]
    return [one for one, _ in grouped(found)][:_MOST] or [
        LINK_SHAPES.fine(f"{len(page.links)} links, all as they should be")
    ]


def shorteners(page: Page) -> list[Finding]:
    """Those that hide where they lead."""
    hosts = sorted({host for link in page.links if (host := host_of(link.address)) in _SHORTENERS})
    if hosts:
        return [SHORTENERS.warns(f"there are links by {', '.join(hosts)}", "link to where it leads")]
    return [SHORTENERS.fine("there are none")]


def host_of(address: str) -> str:
    """The host of an address, in lower case and without ``www.``; empty when it has none."""
    try:
        host = urlsplit(address.strip()).hostname or ""
    except ValueError:
        return ""
    return host.lower().rstrip(".").removeprefix("www.")


def is_for_readers(address: str) -> bool:
    """Whether anyone on the internet could reach that host, by how it is written."""
    host = host_of(address)
    try:
        return is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        return bool(host) and "." in host and not _LOCAL.fullmatch(host)


def _wrong(link: Link) -> list[Finding]:
    shown = link.address[:100]
    where = f"“{link.words[:40]}”" if link.words else shown
    if link.address in ("", "#"):
        return [LINK_SHAPES.warns("it leads nowhere", "give it an address, or take it out", where)]
    if link.address.startswith("#"):
        return []
    scheme = _SCHEME.match(link.address)
    if not scheme:
        return [LINK_SHAPES.blocks(f"{shown} needs a page around it, and a mail has none", "use https://", where)]
    match scheme[1].lower():
        case "http" | "https":
            return _wrong_on_the_web(link, where)
        case "mailto" | "tel" | "sms":
            return []
        case other:
            return [LINK_SHAPES.blocks(f"{other}: links are taken out of mails", "use https://", where)]


def _wrong_on_the_web(link: Link, where: str) -> list[Finding]:
    host = host_of(link.address)
    if not host:
        return [LINK_SHAPES.blocks(f"{link.address[:100]} is no address", "mend it", where)]
    if not is_for_readers(link.address):
        return [LINK_SHAPES.blocks(f"{host} can’t be reached by readers", "use the public address", where)]
    found = []
    if "@" in _authority(link.address):
        found.append(LINK_SHAPES.warns("it has a user’s name in it, as fraud does", "take that out", where))
    if _is_number(host):
        found.append(LINK_SHAPES.warns(f"it leads to a number, {host}", "use a name", where))
    if (said := _host_said(link.words)) and not _is_same_site(said, host):
        found.append(LINK_SHAPES.warns(f"it says {said} and leads to {host}", "let it say where it leads", where))
    return found


def _host_said(words: str) -> str:
    """The host that a link's words name, when they are an address and nothing else."""
    match = _HOST_IN_WORDS.fullmatch(words.strip()) if len(words) < 300 else None
    if not match or match[1].rpartition(".")[2].lower() in _FILES:
        return ""
    return match[1].lower().removeprefix("www.")


def _is_same_site(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _authority(address: str) -> str:
    try:
        return unquote(urlsplit(address).netloc)
    except ValueError:
        return ""


def linked(page: Page, own: frozenset[str]) -> list[str]:
    """The addresses of the web that it links to, but for the service's ``own``, each once and without its fragment."""
    found = (link.address.partition("#")[0] for link in page.links)
    return list(dict.fromkeys(one for one in found if one.startswith(_WEB) and one not in own))


def shown(page: Page) -> list[str]:
    """The addresses of the web that its images are at."""
    return list(dict.fromkeys(image.source for image in page.images if image.source.startswith(_WEB)))
