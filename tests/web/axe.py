"""What axe finds in a page."""

from __future__ import annotations

from functools import cache
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

ALL: dict[str, Any] = {"resultTypes": ["violations"]}
"""Against WCAG 2.2 A and AA and its own best practices."""


def violations(page: Page, options: dict[str, Any] = ALL) -> list[dict[str, Any]]:
    """As axe tells them; it is brought into a page once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options).then(ran => ran.violations)", options)
    return found


@cache
def _script() -> str:
    script: str = Axe().axe_script
    return script
