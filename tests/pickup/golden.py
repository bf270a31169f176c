"""Golden pairs: a source file in ``tests/data/pickup`` beside the JSON of the article(s) that it must become."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from syndicate.model import Content

DATA = Path(__file__).parents[1] / "data" / "pickup"


def expected(source: Path) -> Any:
    """What stands in the JSON file of ``source``."""
    return json.loads(source.with_name(source.name + ".golden.json").read_text("utf-8"))


def as_json(contents: Sequence[Content]) -> Any:
    """The contents as their golden file writes them, without originals: fields with nothing in them are left out."""
    rows = [
        {key: value for key, value in asdict(content).items() if value and key != "original"} for content in contents
    ]
    return json.loads(json.dumps(rows, default=lambda instant: instant.isoformat()))
