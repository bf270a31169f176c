"""A newsroom's first day: every command in the order in which people meet it, against a real relay."""

from __future__ import annotations

import email
import re
import urllib.request
from email import policy
from pathlib import Path

import pytest

from syndicate.audience.channel import to_feed
from syndicate.store import Store
from tests.cli.command import PASSWORD, Folder, make_folder, wait_for
from tests.relay import Relay

SEVEN = "2026-03-02T07:00:00Z"
"""A Monday: the daily and the weekly slot."""


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_init_writes_a_start_that_works_and_overwrites_nothing(tmp_path: Path, relay: Relay) -> None:
    folder = Folder(tmp_path)
    folder.run("init", "site")
    site = Folder(tmp_path / "site")
    assert (site.path / "syndicate.toml").stat().st_mode & 0o777 == 0o600
    assert {"articles", "subscribers.csv", ".gitignore", "syndicate.toml"} <= {one.name for one in site.path.iterdir()}
    refused = folder.run("init", "site", code=1)
    assert "syndicate.toml" in refused.err
    assert "subscribers.csv" in refused.err
    other = tmp_path / "other"
    folder.run("init", str(other))
    secrets = [re.findall(r'secret = "(.*)"', (one / "syndicate.toml").read_text()) for one in (site.path, other)]
    assert secrets[0] != secrets[1]
    site.run("subscribers", "import", "subscribers.csv", SYNDICATE_SMTP__URL=relay.url)
    site.run("pickup", SYNDICATE_SMTP__URL=relay.url)
    sent = site.run("send", "daily", "--yes", "--json", SYNDICATE_SMTP__URL=relay.url).json()
    assert sent["accepted"] == len(relay.messages) == 2


