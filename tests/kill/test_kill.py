"""A few kills of a sending process: nobody is lost, and what is repeated is bounded. ``make kill-test`` does many."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kill.trial import Trial


@pytest.mark.parametrize(
    "chunking", [pytest.param(False, id="data"), pytest.param(True, id="chunks", marks=pytest.mark.long)]
)
def test_kill_9_loses_nobody_and_repeats_little(tmp_path: Path, chunking: bool) -> None:
    trial = Trial(tmp_path, kills=3, readers=400, connections=4, seed=1, chunking=chunking)
    result = trial.run()
    assert result.broken == []
    assert (result.kills, result.lost, result.accepted) == (3, 0, result.planned)
    assert result.repeats <= trial.bound
