"""Draws ``docs/images/console/*.png``: the console's pages, on a phone and a desk, light and dark.

``make screenshots`` calls it. The newsroom on them is the one of ``tests/scene.py``. Names of pages
as arguments draw these alone; ``--to`` elsewhere. What axe finds serious on any of them is told, and fails.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Literal

import structlog
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import text

from syndicate.model import Role
from tests.scene import Scene, scene
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom, serving

FOLDER = Path(__file__).with_name("images") / "console"
WIDTHS = {"desk": 1280, "phone": 390}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_TALLEST = 2000
"""Of a picture, in CSS pixels; what lies below is left out."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, and what is done there before it is drawn: buttons pressed, by their names."""

    name: str
    path: str
    press: tuple[str, ...] = ()
    signed_in: bool = True


SHOTS = (
    Shot("sign-in", "/console/sign-in", signed_in=False),
    Shot("account", "/console/account"),
    Shot("users", "/console/users"),
    Shot("users-new", "/console/users/new"),
    Shot("health", "/console/health"),
    Shot("acts", "/console/health/acts"),
    Shot("tokens", "/console/users/tokens"),
    Shot("today", "/console"),
    Shot("articles", "/console/articles"),
    Shot("digests", "/console/digests"),
    Shot("digest-draft", "/console/digests/upcoming/daily/daily"),
    Shot("digest-waiting", "/console/digests/{waiting}/draft"),
    Shot("digest-approve", "/console/digests/{waiting}/approve"),
    Shot("digest-check", "/console/digests/{waiting}/check", ("Ask the network, too",)),
    Shot("article", "/console/articles/{article}"),
    Shot("article-words", "/console/articles/{article}/words"),
    Shot("article-new", "/console/articles/new"),
    Shot("digest", "/console/digests/{digest}"),
    Shot("digest-results", "/console/digests/{digest}/results"),
    Shot("digest-domains", "/console/digests/{digest}/domains"),
    Shot("digest-cancel", "/console/digests/{waiting}/cancel"),
    Shot("send-now", "/console/digests/now?newsletter=daily"),
    Shot("article-text", "/console/articles/{article}/text"),
    Shot("settings", "/console/settings"),
    Shot("settings-newsletter", "/console/settings/newsletters/daily"),
    Shot("settings-source", "/console/settings/sources/newsroom"),
    Shot("settings-all", "/console/settings/all"),
    Shot("settings-versions", "/console/settings/versions"),
    Shot("templates", "/console/templates"),
    Shot("template", "/console/templates/edit/email/digest/body.html"),
    Shot("subscribers", "/console/subscribers"),
    Shot("subscriber", "/console/subscribers/{subscriber}"),
    Shot("subscribers-growth", "/console/subscribers/growth"),
    Shot("subscribers-import", "/console/subscribers/import"),
)


def main() -> int:
    """Draws them; returns 1 when a page could not be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which pages")
    parser.add_argument("--to", type=Path, default=FOLDER, help="the folder for the pictures")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    given.to.mkdir(parents=True, exist_ok=True)
    chosen = [one for one in SHOTS if not given.names or one.name in given.names]
    failed = 0
    with TemporaryDirectory() as folder, scene(Path(folder)) as made, serving(made.app) as room:
        ids = _ids(made)
        with _browser() as browser:
            for shot in chosen:
                failed += not _draw(browser, room, shot, shot.path.format(**ids), given.to)
    return 1 if failed else 0


def _ids(made: Scene) -> dict[str, int]:
    queries = {
        "digest": "SELECT max(id) FROM digests WHERE state IN ('sent', 'sending')",
        "waiting": "SELECT max(id) FROM digests WHERE state = 'review'",
        "article": "SELECT max(id) FROM articles",
        "subscriber": "SELECT min(subscriber_id) FROM returns",
    }
    with made.app.store.read() as connection:
        return {name: connection.execute(text(query)).scalar_one() or 0 for name, query in queries.items()}


def _draw(browser: Browser, room: Pressroom, shot: Shot, path: str, folder: Path) -> bool:
    fine = True
    for kind, width in WIDTHS.items():
        for theme in THEMES:
            context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
            if shot.signed_in:
                Console(room, Role.OPERATOR).enter(context)
            page = context.new_page()
            answer = page.goto(f"{room.client.base_url}{path}")
            if answer is None or answer.status != 200:
                sys.stderr.write(f"{shot.name}: {path} answered {answer and answer.status}\n")
                fine = False
            for button in shot.press:
                page.get_by_role("button", name=button).first.click()
                expect(page.locator(".htmx-request")).to_have_count(0, timeout=60_000)
            violations = Axe().run(page).response["violations"]
            serious = [one["id"] for one in violations if one["impact"] in ("serious", "critical")]
            if serious:
                sys.stderr.write(f"{shot.name}, {kind}, {theme}: {', '.join(serious)}\n")
                fine = False
            (folder / f"{shot.name}-{kind}-{theme}.png").write_bytes(_picture(page, width))
            context.close()
    return fine


def _picture(page: Page, width: int) -> bytes:
    """Few colours are enough, and a tenth of the size."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), _TALLEST)
    page.set_viewport_size({"width": width, "height": max(height, 400)})
    drawn = BytesIO()
    with Image.open(BytesIO(page.screenshot())) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


@contextmanager
def _browser() -> Iterator[Browser]:
    chromium = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("a browser is needed, and none was found: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


if __name__ == "__main__":
    sys.exit(main())
