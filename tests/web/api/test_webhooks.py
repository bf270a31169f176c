"""Webhooks by the API: the secret is shown once, and only what is allowed is told."""

from __future__ import annotations

from pathlib import Path

from syndicate.store import audit
from tests.feeds.newsroom import NOON
from tests.web.api.program import Program
from tests.web.pressroom import serve


def test_a_webhook_is_added_changed_tried_and_removed(tmp_path: Path) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        program = Program(room)
        wanted = {"address": "https://crm.example/hook?key=1", "events": ["subscriber.left", "digest.sent"]}
        added = program.post("/webhooks", wanted)
        assert (added.status_code, added.json()["secret"][:6]) == (201, "whsec_")
        assert added.json()["events"] == ["digest.sent", "subscriber.left"]
        one = program.get("/webhooks/1")
        assert "secret" not in one.json()
        assert program.get("/webhooks").json()["data"] == [one.json()]
        for address, status in (("file:///etc/passwd", 422), ("https://u:p@crm.example/", 409)):
            assert program.post("/webhooks", wanted | {"address": address}).status_code == status
        assert program.post("/webhooks", wanted | {"events": ["webhook.test"]}).status_code == 409
        assert program.post("/webhooks", wanted | {"events": ["anything"]}).status_code == 422

        tag = {"If-Match": one.headers["etag"]}
        changed = program.ask("PATCH", "/webhooks/1", {"events": ["article.published"]}, **tag)
        assert (changed.json()["address"], changed.json()["events"]) == (wanted["address"], ["article.published"])
        assert program.ask("PATCH", "/webhooks/1", {"events": []}, **tag).status_code == 412
        room.newsroom.add(1)
        assert program.post("/webhooks/1/test").json()["event"] == "webhook.test"
        test, published = program.get("/webhooks/1/messages").json()["data"]
        assert (test["subject"], published["subject"], published["fate"]) == ("webhook 1", "article 1", "queued")
        assert program.post("/webhooks/1/replay", {"since": "2026-03-01T00:00:00Z"}).json() == {"messages": 2}
        assert program.ask("DELETE", "/webhooks/1").status_code == 204
        assert program.get("/webhooks/1").status_code == 404
        with room.app.store.read() as connection:
            found = [(one.act, one.detail) for one in audit.newest(connection, limit=9, about="webhook 1")]
        assert [act for act, _ in found] == ["removed", "replayed", "tested", "changed", "added"]
        assert "key=1" not in str(found)
