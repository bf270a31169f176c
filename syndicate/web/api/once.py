"""A request that carries an ``Idempotency-Key`` is done once, however often it is sent.

The header is that of draft-ietf-httpapi-idempotency-key-header, and so are the answers, 409 and 422. What failed frees
its key, for nothing was done. What was cut off keeps it: nobody knows whether it was done.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from hashlib import sha256

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from syndicate.errors import ConflictError
from syndicate.store import Store, repeats
from syndicate.store.repeats import Answered
from syndicate.web.api.call import Call
from syndicate.web.api.problem import problem

HEADER = "Idempotency-Key"
LONGEST = 200

_KEPT_HEADERS = ("location", "etag", "content-type")


async def once(call: Call, key: str, body: bytes, act: Callable[[], Awaitable[Response]]) -> Response:
    """The answer of ``act``, or what it was the first time.

    :raises ConflictError: while the first one is under way, or when nobody knows how it ended.
    """
    if not (key.isascii() and key.isprintable() and len(key) <= LONGEST):
        return problem(422, f"{HEADER}: up to {LONGEST} characters of ASCII that can be seen")
    store, by, seen = call.store, call.by.name, _print_of(call.request, body)
    before = await run_in_threadpool(_take, store, by, key, seen, call)
    if before and before.body_hash != seen:
        return problem(422, f"this {HEADER} came with another request before; take another key")
    if before and before.is_under_way:
        began = before.answered_at.isoformat(timespec="seconds")
        raise ConflictError(
            f"a request with this {HEADER} began at {began} and has not ended; ask again in a while. "
            "If it was cut off, look whether it was done, and take another key"
        )
    if before:
        return _again(before)
    try:
        response = await act()
    except Exception:
        await run_in_threadpool(_give_back, store, by, key)
        raise
    if response.status_code >= 400:
        await run_in_threadpool(_give_back, store, by, key)
    else:
        await run_in_threadpool(_keep, store, by, key, response)
    return response


def _take(store: Store, by: str, key: str, seen: str, call: Call) -> Answered | None:
    with store.write() as connection:
        return repeats.take(connection, by, key, seen, now=call.now)


def _give_back(store: Store, by: str, key: str) -> None:
    with store.write() as connection:
        repeats.give_back(connection, by, key)


def _keep(store: Store, by: str, key: str, response: Response) -> None:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer = json.dumps([headers, bytes(response.body).decode()])
    with store.write() as connection:
        repeats.keep(connection, by, key, response.status_code, answer)


def _again(before: Answered) -> Response:
    headers, body = json.loads(before.answer or '[{"content-type": "application/json"}, "{}"]')
    told = {"Cache-Control": "no-store", "Idempotency-Replayed": "true"}
    return Response(body, before.status, {**headers, **told})


def _print_of(request: Request, body: bytes) -> str:
    kind = request.headers.get("content-type", "")
    asked = f"{request.method} {request.url.path}?{request.url.query}\0{kind}\0".encode()
    return sha256(asked + body).hexdigest()
