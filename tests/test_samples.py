"""What `syndicate init` and `syndicate demo` hand out is read by the service as it is meant to be."""

from __future__ import annotations

import re
import tomllib
import wave
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
import pytest
from PIL import Image
from pydantic import BaseModel

from syndicate.audience.formats.layout import lay_out
from syndicate.audience.row import RowReader
from syndicate.audience.sheet import Sheet
from syndicate.model import Content
from syndicate.pickup.decide import decide, fingerprints
from syndicate.pickup.feed import parse_feed
from syndicate.pickup.folder import read_folder
from syndicate.render.environment import open_templates, render
from syndicate.samples import example_subscribers, samples
from syndicate.settings import FeedSource, FolderSource, Newsletter, Settings, load

SITE = "http://127.0.0.1:1"
SECRET = "S-e_cret" * 5 + "123"
DEMO = samples() / "demo"
EMBASSIES = "Kosovo and Kenya agree to open embassies"
TOPICS = {"politics", "culture", "business", "science"}
IMAGES = sorted((DEMO / "site" / "images").iterdir())


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's text files with an address in place of its mark."""
    folder = tmp_path_factory.mktemp("demo")
    for source in DEMO.rglob("*"):
        if source.suffix in {".md", ".html", ".txt", ".xml"}:
            target = folder / source.relative_to(DEMO)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text("utf-8").replace("@SITE@", SITE), "utf-8")
    return folder


@pytest.fixture(scope="module")
def newsroom(laid_out: Path) -> dict[str, Content]:
    """The demo's folder articles by the name of their file."""
    scan = read_folder(laid_out / "articles", second_look_s=0)
    assert not scan.problems
    assert not scan.unsettled
    return {content.guid: content for content in scan.contents}


@pytest.fixture(scope="module")
def wire(laid_out: Path) -> tuple[Content, ...]:
    """The demo's feed articles."""
    return parse_feed((laid_out / "site" / "wire.xml").read_bytes(), f"{SITE}/wire.xml", "application/rss+xml").contents


def _template() -> str:
    return render(open_templates(), "init/syndicate.toml", secret=SECRET)


