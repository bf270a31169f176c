"""Users as an operator meets them: added on the command line, and the first one by `serve`."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.command import make_folder


def test_a_user_is_added_and_invited(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    said = folder.run("users", "add", "Ana", "--role", "editor").out
    assert re.search(r"^added +ana, editor$", said, re.MULTILINE)
    assert re.search(r"^link +https://news\.lakeside\.example/console/welcome/[\w-]{43}$", said, re.MULTILINE)
    assert "there is a user ana already" in folder.run("users", "add", "ana", code=1).err
    assert "/console/welcome/" in folder.run("users", "reset", "ana").out
    assert "no user 'ben'" in folder.run("users", "reset", "ben", code=1).err
    assert "a name has" in folder.run("users", "add", "a b", code=1).err
    folder.run("users", "role", "ana", "operator")
    (listed,) = folder.run("users", "--json").json()
    assert (listed["name"], listed["role"], listed["has_password"]) == ("ana", "operator", False)
    assert "no password yet" in folder.run("users").out
    assert "the last operator" in folder.run("users", "remove", "ana", "--yes", code=1).err
    with folder.running("serve") as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
    assert "serving" in lines[0]
    assert "ana can choose a password here" in lines[1]
    assert re.search("/console/welcome/", lines[2])


def test_a_token_is_made_listed_and_revoked(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    text = re.findall(
        r"^token +(syndicate_[\w-]{43})$",
        folder.run("tokens", "add", "cms", "--scope", "articles:write").out,
        re.MULTILINE,
    )
    assert len(text) == 1
    (listed,) = folder.run("tokens", "--json").json()
    assert (listed["name"], listed["scopes"], listed["created_by"]) == ("cms", ["articles:write"], "command line")
    assert text[0] not in str(listed)
    assert "articles:write" in folder.run("tokens").out
    folder.run("tokens", "revoke", "cms")
    assert "there is no token" in folder.run("tokens").out
