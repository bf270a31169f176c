"""A corpus of real returned mail, where one is at hand: ``SYNDICATE_BOUNCES`` names its folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.bounces import ours, score

FOLDER = Path(os.environ.get("SYNDICATE_BOUNCES", ""))


@pytest.mark.skipif(not (FOLDER / "labels.json").is_file(), reason="SYNDICATE_BOUNCES names no corpus")
def test_most_of_a_real_corpus_is_read() -> None:
    result = score(FOLDER, ours)
    assert result.found / result.recipients >= 0.95, result.wrong
    assert result.right / result.found >= 0.9, result.wrong
    assert result.kinds / result.mails >= 0.95, result.wrong
