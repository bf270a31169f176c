"""Writes ``docs/openapi.json``, the document of the API. Called by ``make docs``; a test compares."""

from __future__ import annotations

import json
from pathlib import Path

from syndicate.web.api.api import assembled, document

PAGE = Path(__file__).with_name("openapi.json")


def written() -> str:
    """The document, as a site at news.example has it."""
    return json.dumps(document(assembled(), "https://news.example"), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
