"""What was answered → whether links lead somewhere, and images are light enough. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from syndicate.preflight.finding import Finding, grouped
from syndicate.preflight.message.asking import HEAVY, Answer
from syndicate.preflight.message.checks import IMAGE_SIZE, LINKS

_GONE = frozenset({404, 410})
_SHY = frozenset({401, 402, 403, 405, 406, 407, 429, 451, 999})
"""Answers to programs, from which nothing follows for people."""

_MOST = 10
_LONGEST = 160


def links(addresses: Sequence[str], answers: Mapping[str, Answer]) -> list[Finding]:
    """Of each address that does not simply answer; of the others, how many they are."""
    found = [one for address in addresses if (one := _link(address, answers.get(address)))]
    good, told = len(addresses) - len(found), grouped(found)[:_MOST]
    findings = [one for one, _ in told]
    if more := len(found) - sum(count for _, count in told):
        findings.append(
            LINKS.warns(f"and {more} more links are not as they should be", "mend the first, and look again")
        )
    if good or not found:
        findings.append(LINKS.fine(f"{good} {'leads' if good == 1 else 'lead'} where they should"))
    return findings


def images(sources: Sequence[str], answers: Mapping[str, Answer]) -> list[Finding]:
    """Of each image that is too heavy, or not there."""
    found = [one for source in sources if (one := _image(source, answers.get(source)))]
    return found[:_MOST] or [IMAGE_SIZE.fine(f"{len(sources)} images, none of more than {HEAVY // 1000} kB")]


def _link(address: str, answer: Answer | None) -> Finding | None:
    where = _short(address)
    if answer is None:
        return LINKS.unchecked("it was not asked for: there are too many, or it took too long", "look again", where)
    if not answer.status:
        if "is not known" in answer.failure:
            return LINKS.blocks(answer.failure, "mend the address", where)
        if "not public" in answer.failure:
            return LINKS.unchecked(answer.failure, "make sure that readers can reach it", where)
        return LINKS.warns(answer.failure, "open it; mend it, or take it out", where)
    if answer.status in _GONE:
        return LINKS.blocks(f"it is not there ({answer.status})", "mend the address, or take it out", where)
    if answer.status in _SHY:
        return LINKS.unchecked(f"it does not answer programs ({answer.status})", "open it yourself", where)
    if answer.status >= 400:
        return LINKS.warns(f"it answers {answer.status}", "open it; mend it, or take it out", where)
    if answer.final != address:
        return _redirected(address, answer, where)
    return None


def _redirected(address: str, answer: Answer, where: str) -> Finding | None:
    """A page deep in a site that leads to its front is gone; one that moved for good has a better address."""
    try:
        before, after = urlsplit(address), urlsplit(answer.final)
    except ValueError:
        return None
    if before.path.strip("/") and not after.path.strip("/"):
        return LINKS.warns(
            f"it leads to the front page, {_short(answer.final)}", "look whether it is still there", where
        )
    if answer.is_for_good:
        return LINKS.warns(f"it moved for good, to {_short(answer.final)}", "link there", where)
    return None


def _image(source: str, answer: Answer | None) -> Finding | None:
    where = _short(source)
    if answer is None:
        return IMAGE_SIZE.unchecked(
            "it was not asked for: there are too many, or it took too long", "look again", where
        )
    if not answer.status or answer.status in _SHY:
        said = answer.failure or f"it does not answer programs ({answer.status})"
        return IMAGE_SIZE.unchecked(said, "look at it in a mail to yourself", where)
    if answer.status >= 400:
        return IMAGE_SIZE.blocks(f"it is not there ({answer.status})", "mend its address, or take it out", where)
    if answer.kind and not answer.kind.lower().startswith(("image/", "application/octet-stream")):
        return IMAGE_SIZE.warns(f"it is {answer.kind[:60]}, no image", "mend its address", where)
    if answer.size is not None and answer.size > HEAVY:
        return IMAGE_SIZE.warns(
            f"{answer.size / 1000:,.0f} kB or more", "make it smaller; 1,200 pixels are enough", where
        )
    return None


def _short(address: str) -> str:
    return address if len(address) <= _LONGEST else f"{address[:_LONGEST]}…"
