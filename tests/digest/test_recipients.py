"""Recipients are counted by what they chose."""

from __future__ import annotations

from syndicate.digest.compose import Composition
from syndicate.digest.recipients import Share, count
from syndicate.store.digests import Group
from syndicate.store.mailable import Aside


def test_groups_of_one_choice_are_one_share() -> None:
    old, new, some, none = (
        Group("daily", 1, "", 10),
        Group("daily", 2, "", 5),
        Group("weekly", 1, "harbour\nsport", 30),
        Group("daily", 3, "", 7),
    )
    found = Composition((((1, 2, 3), (old,)), ((3,), (new, some)), ((), (none,))))
    counted = count(found, {("daily", 1, ""): Aside(fed=2, suppressed=1), ("daily", 3, ""): Aside(fed=1)})
    assert counted.shares == (
        Share("weekly", ("harbour", "sport"), mails=30, articles=(1, 1)),
        Share("daily", (), mails=12, fed=2, suppressed=1, nothing=7, articles=(1, 3)),
    )
    assert (counted.mails, counted.fed, counted.suppressed, counted.nothing) == (42, 2, 1, 7)
