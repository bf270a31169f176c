"""Serving: a published feed over HTTP, and saying that it is known already, beside nginx with the same folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from benchmarks.articles import paragraphs
from benchmarks.children import Run, measured, served
from benchmarks.engine import opened
from benchmarks.figures import OURS, Outcome, Plan, throughput
from benchmarks.getting import answer, get
from benchmarks.sinks import HOST
from benchmarks.wrk import has_wrk, wrk
from syndicate.cli.service import Pages, listen
from syndicate.feeds.files import write_if_changed
from syndicate.jobs.loop import run as run_loop
from syndicate.web.server import create_web

_PATH = "/feeds/bench/rss.xml"
_SIZE = 300_000
_CONNECTIONS = 8
_NGINX = "nginx"
_STARTUP = 5.0
_BOUNDS = {200: 0.75, 304: 0.4}

Ask = Callable[[int, str, dict[str, str], int, int], Run]

_CONF = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  types {{ application/rss+xml xml; }}
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {{ listen 127.0.0.1:{port}; root "{root}"; }}
}}
"""


class Server(NamedTuple):
    """What answers: its port and its process."""

    port: int
    pid: int


def serving(folder: Path, plan: Plan) -> list[Outcome]:
    """Answers a second: whole ones, then five times as many that only say that nothing changed."""
    folder.mkdir(parents=True)
    _, text = paragraphs(1, count=_SIZE // 100)
    write_if_changed(folder / _PATH.lstrip("/"), text.encode()[:_SIZE])
    outcomes = []
    with _ours(folder) as ours, _nginx(folder) as nginx:
        servers = {OURS: ours} | ({_NGINX: nginx} if nginx else {})
        beside = "one worker of nginx" if nginx else "nginx is not installed"
        clients: dict[str, Ask] = {"a client that only counts octets": _counting}
        if has_wrk():
            clients["wrk"] = wrk
        for (status, times), (client, ask) in product(((200, 1), (304, 5)), clients.items()):
            count = plan.count * times
            sides = {name: partial(_asked, server, status, ask, count) for name, server in servers.items()}
            title = "serving a feed of 300 kB" if status == 200 else "saying that it did not change"
            about = f"{_CONNECTIONS} connections; {beside}"
            bounds = {_NGINX: _BOUNDS[status]}
            outcomes.append(throughput(f"{title}, to {client}", about, sides, bounds, plan, unit="req/s"))
    return outcomes


def _counting(port: int, path: str, headers: dict[str, str], count: int, connections: int) -> Run:
    return measured(get, port, path, headers, count, connections)


def _asked(server: Server, status: int, ask: Ask, count: int) -> Run:
    """CPU time is the server's."""
    first = answer(server.port, f"GET {_PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    sent = {"If-None-Match": first.headers["etag"]} if status == 304 else {}
    before = _cpu(server.pid)
    run = ask(server.port, _PATH, sent, count, _CONNECTIONS)
    return replace(run, cpu=_cpu(server.pid) - before)


@contextmanager
def _ours(folder: Path) -> Iterator[Server]:
    """The service's pages and feeds, as ``syndicate serve`` answers them."""
    with served(_serve, folder) as line:
        yield Server(*line.recv())


def _serve(line: Connection, folder: Path) -> None:
    with closing(opened(folder)) as app:
        listening = listen(HOST, 0)
        run_loop(_until_closed(line, Pages(create_web(app), listening), listening))


async def _until_closed(line: Connection, pages: Pages, listening: socket.socket) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(line.fileno(), stop.set)
    line.send((listening.getsockname()[1], os.getpid()))
    await pages.until(stop)
    asyncio.get_running_loop().remove_reader(line.fileno())


@contextmanager
def _nginx(folder: Path) -> Iterator[Server | None]:
    """None when it is not installed."""
    program = nginx()
    if program is None:
        yield None
        return
    with closing(listen(HOST, 0)) as free:
        port = free.getsockname()[1]
    home = folder / "nginx"
    home.mkdir()
    (home / "nginx.conf").write_text(_CONF.format(port=port, root=folder), encoding="utf-8")
    command = [program, "-p", str(home), "-c", "nginx.conf", "-e", "error.log"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield Server(port, process.pid)
        finally:
            process.terminate()


def nginx() -> str | None:
    """Where it is, if it is installed; some systems keep it out of PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def _wait_for(port: int) -> None:
    until = time.monotonic() + _STARTUP
    while True:
        try:
            socket.create_connection((HOST, port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise RuntimeError("nginx did not start") from None
            time.sleep(0.02)
        else:
            return


def _cpu(pid: int) -> float:
    """Seconds that a process used until now; 0 where that can't be told."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
