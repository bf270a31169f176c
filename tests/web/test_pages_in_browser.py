"""Every flow of a reader in a real browser: on a phone and on a desk, with and without scripts; and what axe says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from syndicate.model import DigestState, Enclosure, Subscription, SubscriptionState
from tests.feeds.newsroom import NOON
from tests.newsroom import Clock
from tests.site import HttpSite
from tests.site import Page as Served
from tests.web.axe import ALL, violations
from tests.web.pressroom import Pressroom, serve
from tests.web.test_archive import keep_digest

PHONE, DESK = 390, 1280
_numbers = count(1)


@pytest.fixture(scope="module")
def clock() -> Clock:
    """A clock to be moved by hand."""
    return Clock(NOON)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Pressroom]:
    """A newsroom with two newsletters, some articles and a digest; it takes any number of requests."""
    limits = dict.fromkeys(("per_ip", "per_address", "per_domain", "overall"), "100000/hour")
    with serve(tmp_path_factory.mktemp("room"), clock, limits=limits) as room:
        for number, tags in enumerate((("Harbour", "Travel"), ("Culture",), ("Sport", "Harbour")), 1):
            files = (Enclosure("https://lakeside.example/bell.mp3", "audio/mpeg", 34567),)
            room.newsroom.add(number, tags=tags, authors=("Ana Hoxha",), enclosures=files)
        keep_digest(room, DigestState.SENT, "<!DOCTYPE html><html lang='en'><head></head><body>x</body></html>", [1, 2])
        yield room


@dataclass(frozen=True, slots=True)
class Visit:
    """One reader's browser in that newsroom."""

    room: Pressroom
    page: Page
    email: str
    clock: Clock

    def go(self, path: str) -> None:
        """Opens a page of the site, and sees that it fits onto the screen."""
        self.page.goto(f"{self.room.client.base_url}{path}")
        self.look()

    def press(self, name: str) -> None:
        """Presses a button some time after the page was opened."""
        self.clock.pass_by(seconds=5)
        self.page.get_by_role("button", name=name, exact=True).click()
        self.look()

    def look(self) -> None:
        """Nothing is wider than the screen, and there is one heading."""
        viewport = self.page.viewport_size
        assert viewport
        self.page.wait_for_load_state("domcontentloaded")
        if self.page.evaluate("1") == 1:
            assert self.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        expect(self.page.locator("h1")).to_have_count(1)

    def says(self, text: str) -> None:
        """Sees that the page has that text."""
        expect(self.page.locator("main")).to_contain_text(text)


@pytest.fixture(scope="module")
def windows() -> dict[tuple[int, bool], Page]:
    """The browser's windows by width and whether scripts run; each is opened once."""
    return {}


@pytest.fixture(
    params=[pytest.param((PHONE, False), id="phone"), pytest.param((DESK, True), id="desk", marks=pytest.mark.long)]
)
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    windows: dict[tuple[int, bool], Page],
    room: Pressroom,
    clock: Clock,
) -> Visit:
    """On a phone without scripts, and on a desk with them."""
    width, scripts = request.param
    if request.param not in windows:
        windows[request.param] = browser.new_page(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts, locale="en-GB"
        )
    return Visit(room, windows[request.param], f"reader{next(_numbers)}@reader.example", clock)


def reader_of(visit: Visit, slug: str = "daily") -> Subscription:
    """The visitor, who gets that newsletter."""
    return visit.room.subscribe(visit.email, slug)


