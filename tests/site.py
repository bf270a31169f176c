"""A real web site on a free loopback port, filled by a test; the ``http_site`` fixture hands it out.

``site.pages["/feed.xml"] = Page(body=b"…", headers={"ETag": '"1"'})`` and the site answers it, also 304 to a matching
``If-None-Match`` or ``If-Modified-Since``; what was asked is in ``site.requests``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True, slots=True)
class Page:
    """What stands at a path. An empty ``Content-Length`` leaves it untold."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class HttpSite:
    """The server: ``pages`` by path (a function is called with the request), ``requests`` in order."""

    pages: dict[str, Page | Callable[[Request], Page]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="site")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, request: Request) -> Page:
        """The page for a request, with its query or without, or what HTTP says when there is none, or none newer
        (RFC 9110 §13)."""
        missing = Page(b"not found", status=404)
        page = self.pages.get(request.path) or self.pages.get(request.path.partition("?")[0]) or missing
        if not isinstance(page, Page):
            page = page(request)
        for header, condition in (("ETag", "if-none-match"), ("Last-Modified", "if-modified-since")):
            if page.headers.get(header) and page.headers[header] == request.headers.get(condition):
                return Page(headers=page.headers, status=304)
        return page


def _handler_of(site: HttpSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            site.requests.append(request)
            page = site.answer(request)
            self.send_response(page.status)
            for name, value in page.headers.items():
                if value:
                    self.send_header(name, value)
            if "Content-Length" not in page.headers:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if self.command != "HEAD":
                try:
                    self.wfile.write(page.body)
                except ConnectionError:
                    self.close_connection = True

        do_GET = do_HEAD = do_POST = _answer

        def log_message(self, *_: object) -> None:
            """Say nothing: ``requests`` is the log."""

    return Handler
