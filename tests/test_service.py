"""The examples for running the service: systemd checks its unit; the others are read for what they must say."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from docs import make_commands
from syndicate.settings.schema import Web

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "docs" / "deploy"
LISTENS = Web().listen


def directives(name: str) -> list[list[str]]:
    """The words of each line of a file, without comments; lines that go on are one."""
    text = (DEPLOY / name).read_text("utf-8").replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in text.splitlines() if shlex.split(line, comments=True)]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    text = (DEPLOY / "syndicate.service").read_text("utf-8")
    unit = tmp_path / "syndicate.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text), "utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    said = [line for line in verified.stderr.splitlines() if line.startswith(("syndicate", str(unit)))]
    assert (verified.returncode, said) == (0, [])
    looked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
    )
    assert looked.returncode == 0, looked.stdout[-300:]


def test_the_unit_runs_what_there_is() -> None:
    unit = ConfigParser(interpolation=None, strict=False, comment_prefixes="#")
    unit.read(DEPLOY / "syndicate.service")
    service = unit["Service"]
    program, command = service["ExecStart"].rsplit("/", 1)[1].split()
    assert (program, command in make_commands.runnable()) == ("syndicate", True)
    assert service["WorkingDirectory"] == service["ReadWritePaths"]
    assert service["KillSignal"] == "SIGTERM"


def test_the_container_has_no_root_and_runs_what_there_is() -> None:
    lines = directives("Containerfile")
    last = max(number for number, line in enumerate(lines) if line[0] == "FROM")
    final = {line[0]: line[1:] for line in lines[last:]}
    assert final["USER"] == ["syndicate"]
    assert final["VOLUME"] == final["WORKDIR"] == ["/srv/news"]
    assert f"SYNDICATE_WEB__LISTEN=0.0.0.0:{LISTENS.rpartition(':')[2]}" in final["ENV"]
    assert final["CMD"] == ["[syndicate,", "serve]"]
    check = final["HEALTHCHECK"]
    assert check[check.index("CMD") + 1 :] == ["[syndicate,", "health,", "--alive]"]
    assert {"serve", "health"} <= make_commands.runnable().keys()
    installed = " ".join(word for line in lines[:last] for word in line)
    assert "--require-hashes -r requirements/run.txt" in installed
    assert (ROOT / "requirements" / "run.txt").is_file()
    assert not [line for line in lines if line[0] == "ADD"]


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_web_servers_pass_on_to_where_the_service_listens(name: str) -> None:
    lines = directives(name)
    text = (DEPLOY / name).read_text("utf-8")
    assert text.count("{") == text.count("}")
    assert {word.rstrip(";").removeprefix("http://") for line in lines for word in line if "127.0.0.1" in word} == {
        LISTENS
    }


def test_nginx_says_whose_request_it_is_and_keeps_no_live_view() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for said in ("X-Forwarded-For $remote_addr;", "X-Forwarded-Proto $scheme;", "Host $host;"):
        assert said in text
    places = dict(re.findall(r"location (\S+) \{(.*?)\n    \}", text, re.DOTALL))
    assert "proxy_buffering off" in places["/console/"]
    assert "proxy_cache syndicate" in places["/feeds/"]
    assert "proxy_cache" not in places["/feeds/private/"]
