"""Whether the process that holds a delivery still lives."""

from __future__ import annotations

import subprocess
import sys

from syndicate.delivery.owner import is_dead, new_owner


def test_this_process_lives() -> None:
    assert not is_dead(new_owner())
    assert new_owner() != new_owner()


def test_one_that_ended_is_dead() -> None:
    code = "from syndicate.delivery.owner import new_owner; print(new_owner())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert is_dead(ended.stdout.strip())


def test_nothing_is_known_of_other_machines() -> None:
    assert not is_dead("elsewhere/1/abc")
    assert not is_dead("")
    assert not is_dead("a/b/c")
