"""What of a text answers a query, as HTML with the words in ``<mark>``. Everything else is escaped. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from markupsafe import Markup, escape

from syndicate.render.filters import clip
from syndicate.store.words import Query, written_words

LENGTH = 260
"""Characters of an excerpt."""

_BEFORE = 70
_READ = 20_000
_Span = tuple[int, int]


def marked(text: str, query: Query) -> Markup:
    """All of a text on one line, such as a title."""
    line = " ".join(text.split())
    return _written(line, found(line, query))


def excerpt(text: str, query: Query) -> Markup | None:
    """The part around the first place that fits, None when there is none near the beginning."""
    line = " ".join(text[:_READ].split())
    first = next(found(line, query), None)
    if first is None:
        return None
    begin = max(0, first[0] - _BEFORE)
    if begin:
        begin = line.find(" ", begin, first[0]) + 1 or first[0]
    shown = clip(line[begin:], LENGTH)
    return (Markup("…") if begin else Markup()) + _written(shown, found(shown, query))


def found(text: str, query: Query) -> Iterator[_Span]:
    """Where the query's phrases stand, in order; such places may overlap."""
    lasts = [deque[tuple[str, int, int]](maxlen=len(phrase)) for phrase in query.phrases]
    for word in written_words(text):
        for number, last in enumerate(lasts):
            last.append(word)
            if len(last) == last.maxlen and query.fits(number, [one for one, _, _ in last]):
                yield last[0][1], word[2]


def _written(text: str, spans: Iterable[_Span]) -> Markup:
    pieces, end = [], 0
    for start, stop in sorted(islice(spans, LENGTH)):
        if stop > end:
            begin = max(start, end)
            pieces += [escape(text[end:begin]), Markup("<mark>%s</mark>") % text[begin:stop]]
            end = stop
    return Markup().join([*pieces, escape(text[end:])])
