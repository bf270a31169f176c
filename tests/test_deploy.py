"""The files to start a cluster from: they are well formed, and what they name exists."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from syndicate.settings import load
from tests.test_docs import ROOT, SECRETS, blocks

DEPLOY = ROOT / "docs" / "deploy"


def command_names(words: list[str]) -> bool:
    """Whether the program has such a command."""
    return f"## `syndicate {words[0]}" in (ROOT / "docs" / "commands.md").read_text("utf-8")


def test_the_compose_file_has_a_database_two_web_nodes_and_three_workers(tmp_path: Path) -> None:
    whole: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
    services = whole["services"]
    web = [one for one in services.values() if one.get("command") == ["serve"]]
    assert (len(web), services["worker"]["deploy"]["replicas"]) == (2, 3)
    ours = [one for one in services.values() if one["image"] == "syndicate"]
    assert all(command_names(one["command"]) for one in ours)
    needed = {name for one in services.values() for name in one.get("depends_on", ())}
    mounted = {one["volumes"][0].partition(":")[0] for one in (services["db"], services["proxy"])}
    assert (needed - services.keys(), mounted - whole["volumes"].keys()) == (set(), set())
    assert not any(word in services["db"]["command"] for word in ("fsync=off", "synchronous_commit=off"))
    (tmp_path / "syndicate.toml").write_text(blocks(ROOT / "README.md", "toml")[0], "utf-8")
    settings = load(tmp_path / "syndicate.toml", {**SECRETS, **web[0]["environment"]})
    [subnet] = whole["networks"]["default"]["ipam"]["config"]
    assert (settings.web.address, settings.web.proxies) == (("0.0.0.0", 8000), (subnet["subnet"],))


@pytest.mark.parametrize("name", ["syndicate-web.service", "syndicate-worker@.service"])
def test_units_start_what_there_is(name: str) -> None:
    unit = ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read_string((DEPLOY / name).read_text("utf-8"))
    assert set(unit) - {"DEFAULT"} == {"Unit", "Service", "Install"}
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "syndicate"
    assert command_names(words)


def test_the_file_of_secrets_names_settings_and_holds_none(tmp_path: Path) -> None:
    lines = (DEPLOY / "environment.example").read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    (tmp_path / "syndicate.toml").write_text(blocks(ROOT / "README.md", "toml")[0], "utf-8")
    assert load(tmp_path / "syndicate.toml", {**SECRETS, **given}).store.url.startswith("postgresql://")
    assert given["PGPASSWORD"] == "change-me"
