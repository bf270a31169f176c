"""How hubs of others and the built-in one do, and what a run told them, for the commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from syndicate.app import App
from syndicate.cli.terminal import local, plural, tell
from syndicate.store import Connection, followers, hubs, intents
from syndicate.websub.announced import Announced

_SHOWN = 5


def standing(app: App, connection: Connection) -> dict[str, Any]:
    """Each hub of others that is set and was ever told of something, and who follows by the built-in one, if it is
    set, for machines."""
    internal = {
        "followers": followers.count(connection),
        "to_be_asked": intents.count_new(connection),
        "failing": [
            {"host": host, "failures": failures, "error": error}
            for host, failures, error in followers.failing(connection, _SHOWN)
        ],
    }
    return {
        "hubs": [asdict(one) for one in hubs.standing(connection) if one.address in app.settings.hubs],
        "internal": internal if app.settings.websub.is_internal else None,
    }


def tell_standing(found: Mapping[str, Any]) -> None:
    """The same for people."""
    for hub in found["hubs"]:
        if hub["failures"]:
            waiting = f"{plural(hub['waiting'], 'feed')} waiting, next try {local(hub['next_at'])}"
            times = plural(hub["failures"], "time")
            tell("failing", f"hub {hub['address']}: {hub['error']} ({times}); {waiting}", style="yellow")
        elif hub["succeeded_at"]:
            tell("hub", f"{hub['address']}: told until {local(hub['succeeded_at'])}")
    if internal := found["internal"]:
        tell("hub", f"{plural(internal['followers'], 'follower')}, {internal['to_be_asked']} to be asked")
        for one in internal["failing"]:
            about = f"a follower at {one['host']}: {one['error']} ({plural(one['failures'], 'time')})"
            tell("failing", about, style="yellow")


def tell_announced(done: Announced) -> None:
    """What hubs, callbacks and followers were told; nothing where there was nothing to tell."""
    names = {"pinged": "to hubs", "distributed": "to followers", "verified": "verified", "refused": "refused"}
    names |= {"failed": "put off", "dropped": "dropped"}
    said = [f"{getattr(done, name)} {words}" for name, words in names.items() if getattr(done, name)]
    if said:
        tell("announced", ", ".join(said))
    for problem in done.problems:
        tell("failing", f"hub {problem}; it is tried again later", style="yellow")
