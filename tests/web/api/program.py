"""A program with a token, which asks a served newsroom's API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2

from syndicate.desk.tokens import Scope, add
from tests.web.pressroom import Pressroom


class Program:
    """One whose token allows these scopes; all when none is named."""

    def __init__(self, room: Pressroom, *scopes: Scope, name: str = "importer") -> None:
        self.room, self.name = room, name
        _, self.token = add(room.app.store, name, scopes or Scope, 30, by="test", now=room.app.jobs.clock())

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Sends a request; a body that is not text is sent as JSON."""
        given = {"Authorization": f"Bearer {self.token}"} | headers
        content = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        if content is not None:
            given = {"Content-Type": "application/json"} | given
        return self.room.client.request(method, f"/api/v1{path}", content=content, headers=given)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Reads something."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Does something."""
        return self.ask("POST", path, body, **headers)

    def pages(self, path: str) -> Iterator[list[Any]]:
        """A list, page after page."""
        cursor, mark = "", "&" if "?" in path else "?"
        while True:
            found = self.get(path + (f"{mark}cursor={cursor}" if cursor else ""))
            assert found.status_code == 200, found.text
            yield found.json()["data"]
            cursor = found.json()["next"]
            if not cursor:
                return
