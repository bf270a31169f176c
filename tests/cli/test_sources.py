"""What operators are told of sources: how they do, when they are looked at next, and why then."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import make_folder
from tests.site import HttpSite, Page


def test_each_step_of_a_pick_up_and_the_next_look(tmp_path: Path, http_site: HttpSite) -> None:
    folder = make_folder(tmp_path)
    url = f"{http_site.url}/feed.xml"
    with (tmp_path / "syndicate.toml").open("a") as settings:
        settings.write(f'\n[[sources]]\nname = "wire"\nkind = "feed"\nurl = "{url}"\n\n[fetch]\nallow_private = true\n')
    item = "<item><title>Ferry</title><guid>1</guid></item>"
    body = f'<rss version="2.0"><channel><title>W</title><ttl>120</ttl>{item}</channel></rss>'.encode()
    http_site.pages |= {"/new.xml": Page(body), "/feed.xml": Page(status=301, headers={"Location": "/new.xml"})}
    told = " ".join(folder.run("pickup", "--source", "wire", "--explain").out.split())
    for words in (
        f"asked {url}: 301, leads to {http_site.url}/new.xml",
        f"asked {http_site.url}/new.xml: 200, {len(body)} bytes",
        "read 1 article new or changed, 0 as before",
        "moved for good, says its server",
        "because the feed itself asks for that",
    ):
        assert words in told
    folder.run("run")
    folder.run("pickup")
    assert [one.path for one in http_site.requests] == ["/feed.xml", "/new.xml"] * 2
    wire = folder.run("sources", "--json").json()[1]
    assert (wire["state"], wire["moved_to"], wire["why"]) == (
        "ok",
        f"{http_site.url}/new.xml",
        "the feed itself asks for that",
    )
    assert "set its `url` to" in folder.run("sources").out
    http_site.pages |= {"/new.xml": Page(status=410), "/feed.xml": Page(status=410)}
    folder.run("pickup", "--source", "wire", code=1)
    assert "next look none, because it is gone for good" in " ".join(
        folder.run("pickup", "--source", "wire", "--explain", code=1).out.split()
    )
    assert "retired" in folder.run("sources").out
    assert "retired" in folder.run("status").out
