"""Coroutines run on uvloop where that is installed."""

from __future__ import annotations

import asyncio

import pytest

from syndicate.jobs import loop


async def _kind() -> str:
    return type(asyncio.get_running_loop()).__module__


def test_uvloop_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("uvloop")
    assert loop.run(_kind()).startswith("uvloop")
    monkeypatch.setattr(loop, "loops", asyncio)
    assert loop.run(_kind()).startswith("asyncio")
