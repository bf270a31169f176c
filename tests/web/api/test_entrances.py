"""Every address of the API, asked by everyone: a token that allows it comes in, and nothing else, whatever it sends."""

from __future__ import annotations

import re
from pathlib import Path

from syndicate.desk.tokens import Scope
from syndicate.web.api.api import create_api
from syndicate.web.api.entrance import Entrance
from tests.feeds.newsroom import NOON
from tests.web.api.program import Program
from tests.web.console.test_entrances import routes_of
from tests.web.pressroom import serve

OPEN = {"/openapi.json", "/ghost/{source}"}
"""What takes no token: the document, and what proves itself in another way."""


def test_who_may_comes_in_and_nobody_else(tmp_path: Path) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        routes = list(routes_of(create_api(room.app)))
        entrances = [one for one in routes if isinstance(one, Entrance)]
        outside = {getattr(one, "path", "") for one in routes if not isinstance(one, Entrance)}
        assert outside == OPEN, "an address that is not behind the door"
        assert len(entrances) > 15
        assert {one.scope_needed for one in entrances} == set(Scope), "a scope that opens nothing"
        allowed = {scope: Program(room, scope, name=f"only-{number}") for number, scope in enumerate(Scope)}
        others_of = {
            scope: Program(room, *(set(Scope) - {scope}), name=f"all-but-{number}")
            for number, scope in enumerate(Scope)
        }
        for one in entrances:
            method, scope = next(iter(one.methods or ())), one.scope_needed
            path = re.sub(r"\{\w+\}", "999999", one.path)
            body = None if method == "GET" else "{"
            assert room.client.request(method, f"/api/v1{path}").status_code == 401, one.path
            refused = others_of[scope].ask(method, path, body)
            assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json"), one.path
            answer = allowed[scope].ask(method, path, body)
            assert answer.status_code not in (401, 403), (method, path, answer.text)
            assert answer.status_code < 500
            assert answer.headers["x-content-type-options"] == "nosniff"
