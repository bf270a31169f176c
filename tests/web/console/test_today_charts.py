"""Today's charts: which lines there are, and that each has its numbers beside it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import update

from syndicate.model import Return, ReturnKind
from syndicate.settings import Newsletter
from syndicate.store import growth, returns
from syndicate.store.growth import Day
from syndicate.store.schema import digests
from syndicate.web.console.today.charts import readers
from tests.feeds.newsroom import NOON, SENDER
from tests.store.test_remedies import keep
from tests.web.console.deskroom import Console, look
from tests.web.pressroom import serve

MONDAY = date(2026, 3, 2)


def named(*slugs: str) -> dict[str, Newsletter]:
    return {one: Newsletter(slug=one, title=one.upper(), sender=SENDER, cadences={"d": "0 7 * * *"}) for one in slugs}


def test_the_largest_newsletters_have_lines_of_their_own() -> None:
    kept = [Day(slug, MONDAY, n, 0, 0) for n, slug in enumerate("abcdefg")]
    kept += [Day("g", MONDAY + timedelta(days=2), 60, 0, 0), Day("f", MONDAY + timedelta(days=2), 50, 0, 0)]
    chart = readers(kept, named(*"abcdefg"))
    assert chart.labels == ("2 Mar", "3 Mar", "4 Mar")
    found = {one.name: one.values for one in chart.series}
    assert found == {
        "G": (6, 6, 60),
        "F": (5, 5, 50),
        "E": (4, 4, 4),
        "D": (3, 3, 3),
        "2 others": (3, 3, 3),
    }
    assert readers([], named("a")).series == ()


def test_they_are_on_the_page_with_their_numbers(tmp_path: Path, browser: Browser) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        digest_id = keep(room.app.store, names=("accepted", "accepted", "rejected"))
        with room.app.store.write() as connection:
            connection.execute(update(digests).values(subject="Ferry <b>", due_at=NOON))
            growth.save(connection, [Day("daily", NOON.date(), 2, 1, 0)])
            back = Return(
                kind=ReturnKind.HARD,
                subscriber_id=digest_id * 100,
                delivery_id=digest_id * 100,
                reason="r",
                source="mail",
                came_at=NOON,
            )
            returns.add(connection, back)
        context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
        Console(room).enter(context)
        page = context.new_page()
        page.goto(f"{room.client.base_url}/console")
        pictures = page.get_by_role("img")
        assert [one.get_attribute("aria-labelledby") for one in pictures.all()] == [
            "readers-t readers-d",
            "outcomes-t outcomes-d",
            "returns-t returns-d",
        ]
        for one in page.get_by_text("Numbers").all():
            one.click()
        rows = [one.inner_text().split("\t") for one in page.locator(".charted tr:has(th[scope=row])").all()]
        assert rows == [["2 Mar", "2"], ["2 Mar, Ferry <b>", "2", "1"], ["2 Mar, Ferry <b>", "1"]]
        look(page, "charts")
        context.close()
