"""Moving here by commands: look first, import, tag, find, and write it all out again."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import make_folder

CHIMP = """\
Email Address,First Name,Last Name,LEID,EUID,NOTES,TAGS
zoe@example.org,Zoë,K,1,a,likes lakes,"VIP"
bad,,,2,b,,
"""


def test_moving_here_from_another_service(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.write("chimp.csv", CHIMP)
    looked = folder.run("subscribers", "import", "chimp.csv", "--dry-run").out
    assert "chimp.csv: Mailchimp, UTF-8, commas" in looked
    assert "Nothing was changed." in looked
    for mark, count in (("+ new", 1), ("~ changed", 0), ("= same", 0), ("! suppressed", 0), ("✗ bad", 1)):
        assert f"{mark}{count:>{25 - len(mark)}}" in looked
    assert "not read    LEID, EUID, NOTES" in looked
    assert folder.run("subscribers", "list", "--tag", "vip", "--json").json() == []
    assert "has no column 'Mial'" in folder.run("subscribers", "import", "chimp.csv", "--map", "Mial=email", code=1).err
    assert "go together" in folder.run("subscribers", "import", "chimp.csv", "--revive", code=1).err
    done = folder.run("subscribers", "import", "chimp.csv", "--map", "NOTES=attributes.notes", "--json").json()
    assert (done["new"], done["bad"], done["files"][0]["format"]) == (1, 1, "Mailchimp")
    assert folder.run("subscribers", "tag", "zoe@example.org", "Gold").out.split() == ["tags", "gold;", "vip"]
    folder.run("subscribers", "tag", "zoe@example.org", "vip", "--remove")
    [one] = folder.run("subscribers", "list", "--tag", "gold", "--json").json()
    assert (one["tags"], one["attributes"]) == (["gold"], {"notes": "likes lakes"})
    written = json.loads(folder.run("subscribers", "export", "--format", "jsonl").out)
    assert (written["email"], written["tags"]) == ("zoe@example.org", ["gold"])
    folder.run("subscribers", "remove", "zoe@example.org")
    back = ("subscribers", "import", "chimp.csv", "--revive", "--reason", "they asked", "--json")
    assert folder.run(*back).json()["revived"] == 1
