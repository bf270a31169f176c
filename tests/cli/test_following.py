"""`serve` follows its settings file: what is written there is in use a moment later, what is wrong there is not."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from tests.cli.command import SECRET, make_folder, wait_for
from tests.relay import Relay


def front(site: str) -> str:
    with urllib.request.urlopen(f"{site}/", timeout=20) as response:
        return str(response.read().decode())


def test_a_changed_file_is_taken_up_and_a_wrong_one_is_not(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily")
    file = tmp_path / "syndicate.toml"
    first = file.read_text()
    with folder.running("serve") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        site = process.stdout.readline().split()[1].rstrip(";")
        folder.write("syndicate.toml", first.replace("The Daily Brief", "News by the Lake"))
        wait_for(lambda: "News by the Lake" in front(site))
        assert next(line for line in process.stdout if "taken from" in line)

        folder.write("templates/web/style.css", "main { color: teal }")
        wait_for(lambda: "teal" in front(f"{site}/style.css?v="))

        folder.write("syndicate.toml", first.replace('"0 7 * * *"', '"never"').replace("The Daily Brief", "Broken"))
        said = json.loads(next(line for line in process.stderr if "can't be used" in line))
        assert "not a cron line" in said["reason"]
        assert SECRET not in said["reason"]
        assert "News by the Lake" in front(site)

        second = (
            f'{first.replace("The Daily Brief", "The Second")}\n[[sources]]\nname = "b"\nkind = "folder"\npath = "b"\n'
        )
        folder.write("b/hall.md", "---\ntitle: Market hall\n---\n\nIt opens.\n")
        folder.write("syndicate.toml", second.replace('"127.0.0.1:0"', '"127.0.0.1:1"').replace("0 7 *", "* * *"))
        wait_for(lambda: "The Second" in front(site))
        assert "web.listen" in next(line for line in process.stderr if "wait for a restart" in line)
        wait_for(lambda: "Market hall" in (tmp_path / "feeds/daily/rss.xml").read_text())
        left_out = [one for one in folder.run("digests", "--json").json() if "left out" in one["note"]]
        assert {one["cadence"] for one in left_out} == {"daily", "weekly"}
