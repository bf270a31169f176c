from __future__ import annotations

import subprocess
import sys

from syndicate.delivery.owner import is_dead, new_owner

SAY = "from syndicate.delivery.owner import new_owner; print(new_owner(), flush=True); input()"


def test_a_living_process_is_not_dead() -> None:
    assert not is_dead(new_owner())
    assert new_owner() != new_owner()


def test_a_process_is_dead_when_it_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        owner = child.stdout.readline().strip()
        assert not is_dead(owner)
        child.kill()
        child.wait()
        assert is_dead(owner)


def test_nothing_is_known_of_processes_elsewhere() -> None:
    _, _, rest = new_owner().partition("/")
    assert not is_dead(f"another.host/{rest}")
    assert not is_dead("nonsense")
