"""Webhooks on the command line: added, tried on a real server, listed, told again, removed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.command import make_folder
from tests.site import HttpSite, Page


def test_a_webhook_is_added_tried_and_removed(tmp_path: Path, http_site: HttpSite) -> None:
    folder = make_folder(tmp_path)
    assert "There is no webhook" in folder.run("webhooks").out
    address = f"{http_site.url}/hook"
    said = folder.run("webhooks", "add", address, "--event", "subscriber.left", "--event", "digest.sent").out
    assert re.search(r"^secret +whsec_[\w+/]{43}=$", said, re.MULTILINE)
    assert "`[outbox] allow_private` permits it" in folder.run("webhooks", "test", "1", code=1).err
    assert http_site.requests == []
    with (folder.path / "syndicate.toml").open("a") as file:
        file.write("\n[outbox]\nallow_private = true\n")
    http_site.pages["/hook"] = Page(status=204)
    folder.run("webhooks", "replay", "1", "--days", "1")
    assert "answered 204" in folder.run("webhooks", "test", "1").out
    assert {one.path for one in http_site.requests} == {"/hook"}
    [listed] = folder.run("webhooks", "--json").json()
    assert (listed["events"], listed["waiting"]) == (["digest.sent", "subscriber.left"], 0)
    assert "nonce" not in listed
    assert "no webhook 2; there is: 1" in folder.run("webhooks", "remove", "2", code=1).err.replace("'", "")
    folder.run("webhooks", "remove", "1")
    assert "There is no webhook" in folder.run("webhooks").out
