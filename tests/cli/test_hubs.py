"""Hubs as an operator meets them: `publish` and `run` tell them, `status` says which fail."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import make_folder
from tests.site import HttpSite, Page


def test_publish_tells_hubs_and_status_names_the_ones_that_fail(tmp_path: Path, http_site: HttpSite) -> None:
    folder = make_folder(tmp_path)
    hub = f'hub = ["internal", "{http_site.url}/hub"]'
    file = tmp_path / "syndicate.toml"
    file.write_text(file.read_text("utf-8") + f"\n[websub]\n{hub}\nallow_private = true\n", "utf-8")
    folder.article("The ferry")
    http_site.pages["/hub"] = Page(status=500)
    said = folder.run("publish").out
    assert f"failing     hub {http_site.url}/hub: answered 500 Internal Server Error; it is tried again later" in said
    shown = folder.run("status").out
    assert f"failing     hub {http_site.url}/hub: answered 500 Internal Server Error (1 time); " in shown
    assert "hub         0 followers, 0 to be asked" in shown
    http_site.pages["/hub"] = Page(status=204)
    told = folder.run("run", "--json", "--now", "2040-01-01").json()["announced"]
    assert (told["pinged"] > 1, told["failed"]) == (True, 0)
