"""Throughput: the whole service beside raw clients, on loopback, far away, with chunks, signed, and over TLS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import trustme

from benchmarks.children import Run
from benchmarks.delay import far_away
from benchmarks.engine import Route, copy_of, prepare, send
from benchmarks.figures import OURS, Outcome, Plan, throughput
from benchmarks.references import has_smtp_source, raw_aiosmtplib, smtp_source, threaded_smtplib
from benchmarks.sink import Manners
from benchmarks.sinks import HOST, best_sink, bundled_sink

SOURCE, RAW, THREADS = "smtp-source -d", "aiosmtplib", "smtplib in threads"
WIDTHS = (8, 16)
"""Connections, in ``engine``."""

_ROUND_TRIP = 0.02
_SLOWER = 4
"""What waits for every round trip is given so many times fewer messages; a rate is a rate."""

Sides = dict[str, Callable[[], Run]]


def engine(folder: Path, plan: Plan) -> list[Outcome]:
    """Loopback, ledger durable, 8 and 16 connections."""
    message = prepare(folder, plan.count)
    outcomes = []
    for connections in WIDTHS:
        with best_sink() as sink:
            sides: Sides = {OURS: partial(_ours, folder, Route(sink.port, connections))}
            if has_smtp_source():
                sides[SOURCE] = partial(smtp_source, sink.port, connections, plan.count, len(message))
            sides[RAW] = partial(raw_aiosmtplib, sink.port, connections, plan.count, message)
            sides[THREADS] = partial(threaded_smtplib, sink.port, connections, plan.count, message)
            about = f"{sink.name}, {_size(message)}"
            bounds = {SOURCE: 0.9, RAW: 4.0}
            outcomes.append(throughput(f"engine, {connections} connections", about, sides, bounds, plan))
    return outcomes


def signed(folder: Path, plan: Plan) -> list[Outcome]:
    """DKIM RSA-2048, beside C that signs nothing."""
    message = prepare(folder, plan.count)
    with best_sink() as sink:
        sides: Sides = {OURS: partial(_ours, folder, Route(sink.port, is_signed=True))}
        if has_smtp_source():
            sides[SOURCE] = partial(smtp_source, sink.port, 8, plan.count, len(message))
        about = f"8 connections, {sink.name}, {_size(message)}, only ours signed"
        return [throughput("dkim, RSA-2048", about, sides, {SOURCE: 0.55}, plan)]


def distance(folder: Path, plan: Plan) -> list[Outcome]:
    """A round trip of 20 ms, no CHUNKING."""
    return [_far(folder, plan, "distance, 20 ms", Manners(), 3.8)]


def chunking(folder: Path, plan: Plan) -> list[Outcome]:
    """A round trip of 20 ms, and a server that takes BDAT."""
    return [_far(folder, plan, "chunking, 20 ms", Manners(chunking=True), 10.0)]


def tls(folder: Path, plan: Plan) -> list[Outcome]:
    """TLS on loopback; no target, for the sink's own TLS is part of it."""
    message = prepare(folder, plan.count)
    authority = trustme.CA()
    certificate, ca_file = folder.parent / "sink.pem", folder.parent / "ca.pem"
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    authority.cert_pem.write_to_path(str(ca_file))
    with bundled_sink(Manners(certificate=certificate)) as sink:
        sides: Sides = {
            OURS: partial(_ours, folder, Route(sink.port, ca_file=ca_file)),
            RAW: partial(raw_aiosmtplib, sink.port, 8, plan.count, message, ca_file),
        }
        return [throughput("tls", f"8 connections, {sink.name}, {_size(message)}", sides, {}, plan)]


def _far(folder: Path, plan: Plan, title: str, manners: Manners, bound: float) -> Outcome:
    message = prepare(folder, plan.count)
    with bundled_sink(manners) as sink, far_away(sink.port, _ROUND_TRIP) as port:
        fewer = max(1, plan.count // _SLOWER)
        sides: Sides = {
            OURS: partial(_ours, folder, Route(port)),
            RAW: partial(raw_aiosmtplib, port, 8, fewer, message),
        }
        about = f"8 connections, {sink.name}{' with BDAT' if manners.chunking else ''}, {_size(message)}"
        return throughput(title, about, sides, {RAW: bound}, plan)


def _ours(folder: Path, route: Route) -> Run:
    with copy_of(folder) as copy:
        return send(copy, route)


def _size(message: bytes) -> str:
    return f"{len(message) / 1000:.1f} kB a message"