def test_subscribing_from_the_front_page_to_the_confirmation(visit: Visit) -> None:
    visit.go("/")
    visit.page.get_by_role("link", name="Subscribe to The Daily Brief").click()
    visit.page.get_by_label("Email address").first.fill(visit.email)
    visit.page.get_by_label("Every week").check()
    visit.page.get_by_label("Harbour").check()
    visit.page.get_by_text("Your name and language").click()
    visit.page.get_by_label("Name, if you like").fill("Ana")
    visit.press("Subscribe")
    visit.says("Check your mail")
    assert visit.room.subscriptions_of(visit.email) == {}

    visit.go(visit.room.confirming(visit.email))
    visit.says("Nothing happens until you press the button.")
    assert visit.room.subscriptions_of(visit.email) == {}
    visit.press("Confirm")
    visit.says("You are subscribed")
    held = visit.room.subscriptions_of(visit.email)["daily"]
    assert (held.cadence, held.topics, held.subscriber.name) == ("weekly", ("harbour",), "Ana")

    visit.page.get_by_role("link", name="Preferences for The Daily Brief").click()
    expect(visit.page.get_by_label("Every week")).to_be_checked()


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(visit: Visit) -> None:
    visit.go("/subscribe")
    visit.page.get_by_label("Email address").fill("ana@nowhere")
    visit.page.get_by_label("Every day", exact=True).check()
    visit.press("Subscribe")
    expect(visit.page.get_by_role("alert")).to_contain_text("Choose at least one newsletter")
    expect(visit.page.get_by_label("Email address")).to_have_value("ana@nowhere")
    expect(visit.page.get_by_label("Every day", exact=True)).to_be_checked()
    visit.page.get_by_label("Email address").fill(visit.email)
    visit.page.get_by_label("Harbour Notes").check()
    visit.press("Subscribe")
    expect(visit.page.get_by_role("alert")).to_contain_text("Nothing that you chose comes that often")
    expect(visit.page.get_by_label("Harbour Notes")).to_be_checked()
    visit.page.get_by_label("As usual for each").check()
    visit.press("Subscribe")
    visit.says("Check your mail")


def test_who_is_too_quick_presses_once_more(visit: Visit) -> None:
    visit.go("/daily")
    visit.page.get_by_label("Email address").first.fill(visit.email)
    visit.page.get_by_role("button", name="Subscribe", exact=True).click()
    visit.says("That was quick!")
    visit.press("Subscribe")
    visit.says("Check your mail")


def test_choosing_pausing_and_coming_back(visit: Visit) -> None:
    reader = reader_of(visit)
    visit.go(visit.room.choosing(reader.id))
    visit.page.get_by_label("As soon as an article appears").check()
    visit.page.get_by_label("Sport").check()
    visit.page.get_by_label("Time zone").fill("Asia/Tokyo")
    visit.press("Save")
    visit.says("Saved. It comes as soon as an article appears.")
    held = visit.room.now_of(reader)
    assert (held.cadence, held.topics, held.subscriber.timezone) == ("instant", ("sport",), "Asia/Tokyo")
    visit.page.get_by_label("Pause for").select_option("3 weeks")
    visit.press("Pause")
    visit.says("Nothing comes until")
    assert visit.room.now_of(reader).state is SubscriptionState.PAUSED
    visit.press("Resume now")
    visit.says("Welcome back.")
    assert visit.room.now_of(reader).state is SubscriptionState.ACTIVE


def test_a_feed_in_place_of_mail_and_back(visit: Visit) -> None:
    reader = reader_of(visit)
    visit.go(visit.room.choosing(reader.id))
    visit.press("Get a feed of my own")
    visit.says("no more by mail. Its address is below.")
    address = visit.page.get_by_label("Address of your feed").input_value()
    visit.press("Get another address")
    renewed = visit.page.get_by_label("Address of your feed").input_value()
    assert [visit.room.client.get(visit.room.path_of(one)).status_code for one in (address, renewed)] == [410, 200]
    visit.press("By mail again")
    visit.press("Close the feed now")
    visit.says("Your feed is closed.")
    expect(visit.page.get_by_label("Address of your feed")).to_have_count(0)


def test_the_language_of_ones_choice(visit: Visit) -> None:
    reader = reader_of(visit)
    visit.go(visit.room.choosing(reader.id))
    visit.page.get_by_label("Language of pages and notices").select_option("Srpski (latinica)")
    visit.press("Save")
    visit.says("Sačuvano. Stiže svakog dana.")
    expect(visit.page.locator("html")).to_have_attribute("lang", "sr-Latn")
    expect(visit.page.get_by_label("Pauza od")).to_contain_text("6 nedelja")


def test_moving_to_another_address(visit: Visit) -> None:
    reader, address = reader_of(visit), f"new-{visit.email}"
    visit.go(visit.room.choosing(reader.id))
    visit.page.get_by_label("New email address").fill(address)
    visit.press("Send the link")
    visit.says(f"We sent a link to {address}.")
    visit.go(visit.room.confirming(address))
    visit.press("Change it")
    visit.says(f"From now on everything goes to {address}.")
    assert visit.room.now_of(reader).subscriber.email == address


