"""What to do with what a source shows now, given what is known of it. Pure; pick-up acts on the answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.model import ArticleState, Content

_OLDEST = datetime.min.replace(tzinfo=UTC)
_SHORT = 5
"""Texts of fewer words than this are compared by link only: stubs and captions are alike without being the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored of one article of the source."""

    id: int
    guid: str
    state: ArticleState
    content_hash: str
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Every content that the source shows stands in exactly one place (``unchanged`` only counts).

    ``new``: number them in this order, oldest first. ``remembered``: in feeds, without number. ``held``: wait for an
    operator. ``changed``, ``moved``, ``returned``: the article's id and its content now; whatever state it has
    (held, duplicate) stays, except that a returned one is no longer withdrawn. ``duplicates``: the content, and the
    id of the article that was first, or the guid of the content in this decision that was. ``withdrawn``: ids.
    A file renamed while it was withdrawn is ``moved`` and is no longer withdrawn either.
    """

    new: tuple[Content, ...] = ()
    remembered: tuple[Content, ...] = ()
    held: tuple[Content, ...] = ()
    changed: tuple[tuple[int, Content], ...] = ()
    moved: tuple[tuple[int, Content], ...] = ()
    returned: tuple[tuple[int, Content], ...] = ()
    duplicates: tuple[tuple[Content, int | str], ...] = ()
    withdrawn: tuple[int, ...] = ()
    unchanged: int = 0


def decide(
    contents: Sequence[Content],
    known: Iterable[Known],
    seen: Mapping[str, int],
    *,
    first: bool,
    first_pickup: int,
    hold_over: int,
    complete: bool,
    present: Collection[str] = (),
) -> Decision:
    """Compare ``contents`` with what is ``known`` of the same source and ``seen`` in all others.

    ``seen`` maps fingerprints (see ``fingerprints``) to the article that had them first. ``first`` says that the
    source was never picked up before: then the newest ``first_pickup`` are new, and the rest is remembered.
    Otherwise more than ``hold_over`` new ones are all held. ``complete`` says that what is not shown, and not
    ``present`` (in a folder, but not readable now), is gone: true of folders, never of feeds, which roll off.
    """
    by_guid = {one.guid: one for one in known}
    shown = list({content.guid: content for content in reversed(contents)}.values())[::-1]
    there = {content.guid for content in shown} | set(present)
    gone = [one for one in by_guid.values() if one.guid not in there] if complete else []
    unclaimed = {one.content_hash: one for one in reversed(gone)}

    changed: list[tuple[int, Content]] = []
    returned: list[tuple[int, Content]] = []
    moved: list[tuple[int, Content]] = []
    fresh: list[Content] = []
    unchanged = 0
    for content in shown:
        stored = by_guid.get(content.guid)
        if stored is None:
            old = unclaimed.pop(content.content_hash, None)
            if old:
                moved.append((old.id, content))
            else:
                fresh.append(content)
        elif stored.state == ArticleState.WITHDRAWN:
            returned.append((stored.id, content))
        elif stored.content_hash != content.content_hash:
            changed.append((stored.id, content))
        else:
            unchanged += 1

    fresh.sort(key=dated_at)
    firsts, duplicates = _duplicates(fresh, seen)
    split = max(0, len(firsts) - first_pickup) if first else 0
    hold = not first and len(firsts) > hold_over
    still_there = {article_id for article_id, _ in moved}
    return Decision(
        new=() if hold else tuple(firsts[split:]),
        remembered=tuple(firsts[:split]),
        held=tuple(firsts) if hold else (),
        changed=tuple(changed),
        moved=tuple(moved),
        returned=tuple(returned),
        duplicates=tuple(duplicates),
        withdrawn=tuple(one.id for one in gone if one.id not in still_there and one.state != ArticleState.WITHDRAWN),
        unchanged=unchanged,
    )


def dated_at(content: Content) -> datetime:
    """When a content says it was published; one that does not say comes before all others."""
    return content.published_at or content.updated_at or _OLDEST


def fingerprints(content: Content) -> tuple[str, ...]:
    """What makes two articles the same: their canonical link, or their title and text but for case and punctuation.

    The link's scheme, ``www.``, fragment, tracking parameters and final slash do not count.
    """
    found = []
    if content.url:
        found.append("link:" + _digest(_canonical(content.url)))
    words = re.findall(r"\w+", re.sub(r"<https?://[^\s<>]+>", " ", content.text).casefold())
    if len(words) >= _SHORT:
        title = re.findall(r"\w+", content.title.casefold())
        found.append("text:" + _digest(" ".join([*title, "/", *words])))
    return tuple(found)


def _canonical(url: str) -> str:
    address, _, query = url.partition("#")[0].partition("?")
    address = re.sub(r"^https?://(?:www\.)?", "", address).rstrip("/")
    host, slash, path = address.partition("/")
    kept = [part for part in query.split("&") if part and not re.match(r"utm_|fbclid=|gclid=|mc_[ce]id=", part)]
    return f"{host.casefold()}{slash}{path}?{'&'.join(sorted(kept))}"


def _duplicates(
    fresh: Iterable[Content], seen: Mapping[str, int]
) -> tuple[list[Content], list[tuple[Content, int | str]]]:
    """Separate the contents that another article, or an earlier one of ``fresh``, already brought."""
    firsts: list[Content] = []
    duplicates: list[tuple[Content, int | str]] = []
    here: dict[str, str] = {}
    for content in fresh:
        marks = fingerprints(content)
        original: int | str | None = next((seen[mark] for mark in marks if mark in seen), None)
        if original is None:
            original = next((here[mark] for mark in marks if mark in here), None)
        if original is None:
            firsts.append(content)
            here |= dict.fromkeys(marks, content.guid)
        else:
            duplicates.append((content, original))
    return firsts, duplicates


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
