"""The wheel holds everything that runs: installed into a fresh environment, it works from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment with the wheel in it; the libraries are this environment's, so no network is used.

    A ``.pth`` file that is read last puts them behind the wheel; it is not followed for the project's own link.
    """
    place = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    (site / "zz-libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    python = place / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--ignore-installed", str(wheel)], check=True)
    return place / "bin"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    settings = ("SYNDICATE_", "PYTHON", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_holds_templates_and_samples(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = {f"syndicate/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*") if path.is_file()}

    assert templates <= names
    assert "syndicate/samples/subscribers.example.csv" in names
    assert not any(name.startswith(("tests/", "feeds/")) for name in names)


def test_is_what_gets_imported(installed: Path, tmp_path: Path) -> None:
    asked = run([str(installed / "python"), "-c", "import syndicate; print(syndicate.__file__)"], tmp_path)

    assert Path(asked.stdout.strip()).is_relative_to(installed.parent), asked.stdout + asked.stderr


@pytest.mark.long
def test_the_command_tells_what_it_can_do(installed: Path, tmp_path: Path) -> None:
    told = run([str(installed / "syndicate"), "--help"], tmp_path)

    assert told.returncode == 0, told.stderr
    assert "demo" in told.stdout


def test_the_demo_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    shown = run([str(installed / "syndicate"), "demo", "--once"], tmp_path)

    assert shown.returncode == 0, shown.stdout + shown.stderr
