"""``/console/articles``: what was picked up, newest first, by state, source, tag and words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.model import ArticleState
from syndicate.store import browse
from syndicate.store.browse import Listed, Place, Wanted
from syndicate.store.engine import fulltext
from syndicate.store.words import LONGEST_QUERY, parse
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

ON_A_PAGE = 50
MOST_TAGS = 200
"""So many tags are suggested; any other can be typed."""

MOST_DIGESTS = 2
"""Of those that have an article, the newest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"(-?[0-9]{1,17})\.([0-9]{1,18})", re.ASCII)


class ArticleList:
    """Lists articles."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/articles", Right.VIEW, self.listed)

    def listed(self, visit: Visit) -> Response:
        """``?state=``, ``?source=``, ``?tag=`` and ``?q=`` say which, ``?after=`` after which one."""
        asked = visit.query
        typed = " ".join(asked.get("q", "").replace("\0", " ").split())[:LONGEST_QUERY]
        chosen = {
            "state": _state(asked.get("state", "")).value,
            "source": _line(asked.get("source", "")),
            "tag": _line(asked.get("tag", "")),
            "q": typed,
        }
        query = parse(typed)
        wanted = Wanted(state=_state(chosen["state"]), source=chosen["source"], tag=chosen["tag"], query=query)
        after = _place(asked.get("after", ""))
        with self._app.store.read() as connection:
            found = [] if typed and not query else browse.page(connection, wanted, after=after, limit=ON_A_PAGE + 1)
            shown = found[:ON_A_PAGE]
            among = browse.appeared(connection, [one.id for one in shown], most=MOST_DIGESTS)
            counts = browse.states(connection, wanted.source)
            tags = browse.tags(connection, most=MOST_TAGS)
        settings = self._app.settings
        return self._desk.show(
            visit,
            "articles/list.html",
            section="articles",
            articles=shown,
            digests=among,
            titles={one.slug: one.title for one in settings.newsletters},
            chosen=chosen,
            is_narrowed=bool(wanted.source or wanted.tag or typed),
            states=[(state.value, counts.get(state, 0)) for state in ArticleState],
            sources=[one.name for one in settings.sources],
            tags=tags,
            folders=[one.name for one in settings.sources if one.kind == "folder"],
            most=fulltext.CANDIDATES,
            newest_url=_address(chosen) if after else None,
            next_url=_address(chosen, shown[-1]) if len(found) > ON_A_PAGE else None,
        )


def _address(chosen: dict[str, str], last: Listed | None = None) -> str:
    """The list as it was chosen, from its beginning or after that one."""
    after = f"{(last.dated_at - _EPOCH) // _MICROSECOND}.{last.id}" if last else ""
    given = {name: value for name, value in {**chosen, "after": after}.items() if value}
    return f"?{urlencode(given)}"


def _place(text: str) -> Place | None:
    """Where a page begins; what is no such place is the beginning."""
    match = _PLACE.fullmatch(text)
    try:
        return Place(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None
    except OverflowError:
        return None


def _state(text: str) -> ArticleState:
    return next((one for one in ArticleState if one == text), ArticleState.CURRENT)


def _line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())[:200]
