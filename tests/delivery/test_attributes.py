"""What operators say of a reader reaches them, where a template of the site's own writes it."""

from __future__ import annotations

import email
from email import policy
from pathlib import Path

from syndicate.audience import Terms, import_roster
from tests.newsroom import newsroom
from tests.relay import Relay


def test_attributes_come_in_the_mail(tmp_path: Path, relay: Relay) -> None:
    template = tmp_path / "templates/email/digest/subject.txt"
    template.parent.mkdir(parents=True)
    template.write_text("News for {{ subscriber.attributes.get('city', 'you') }}", "utf-8")
    file = tmp_path / "people.csv"
    file.write_text(
        "email,newsletters,cadence,City\nana@example.org,brief,daily,Bär\nbo@example.org,brief,daily,\n", "utf-8"
    )
    with newsroom(tmp_path, smtp={"url": relay.url}) as room:
        room.article("Ferry returns")
        app = room.app
        import_roster(
            app.store,
            app.settings.newsletters,
            file,
            traces=app.traces,
            rejected=tmp_path / "rejected.csv",
            now=room.clock(),
            terms=Terms(mapping={"City": "attributes.city"}),
        )
        room.compose()
        assert room.send().accepted == 2
    letters = [email.message_from_bytes(one.content, policy=policy.default) for one in relay.messages]
    assert {(str(one["To"]), str(one["Subject"])) for one in letters} == {
        ("ana@example.org", "News for Bär"),
        ("bo@example.org", "News for you"),
    }