def test_a_slot_is_sent_once_and_a_second_run_does_nothing(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Market hall opens")
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily", "ben@example.org,daily", "zoe@example.org,weekly")
    first = folder.run("run", "--now", SEVEN, "--json").json()
    assert first["sent"]["accepted"] == 3
    assert sorted(relay.recipients) == ["ana@example.org", "ben@example.org", "zoe@example.org"]
    before = snapshot(tmp_path / "feeds")
    assert {"index.html", "daily/rss.xml", "daily/atom.xml"} <= before.keys()
    second = folder.run("run", "--now", SEVEN, "--json").json()
    assert second["sent"]["accepted"] == second["published"] == 0
    assert second["digests"] == []
    assert snapshot(tmp_path / "feeds") == before
    assert len(relay.messages) == 3
    status = folder.run("status", "--json").json()
    assert (status["planned"], status["accepted"], status["outstanding"]) == (3, 3, 0)
    assert status["balances"]
    third = folder.run("run", "--now", "2026-03-03T07:00:00Z")
    assert "nothing new, nothing to send" in third.out
    assert len(relay.messages) == 3


def test_pickup_and_publish_alone_do_nothing_the_second_time(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.article("Ferry returns")
    assert folder.run("pickup", "--json").json()[0]["new"] == 1
    assert folder.run("pickup", "--json").json()[0]["new"] == 0
    first = folder.run("publish", "--json").json()
    assert (len(first["written"]), first["unchanged"]) == (15, 0)
    second = folder.run("publish", "--json").json()
    assert (second["written"], second["unchanged"]) == ([], 15)
    assert [one["title"] for one in folder.run("articles", "--json").json()] == ["Ferry returns"]


def test_each_mail_is_its_readers_own(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily", "ben@example.org,daily")
    folder.run("run", "--now", SEVEN)
    letters = {
        one.recipients[0]: email.message_from_bytes(one.content, policy=policy.default) for one in relay.messages
    }
    links = set()
    for address, letter in letters.items():
        assert letter["To"] == address
        assert letter["From"] == "Lakeside Courier <news@lakeside.example>"
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link = re.findall(r"<(https://[^>]*)>", letter["List-Unsubscribe"])[0]
        for kind in ("plain", "html"):
            body = letter.get_body((kind,))
            assert body is not None
            assert link in body.get_content()
            assert address in body.get_content()
        links.add(link)
    assert len(links) == len({letter["Message-ID"] for letter in letters.values()}) == 2


def test_a_late_slot_waits_for_an_operator(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily")
    told = folder.run("run", "--now", "2026-03-03T14:00:00Z")
    assert "digests approve" in told.out
    assert not relay.messages
    [held] = [one for one in folder.run("digests", "--json").json() if one["state"] == "held"]
    assert "late" in held["note"]
    folder.run("digests", "approve", str(held["id"]))
    sent = folder.run("send", str(held["id"]), "--json").json()
    assert sent["accepted"] == 1
    shown = folder.run("digests", "show", str(held["id"]), "--json").json()
    assert (shown["state"], shown["planned"], shown["accepted"]) == ("sent", 1, 1)
    assert "is sent" in folder.run("digests", "cancel", str(held["id"]), code=1).err


def test_review_waits_and_the_next_slot_carries_it_on(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url, "review = true")
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily")
    folder.run("pickup", "--now", SEVEN)
    [first] = [one for one in folder.run("compose", "daily", "--now", SEVEN, "--json").json() if one["subject"]]
    assert first["state"] == "review"
    folder.article("Market hall opens")
    folder.run("pickup", "--now", "2026-03-03T06:00:00Z")
    [second] = [
        one
        for one in folder.run("compose", "daily", "--now", "2026-03-03T07:00:00Z", "--json").json()
        if one["subject"]
    ]
    assert folder.run("digests", "show", str(first["id"]), "--json").json()["state"] == "cancelled"
    sent = folder.run("send", str(second["id"]), "--json").json()
    assert sent["accepted"] == 1
    letter = email.message_from_bytes(relay.messages[0].content, policy=policy.default)
    body = letter.get_body(("plain",))
    assert body is not None
    assert "Ferry returns" in body.get_content()
    assert "Market hall opens" in body.get_content()


def test_send_asks_before_mailing_many_and_dry_run_changes_nothing(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Ferry returns")
    folder.readers(*(f"reader{number}@example.org,daily" for number in range(11)))
    folder.run("pickup")
    would = folder.run("send", "daily", "--dry-run", "--json").json()
    assert would == {"subject": "Ferry returns", "readers": 11}
    assert folder.run("send", "daily", "--dry-run", "--to", "a@example.org", "--json").json()["readers"] == 1
    assert relay.messages == []
    assert "--yes" in folder.run("send", "daily", code=1).err
    folder.run("send", "daily", "--to", "Chief@Example.org")
    assert relay.recipients == ["Chief@example.org"]
    assert folder.run("digests", "--json").json() == []
    assert folder.run("status", "--json").json()["planned"] == 0
    assert folder.run("send", "daily", "--yes", "--json").json()["accepted"] == 11
    assert "nothing new" in folder.run("send", "daily", "--yes").out
    assert len(relay.messages) == 12


def test_preview_writes_three_files_and_keeps_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    assert "no articles yet" in folder.run("preview", "daily", "--out", "look", code=1).err
    folder.article("Ferry returns")
    folder.run("pickup")
    folder.run("preview", "daily", "--out", "look")
    html, text = (tmp_path / "look/digest.html").read_text(), (tmp_path / "look/digest.txt").read_text()
    letter = email.message_from_bytes((tmp_path / "look/digest.eml").read_bytes(), policy=policy.default)
    assert "Ferry returns" in html
    assert "Ferry returns" in text
    assert letter["Subject"] == "Ferry returns"
    assert not re.search(r"h[0-9a-f]{20}_[a-z]+_", html + text + str(letter))
    assert folder.run("digests", "--json").json() == []


def test_roster_commands(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.write(
        "people.csv", "email,name,cadence\nana@example.org,Ana,daily\nnobody,X,daily\nben@example.org,,hourly\n"
    )
    done = folder.run("subscribers", "import", "people.csv", "--json").json()
    assert (done["new"], done["bad"]) == (1, 2)
    rejects = (tmp_path / "rejected.csv").read_text()
    assert '"3"' in rejects
    assert '"4"' in rejects
    again = folder.run("subscribers", "import", "people.csv", "--json").json()
    assert (again["new"], again["same"]) == (0, 1)
    folder.run("subscribers", "add", "zoe@example.org", "--cadence", "weekly", "--topic", "Sport", "--name", "Zoë")
    listed = folder.run("subscribers", "list", "--json").json()
    assert [(one["email"], one["cadence"], one["topics"]) for one in listed] == [
        ("ana@example.org", "daily", []),
        ("zoe@example.org", "weekly", ["sport"]),
    ]
    sport = folder.run(
        "subscribers", "list", "--search", "ZO", "--topic", "sport", "--state", "active", "--json"
    ).json()
    assert [one["email"] for one in sport] == ["zoe@example.org"]
    assert "and more" in folder.run("subscribers", "list", "--limit", "1").out
    assert "nobody fits" in folder.run("subscribers", "list", "--suppressed").out
    folder.run("subscribers", "export", "--out", "all.csv")
    assert folder.run("subscribers", "import", "all.csv", "--json").json()["changed"] == 0
    folder.run("subscribers", "remove", "ana@example.org")
    states = {one["email"]: one["state"] for one in folder.run("subscribers", "list", "--json").json()}
    assert states == {"ana@example.org": "unsubscribed", "zoe@example.org": "active"}
    assert "nobody@example.org" in folder.run("subscribers", "remove", "nobody@example.org", code=1).err
    assert "weekly" in folder.run("subscribers", "add", "x@example.org", "--cadence", "yearly", code=1).err


def test_held_sources_are_shown_and_released(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.article("First")
    folder.run("pickup")
    for number in range(26):
        folder.article(f"Flood {number}")
    folder.run("pickup")
    [source] = folder.run("sources", "--json").json()
    assert (source["state"], source["articles"]["held"], source["articles"]["current"]) == ("held", 26, 1)
    assert len(folder.run("articles", "--state", "held", "--limit", "99", "--json").json()) == 26
    folder.run("sources", "release", "newsroom")
    assert folder.run("sources", "--json").json()[0]["articles"]["current"] == 27
    assert "holds nothing" in folder.run("sources", "release", "newsroom", code=1).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("send", "nosuch"), "no newsletter 'nosuch'; there is: daily"),
        (("send", "77"), "no digest '77'"),
        (("digests", "show", "77"), "no digest '77'"),
        (("compose", "nosuch"), "there is: daily"),
        (("pickup", "--source", "nosuch"), "there is: newsroom"),
        (("articles", "--source", "nosuch"), "there is: newsroom"),
        (("subscribers", "add", "not an address"), "not a usable address"),
        (("subscribers", "import", "missing.csv"), "missing.csv"),
    ],
)
def test_what_is_not_there_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    failed = make_folder(tmp_path).run(*arguments, code=1)
    assert said in failed.err
    assert len(failed.err.splitlines()) == 1


def test_settings_problems_are_all_told_with_exit_2(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, more='timezone = "Mars"\nsorces = []')
    failed = folder.run("status", code=2)
    assert "newsletters[0].timezone: found 'Mars'" in failed.err
    assert "newsletters[0].sorces" in failed.err
    assert str(tmp_path / "syndicate.toml") in failed.err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "syndicate init" in Folder(empty).run("status", code=2).err


def test_config_may_stand_anywhere(tmp_path: Path) -> None:
    make_folder(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder, file = Folder(elsewhere), str(tmp_path / "syndicate.toml")
    folder.run("--config", file, "status")
    folder.run("status", "--json", "--config", file)
    folder.run("digests", f"--config={file}")
    folder.run("status", SYNDICATE_CONFIG=file)
    folder.run("status", code=2)


def test_status_says_who_reads_without_mail(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.readers("ana@example.org,daily", "bo@example.org,daily")
    store = Store(f"sqlite:///{tmp_path / 'syndicate.db'}")
    to_feed(store, 1)
    store.close()
    assert folder.run("status", "--json").json()["private_feeds"] == {"daily": 1}
    assert "2 active readers, 1 of them by private feed" in folder.run("status").out


def test_an_unreachable_relay_is_one_line_and_nothing_changes(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, f"smtp://news:{PASSWORD}@127.0.0.1:9")
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily")
    failed = folder.run("run", "--now", SEVEN, code=1)
    assert failed.err.startswith("error: relay 127.0.0.1:9: ")
    assert len(failed.err.splitlines()) == 1
    status = folder.run("status", "--json").json()
    assert (status["planned"], status["outstanding"]) == (1, 1)
    again = folder.run("run", "--now", SEVEN, "--json", SYNDICATE_SMTP__URL=relay.url).json()
    assert again["sent"]["accepted"] == 1


@pytest.mark.relay(login=("news", "right"))
def test_a_refused_password_is_one_line_without_it(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url_for("news", PASSWORD))
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily")
    failed = folder.run("run", "--now", SEVEN, code=1)
    assert "user and password" in failed.err
    assert len(failed.err.splitlines()) == 1
    assert folder.run("status", "--json").json()["outstanding"] == 1


def test_serve_shows_pages_takes_one_click_and_ends_well(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Ferry returns")
    folder.readers("ana@example.org,instant")
    with folder.running("serve") as process:
        assert process.stdout is not None
        site = re.findall(r"http://[0-9.:]+", process.stdout.readline())[0]
        assert get(f"{site}/healthz") == '{"status":"ok"}'
        wait_for(lambda: len(relay.messages) == 1)
        assert "The Daily Brief" in get(f"{site}/")
        assert "<rss" in get(f"{site}/feeds/daily/rss.xml")
        letter = email.message_from_bytes(relay.messages[0].content, policy=policy.default)
        link = re.findall(r"<https://[^/]*(/[^>]*)>", letter["List-Unsubscribe"])[0]
        assert "<button" in get(site + link)
        assert folder.run("subscribers", "list", "--json").json()[0]["state"] == "active"
        assert get(site + link, b"List-Unsubscribe=One-Click") == "Unsubscribed.\n"
        assert folder.run("subscribers", "list", "--json").json()[0]["state"] == "unsubscribed"
        folder.article("Market hall opens")
    assert len(relay.messages) == 1
    assert folder.run("status", "--json").json()["uncertain"] == 0


def test_catch_keeps_mail_as_files(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.article("Ferry returns")
    folder.readers("ana@example.org,daily")
    with folder.running("catch", "--port", "0", "--dir", "mail") as process:
        assert process.stdout is not None
        address = re.findall(r"smtp://[0-9.:]+", process.stdout.readline())[0]
        folder.run("run", "--now", SEVEN, SYNDICATE_SMTP__URL=address)
    [kept] = (tmp_path / "mail").glob("*.eml")
    assert email.message_from_bytes(kept.read_bytes(), policy=policy.default)["To"] == "ana@example.org"


def test_the_demo_counts_what_is_there(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for _ in range(2):
        told = folder.run("demo", "--once").out
        kept = list((tmp_path / "demo/mail").glob("*.eml"))
        assert f"{len(kept)} mails in the catcher" in told
        assert f"{len(kept)} mails accepted" in told
        assert len(kept) == 8
        feed = (tmp_path / "feeds/daily/rss.xml").read_text()
        assert f"{feed.count('<item>')} articles published" in told
    other = tmp_path / "mine"
    other.mkdir()
    (other / "notes.txt").touch()
    assert "not a folder of the demo" in folder.run("demo", "--once", "--dir", "mine", code=1).err
    assert (other / "notes.txt").exists()


def test_version_help_and_migrate(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    assert "syndicate 0." in folder.run("--version").out
    assert "subscribers" in folder.run("--help").out
    assert "from nothing to" in folder.run("migrate").out
    assert "already" in folder.run("migrate").out
    assert "instant such as" in folder.run("run", "--now", "soon", code=2).err


def get(url: str, form: bytes | None = None) -> str:
    request = urllib.request.Request(url, form)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())
