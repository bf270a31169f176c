"""The files that ``syndicate init`` and ``syndicate demo`` hand out; package data beside this file."""

from __future__ import annotations

from pathlib import Path


def samples() -> Path:
    """The folder that holds them: ``init/``, laid out as a new site, and ``demo/``, with ``@SITE@`` for its address."""
    return Path(__file__).resolve().parent


def example_subscribers() -> Path:
    """The example of a file of subscribers: beside this file when installed, else at the checkout's top."""
    inside = samples() / "subscribers.example.csv"
    return inside if inside.is_file() else samples().parent.parent / inside.name
