"""Moving to another database by the commands."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from tests.cli.command import PASSWORD, make_folder


def test_the_old_database_is_left_for_the_new_one(tmp_path: Path, postgresql_url: str) -> None:
    folder = make_folder(tmp_path)
    folder.readers("ana@example.org,daily")
    secret = make_url(postgresql_url).set(password=PASSWORD).render_as_string(hide_password=False)
    refused = folder.run("store", "copy", "--to", secret, code=1)
    assert "PGPASSWORD" in refused.err
    assert "say where to" in folder.run("store", "copy", code=1).err
    assert "is in no move" in folder.run("store", "copy", "--give-up").out
    before = folder.run("status", "--json").json()
    moved = folder.run("migrate", SYNDICATE_TO=secret)
    assert "subscribers: 1 row, " in moved.out
    assert "store.url" in folder.run("subscribers", "list", code=1).err
    assert "it moved to" in folder.run("store", "copy", "--give-up", code=1).err
    folder.write("url.txt", secret)
    settings = (tmp_path / "syndicate.toml").read_text()
    folder.write("syndicate.toml", f'[store]\nurl_file = "url.txt"\n\n{settings}')
    assert "ana@example.org" in folder.run("subscribers", "list").out
    assert folder.run("status", "--json").json() == before
    back = folder.run("store", "copy", "--to", f"sqlite:///{tmp_path}/b.db", "--json").json()
    assert back["tables"]["subscribers"]["rows"] == 1
