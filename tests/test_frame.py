"""The repository's frame: what must be at its top, and lock files that can be trusted anywhere."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("run.txt", "dev.txt")


def pins(lock: str) -> dict[str, str]:
    """Name = all that is said of it, its line and the indented ones that follow."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", "")
    return {re.split(r"[=\[; ]", line)[0]: line for line in text.splitlines() if line and not line.startswith("#")}


def normalised(requirement: str) -> str:
    """The project's name as the lock writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~!; ]", requirement)[0]).lower()


@pytest.mark.parametrize(
    "path",
    [
        "pyproject.toml",
        "syndicate/__init__.py",
        "templates/email/base.html",
        "templates/inbox/index.html",
        "feeds/README.md",
        "subscribers.example.csv",
        "tests/conftest.py",
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        ".ci/run",
    ],
)
def test_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


def test_only_the_engine_knows_in_what_databases_differ() -> None:
    """Tables may say what each database is to do with them, and migrations are made for both."""
    store = ROOT / "syndicate" / "store"
    free = (store / "engine", store / "migrations", store / "schema.py")
    told = re.compile(r"\bdialects?\b|sqlite_\w|postgresql_\w|\bPRAGMA\b|get_backend_name")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "syndicate").rglob("*.py"))
        if not any(path.is_relative_to(one) for one in free)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if told.search(line)
    ]
    assert found == []


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False).returncode == 0


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_hashed(lock: str) -> None:
    for name, line in pins(lock).items():
        assert re.match(rf"{re.escape(name)}==\S+", line), line
        assert "--hash=sha256:" in line, line


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index_or_a_machine(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")

    assert "://" not in text
    assert "file:" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)


def test_what_the_project_needs_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run, dev = pins("run.txt"), pins("dev.txt")
    groups = project["dependency-groups"]

    assert {normalised(one) for one in project["project"]["dependencies"] + groups["build"]} <= run.keys()
    assert {normalised(one) for one in groups["dev"] if isinstance(one, str)} <= dev.keys()


def test_both_locks_agree() -> None:
    run, dev = pins("run.txt"), pins("dev.txt")

    assert all(dev[name] == line for name, line in run.items())


def test_example_subscribers_are_of_nobody() -> None:
    with (ROOT / "subscribers.example.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0]) == ["email", "name", "newsletters", "cadence", "topics", "language", "timezone"]
    assert len({row["email"] for row in rows}) == len(rows) == 8
    assert {row["email"].partition("@")[2] for row in rows} <= {"example.org", "example.net", "example.com"}


def test_make_lists_its_targets() -> None:
    listed = subprocess.run(["make", "-C", ROOT, "--no-print-directory"], capture_output=True, text=True, check=True)

    for target in ("demo", "test", "check", "lint", "lock", "wheel", "clean"):
        assert f"make {target} " in listed.stdout
