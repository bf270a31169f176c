"""Writes settings files for the tests that read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CADENCES = {"daily": "0 7 * * *", "weekly": "0 7 * * mon", "instant": True}
NEWSLETTER = {
    "slug": "brief",
    "title": "The Brief",
    "sender": "Lakeside Courier <news@lakeside.example>",
    "cadences": CADENCES,
}
SECRET = "a secret for tests that is long enough"


def write_settings(directory: Path, /, **sections: Any) -> Path:
    """``syndicate.toml`` with one folder and one newsletter, ``sections`` laid over it; returns the file."""
    values: dict[str, Any] = {
        "site": {
            "name": "Lakeside Courier",
            "url": "https://news.lakeside.example",
            "postal_address": "1 Quay Street, Lakeside",
            "secret": SECRET,
        },
        "smtp": {"url": "smtp://127.0.0.1:9"},
        "sources": [{"name": "newsroom", "kind": "folder", "path": "articles"}],
        "newsletters": [NEWSLETTER],
    }
    file = directory / "syndicate.toml"
    file.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in (values | sections).items()), "utf-8")
    return file


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(map(_toml, value)) + " ]"
    return json.dumps(value, ensure_ascii=False)