def _everything(text: str) -> str:
    """The settings with every commented one set."""
    return re.sub(r"^#(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE)


def _load(text: str, folder: Path) -> Settings:
    file = folder / "syndicate.toml"
    file.write_text(text, "utf-8")
    return load(file, {})


def test_the_first_settings_load(tmp_path: Path) -> None:
    settings = _load(_template(), tmp_path)

    assert settings.site.secret.get_secret_value() == SECRET
    assert [source.name for source in settings.sources] == ["newsroom"]
    assert list(settings.newsletters[0].cadences) == ["daily", "weekly", "instant"]
    assert settings.smtp.relay.port == 2525
    assert _template().endswith("\n")
    assert max(map(len, _template().splitlines())) <= 120


def test_the_first_settings_name_every_setting() -> None:
    text = _template()
    given = tomllib.loads(_everything(text))

    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            assert set(given[name]) == set(field.annotation.model_fields), name
    assert set(given) == set(Settings.model_fields) - {"directory"}
    folder, feed, blog, cms = given["sources"]
    assert set(folder) == set(FolderSource.model_fields)
    assert set(feed) == set(FeedSource.model_fields)
    assert (blog["kind"], cms["kind"]) == ("wordpress", "api")
    assert set(given["newsletters"][0]) == set(Newsletter.model_fields)
    assert "secret_file = " in text
    assert "url_file = " in text


def test_what_is_commented_in_the_first_settings_is_the_default(tmp_path: Path) -> None:
    as_written, in_full = _load(_template(), tmp_path), _load(_everything(_template()), tmp_path)

    assert in_full.store.model_copy(update={"keep_deliveries": None}) == as_written.store
    for name in ("site", "web", "feeds", "fetch", "pace", "bounces"):
        assert getattr(in_full, name) == getattr(as_written, name)
    assert in_full.smtp.model_copy(update={"ca_file": None, "warm_up": None}) == as_written.smtp
    assert in_full.websub.model_copy(update={"hub": ()}) == as_written.websub
    examples = {"listen": None, "mailbox": None, "password": None, "done": "", "ca_file": None}
    assert in_full.inbound.model_copy(update=examples) == as_written.inbound
    assert in_full.sources[0] == as_written.sources[0]
    feed = FeedSource(name="wire", kind="feed", url="https://wire.example/rss.xml")
    assert in_full.sources[1] == feed
    assert (
        in_full.newsletters[0].model_copy(update={"language": None, "reply_to": None, "relay": None})
        == as_written.newsletters[0]
    )


def test_the_first_articles_are_read() -> None:
    scan = read_folder(samples() / "init" / "articles", second_look_s=0)
    plain, welcome = scan.contents

    assert scan.problems == ()
    assert (plain.title, welcome.title) == ("Plain text is enough", "Your first article")
    assert len(plain.takeaways) == 3
    assert plain.related == ("Your first article",)
    assert "<h2>What else is understood</h2>\n<p>" in plain.html
    assert plain.html.count("<li>") == 6
    assert plain.summary.startswith("The people of Lakeside")
    assert plain.summary.endswith("the summary.")
    assert welcome.tags == ("guide", "lakeside")
    assert welcome.authors == ("Ada Lindqvist", "Tomás Rivera")
    assert "<table>" in welcome.html


def test_the_first_article_shows_every_key_of_front_matter() -> None:
    front = (samples() / "init" / "articles" / "welcome.md").read_text("utf-8").split("---\n")[1]
    keys = {"title", "date", "updated", "authors", "tags", "summary", "image", "slug", "canonical", "draft", "language"}

    assert keys <= set(re.findall(r"^(?:# )?([a-z]+):", front, flags=re.MULTILINE))
    assert "`author: " in front


def test_the_first_subscribers_are_all_accepted(tmp_path: Path) -> None:
    newsletters = _load(_template(), tmp_path).newsletters
    file = samples() / "init" / "subscribers.csv"
    with file.open("rb") as lines:
        sheet = Sheet(lines, file.name, lambda names: lay_out(names, {}))
        reader = RowReader(newsletters, sheet.layout)
        rows = [reader.read(record.cells) for record in sheet]

    assert sheet.ignored == ()
    assert [row.cadence for row in rows] == ["daily", "weekly"]
    assert all(row.email.endswith("@example.org") for row in rows)


def test_the_example_of_subscribers_is_there() -> None:
    assert example_subscribers().read_bytes().startswith(b"email,name,newsletters,")


def test_what_a_site_must_not_share_is_ignored() -> None:
    ignored = (samples() / "init" / "gitignore").read_text("utf-8").splitlines()

    assert {"syndicate.toml", "*.db*", "feeds/", "mail/", "rejected.csv"} <= set(ignored)


def test_the_newsroom_reads_as_it_was_written(newsroom: dict[str, Content]) -> None:
    assert {guid: content.title for guid, content in newsroom.items()} == {
        "boathouse-orchestra.md": "The orchestra that rehearses in a boathouse",
        "kosovo-kenya-embassies.txt": EMBASSIES,
        "market-hall.txt": "The Lakeside market hall will open again on the first Saturday of December",
        "science/late-ice.html": "The lake freezes eleven days later than it used to",
        "winter-ferry.md": "Winter ferry returns to the east shore",
    }
    assert {guid: content.tags for guid, content in newsroom.items() if content.tags} == {
        "boathouse-orchestra.md": ("culture",),
        "science/late-ice.html": ("science",),
        "winter-ferry.md": ("politics", "business"),
    }
    assert all(250 <= len(content.text.split()) <= 600 for content in newsroom.values())


def test_the_newsroom_has_every_kind_of_block(newsroom: dict[str, Content]) -> None:
    for tag in ("table", "blockquote", "ul", "h2"):
        assert f"<{tag}>" in newsroom["winter-ferry.md"].html
    assert "<ol>" in newsroom["boathouse-orchestra.md"].html
    for tag in ("figure", "figcaption", "table", "caption"):
        assert f"<{tag}>" in newsroom["science/late-ice.html"].html
    assert newsroom["winter-ferry.md"].authors == ("Hana Dvorak", "Idris Bello")


def test_plain_text_becomes_an_article(newsroom: dict[str, Content]) -> None:
    embassies = newsroom["kosovo-kenya-embassies.txt"]

    assert re.findall("<h2>(.*?)</h2>", embassies.html) == [
        "Key Takeaways",
        "Why it took so long",
        "What happens next",
        "What business expects",
    ]
    assert len(embassies.takeaways) == 4
    assert embassies.related == ("How small states choose where to open an embassy",)
    assert "See also" not in embassies.html
    assert embassies.html.count("<ul>") == embassies.html.count("<ol>") == 1
    assert "never anybody’s ‘first thing on Monday’. Then it was.”" in embassies.html
    assert embassies.summary.endswith("cover from afar.")
    market = newsroom["market-hall.txt"]
    assert re.findall("<h2>(.*?)</h2>", market.html) == [
        "A rent that breathes",
        "What visitors will find",
        "Opening hours",
    ]


def test_the_wire_reads_as_it_was_written(wire: tuple[Content, ...]) -> None:
    ship, bell, library, embassies = wire

    assert [content.title for content in wire] == [
        "Container ship refloated after a night on a sandbar",
        "What the harbour bell sounds like under water",
        "The library boat stays open through the winter",
        EMBASSIES,
    ]
    assert ship.image == f"{SITE}/images/harbour.jpg"
    assert (ship.authors, ship.tags, ship.language) == (("Signe Holt",), ("business",), "en")
    (sound,) = bell.enclosures
    file = DEMO / "site" / urlsplit(sound.url).path.lstrip("/")
    assert (sound.type, sound.length) == ("audio/wav", file.stat().st_size)
    assert library.summary == "The Paper Moon will lend books from the east quay, if need be by bucket."
    assert embassies.tags == ("politics",)
    assert all(content.tags and set(content.tags) <= TOPICS for content in wire)


def test_one_report_is_in_both(newsroom: dict[str, Content], wire: tuple[Content, ...]) -> None:
    seen = {mark: number for number, content in enumerate(newsroom.values()) for mark in fingerprints(content)}
    decision = decide(wire, (), seen, first=True, first_pickup=10, hold_over=25, complete=False)

    ((twin, original),) = decision.duplicates
    assert twin.title == EMBASSIES
    assert list(newsroom)[int(original)] == "kosovo-kenya-embassies.txt"
    assert len(decision.new) == 3


def test_whatever_the_demo_names_is_there(
    laid_out: Path, newsroom: dict[str, Content], wire: tuple[Content, ...]
) -> None:
    named = {content.url for content in wire} | {content.image for content in (*newsroom.values(), *wire)}
    for content in (*newsroom.values(), *wire):
        named |= set(re.findall(r'(?:src|href)="([^"]+)"', content.html))
    paths = [urlsplit(url).path.lstrip("/") for url in named if url and url.startswith(SITE)]

    assert len(paths) >= 7
    assert [path for path in paths if not (DEMO / "site" / path).is_file()] == []
    for file in laid_out.rglob("*.*"):
        assert "@SITE@" not in file.read_text("utf-8")


@pytest.mark.parametrize("page", sorted((DEMO / "site" / "stories").glob("*.html")), ids=lambda page: page.stem)
def test_the_stories_are_pages(page: Path) -> None:
    tree = lxml.html.fromstring(page.read_text("utf-8"))

    assert tree.xpath("//meta[@name='viewport']")
    assert len(tree.xpath("//h1")) == 1
    for address in map(str, tree.xpath("//@href | //@src")):
        target = (page.parent / address).resolve()
        assert target.is_file() or (target / "index.html").is_file(), address


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.name)
def test_the_pictures_are_small(file: Path) -> None:
    assert file.stat().st_size < 60_000
    with Image.open(file) as image:
        assert image.size == (1200, 675)
        assert not image.getexif()


def test_the_sound_is_one() -> None:
    with wave.open(str(DEMO / "site" / "audio" / "bell.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(2.4)