def test_leaving_and_taking_it_back(visit: Visit) -> None:
    reader = reader_of(visit)
    visit.go(visit.room.leaving(reader.id))
    expect(visit.page.get_by_role("button")).to_have_count(1)
    visit.press("Unsubscribe")
    visit.says("You are unsubscribed")
    assert visit.room.now_of(reader).state is SubscriptionState.UNSUBSCRIBED
    visit.press("That was a mistake: subscribe me again")
    visit.says("You are subscribed again")
    assert visit.room.now_of(reader).state is SubscriptionState.ACTIVE


def test_leaving_one_then_all(visit: Visit) -> None:
    daily, harbour = reader_of(visit), reader_of(visit, "harbour")
    visit.go(visit.room.choosing(daily.id))
    visit.press("Leave The Daily Brief")
    visit.says("You are unsubscribed")
    visit.page.get_by_role("link", name="Harbour Notes").click()
    visit.press("Leave Harbour Notes")
    assert visit.room.now_of(harbour).state is SubscriptionState.UNSUBSCRIBED


def test_ones_data_and_its_erasure(visit: Visit) -> None:
    reader = reader_of(visit)
    visit.go(visit.room.choosing(reader.id))
    with visit.page.expect_download() as started:
        visit.page.get_by_role("button", name="Download my data").click()
    assert started.value.suggested_filename == "my-data.json"
    data = json.loads(Path(started.value.path()).read_text("utf-8"))
    assert data["email"] == visit.email
    visit.press("Erase me")
    visit.page.get_by_role("link", name="No, go back").click()
    visit.press("Erase me")
    assert visit.room.subscriptions_of(visit.email)
    visit.press("Erase me")
    visit.says("You are erased")
    assert visit.room.subscriptions_of(visit.email) == {}


def test_the_form_works_on_another_site(visit: Visit, http_site: HttpSite) -> None:
    visit.go("/daily")
    visit.page.get_by_text("Put this form on your own site").click()
    snippet = visit.page.locator("pre code").inner_text()
    here = snippet.replace(visit.room.app.settings.site.url, str(visit.room.client.base_url))
    http_site.pages["/"] = Served(f"<!DOCTYPE html><title>Blog</title><h1>Blog</h1>{here}".encode())
    visit.page.goto(http_site.url)
    visit.page.get_by_label("Email address").fill(visit.email)
    visit.press("Subscribe to The Daily Brief")
    visit.says("Check your mail")
    assert len(visit.room.notices(visit.email)) == 1


def test_looking_for_an_article_and_back_through_the_archive(visit: Visit) -> None:
    visit.go("/")
    visit.page.locator("footer").get_by_role("link", name="Search").click()
    visit.page.get_by_label("Words to look for").fill("SAILS ag")
    visit.press("Search")
    expect(visit.page.locator("mark").first).to_have_text("sails")
    visit.page.get_by_role("link", name="The ferry sails again, part 2").click()
    visit.look()
    visit.page.get_by_role("link", name="Ferries & <fees>").click()
    visit.page.get_by_role("link", name="Archive").click()
    visit.look()
    visit.page.get_by_role("link", name="March 2026").click()
    visit.look()
    visit.says("Monday, 2 March 2026")


HOSTILE = """
<p>Before</p><script>document.title = "owned"</script><script src="EVIL/script"></script>
<img src="data:," onerror="document.title = 'owned'"><svg onload="document.title = 'owned'"></svg>
<a href="javascript:document.title = 'owned'">Press</a>
<form action="EVIL/form" method="post"><button>Send</button></form><iframe src="EVIL/frame"></iframe>
<iframe srcdoc="<script>parent.document.title = 'owned'</script>"></iframe>
<meta http-equiv="refresh" content="0;url=EVIL/refresh"><object data="EVIL/object"></object><embed src="EVIL/embed">
<link rel="stylesheet" href="EVIL/style"><base href="EVIL/">
"""


