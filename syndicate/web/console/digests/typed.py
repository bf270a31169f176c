"""What was typed into the form of a draft. Pure. Called by ``drafts``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from syndicate.model import Choice, Chosen, Draft
from syndicate.pickup.clean import one_line
from syndicate.render.text import printable
from syndicate.web.fields import Fields

MOST = 400
"""Articles in one form."""

LONGEST = {"subject": 200, "preheader": 300, "intro": 20_000}
"""Characters."""

_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_PLACE = re.compile(r"-?[0-9]{1,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """An article in the form: whether it is ``in``, ``out`` or for ``later``, and its place if it was moved."""

    article_id: int
    say: str = "in"
    place: int | None = None


def words(form: Fields, draft: Draft) -> Draft:
    """The draft, with the words that were typed."""
    intro = printable(form.one("intro").replace("\r\n", "\n")).strip()
    return replace(draft, subject=one_line(form.one("subject")), preheader=one_line(form.one("preheader")), intro=intro)


def problems(draft: Draft) -> dict[str, str]:
    """Field → what is wrong with it."""
    texts = {"subject": draft.subject, "preheader": draft.preheader, "intro": draft.intro}
    return {
        name: f"{len(text):,} characters; it may have {LONGEST[name]:,}"
        for name, text in texts.items()
        if len(text) > LONGEST[name]
    }


def rows(form: Fields) -> list[Row]:
    """The articles, in the order in which they stood there."""
    ids = dict.fromkeys(int(one) for one in form.all("article")[:MOST] if _ID.fullmatch(one))
    return [Row(one, _say(form.one(f"say-{one}")), _place(form.one(f"place-{one}"))) for one in ids]


def moved(given: Sequence[Row], how: str, article_id: int) -> list[Row]:
    """The rows after an article went ``up``, ``down`` or to the ``top``: that and what is above has places now."""
    inside = [row for row in given if row.say == "in"]
    at = next((n for n, row in enumerate(inside) if row.article_id == article_id), None)
    if at is None:
        return list(given)
    to = max(0, min(len(inside) - 1, {"up": at - 1, "down": at + 1}.get(how, 0)))
    inside.insert(to, inside.pop(at))
    placed = max((n for n, row in enumerate(inside) if row.place is not None), default=-1)
    last = max(placed, min(at, to))
    inside = [replace(row, place=n + 1) if n <= last else row for n, row in enumerate(inside)]
    return [*inside, *(row for row in given if row.say != "in")]


def chosen(given: Iterable[Row], coming: Collection[int]) -> tuple[Chosen, ...]:
    """What the rows say; ``coming`` would be in it anyway, so that need not be said."""
    found = []
    for row in given:
        is_coming = row.article_id in coming
        if row.say == "later":
            found.append(Chosen(row.article_id, Choice.POSTPONED))
        elif row.say == "in" and not is_coming:
            found.append(Chosen(row.article_id, Choice.ADDED, row.place))
        elif row.say == "in" and row.place is not None:
            found.append(Chosen(row.article_id, Choice.KEPT, row.place))
        elif row.say == "out" and is_coming:
            found.append(Chosen(row.article_id, Choice.LEFT_OUT))
    return tuple(found)


def _say(text: str) -> str:
    return text if text in ("out", "later") else "in"


def _place(text: str) -> int | None:
    return int(text) if _PLACE.fullmatch(text) else None