def test_markup_that_got_past_the_cleaner_can_do_nothing(browser: Browser, http_site: HttpSite, tmp_path: Path) -> None:
    html = HOSTILE.replace("EVIL", http_site.url)
    with serve(tmp_path) as room:
        room.newsroom.add(1, html=f"{html}<style>h1 {{ display: none }}</style><p style='display: none'>After</p>")
        number = keep_digest(room, DigestState.SENT, f"<html><head></head><body>{html}<h1>After</h1></body></html>")
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        for path in ("/articles/ferry-1", f"/archive/daily/{number}"):
            said.clear()
            page.goto(f"{room.client.base_url}{path}", wait_until="networkidle")
            page.get_by_text("Press").click()
            page.get_by_role("button", name="Send").click()
            page.wait_for_load_state("networkidle")
            assert (page.url, page.title()) == (f"{room.client.base_url}{path}", page.title().replace("owned", ""))
            for what in ("redirect", "form submission", "JavaScript URL", "script execution"):
                assert any(what in one for one in said), what
            expect(page.locator("h1")).to_be_visible()
            expect(page.get_by_text("After")).to_be_visible()
        page.close()
    assert http_site.requests == []


def states(room: Pressroom, clock: Clock) -> dict[str, str]:
    """The address of a page in each state that it has."""
    number = next(_numbers)
    ana, bob, eve = (f"{name}{number}@reader.example" for name in ("ana", "bob", "eve"))
    reading, paused, left = room.subscribe(ana), room.subscribe(bob), room.subscribe(eve)
    fed = room.subscribe(f"fay{number}@reader.example")
    feed = room.client.post(room.choosing(fed.id), data={"action": "feed"}).text
    room.client.post(room.choosing(fed.id), data={"action": "renew-feed"})
    [ended] = re.findall(r'id="feed-address" value="([^"]+)"', feed)
    room.subscribe(ana, "harbour")
    room.client.post(room.choosing(paused.id), data={"action": "pause", "weeks": "3"})
    room.client.post(room.leaving(left.id))
    room.client.post("/subscribe", data={"email": f"new{number}@reader.example", "newsletter": ["daily", "harbour"]})
    confirming = room.confirming(f"new{number}@reader.example")
    return {
        "front": "/",
        "article": "/articles/ferry-1",
        "newsletter": "/daily",
        "subscribe": "/subscribe",
        "confirm": confirming,
        "preferences": room.choosing(reading.id),
        "preferences, paused": room.choosing(paused.id),
        "preferences, by feed": room.choosing(fed.id),
        "feed, ended": room.path_of(ended),
        "preferences, left": room.choosing(left.id),
        "expired": room.choosing(reading.id, NOON.replace(year=2025)),
        "unsubscribe": room.leaving(reading.id),
        "unsubscribed": room.leaving(left.id),
        "bad link": "/confirm/x",
        "feeds": "/feeds/",
        "archive": "/archive/",
        "archive of a newsletter": "/archive/daily/",
        "archive of a month": "/archive/daily/2026-03",
        "search": "/search",
        "results": "/search?q=ferr",
        "nothing found": "/search?q=bread",
    }


def test_every_page_is_accessible(browser: Browser, room: Pressroom, clock: Clock) -> None:
    room.newsroom.publish()
    # axe is a script, which articles' pages would not let run.
    context = browser.new_context(bypass_csp=True)
    page, found = context.new_page(), {}
    for name, path in states(room, clock).items():
        page.goto(f"{room.client.base_url}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found[name] = accessible(page)
    page.goto(f"{room.client.base_url}/subscribe")
    page.get_by_label("Email address").fill("ana@nowhere")
    page.get_by_role("button", name="Subscribe").click()
    found["wrong"] = accessible(page)
    context.close()
    assert found == {name: [] for name in found}


LOOKS = ALL | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block", "target-size"]}}
"""What may differ from one look of a page to another."""


def accessible(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA and against its own best practices on a desk, and once more on a phone
    in the dark; neither may be scrolled sideways."""
    found = []
    for width, scheme, options in ((DESK, "light", ALL), (PHONE, "dark", LOOKS)):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        found += violations(page, options)
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]


def test_pages_print_what_is_to_be_read(browser: Browser, room: Pressroom) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    for path in ("/articles/ferry-1", "/archive/daily/"):
        page.goto(f"{room.client.base_url}{path}")
        expect(page.locator("footer nav")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("h1")).to_have_css("color", "rgb(0, 0, 0)")
        expect(page.locator("footer nav")).to_be_hidden()
        page.emulate_media(media="screen")
    context.close()


def test_no_page_needs_or_runs_a_script(room: Pressroom, clock: Clock) -> None:
    for path in states(room, clock).values():
        response = room.client.get(path)
        assert "script-src" not in response.headers["content-security-policy"]
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert not re.search(r"<script|\son\w+=|javascript:", response.text)
