"""What the service is measured beside: Postfix's `smtp-source`, raw aiosmtplib, and `smtplib` in threads.

Each sends one prebuilt message again and again over connections that stay open, and waits for every answer.
"""

from __future__ import annotations

import asyncio
import os
import smtplib
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import aiosmtplib

from benchmarks.children import Meter, Run, measured
from benchmarks.sinks import HOST, postfix_tool

SENDER, RECIPIENT = "news@bench.example", "reader@d1.example"


def has_smtp_source() -> bool:
    """Whether Postfix's test programs are installed."""
    return postfix_tool("smtp-source") is not None


def smtp_source(port: int, connections: int, count: int, size: int) -> Run:
    """`smtp-source -d`: Postfix's own load generator, in C; its messages have ``size`` octets."""
    program = postfix_tool("smtp-source")
    assert program is not None
    options = {"-s": connections, "-m": count, "-l": size, "-f": SENDER, "-t": RECIPIENT}
    words = [str(word) for option in options.items() for word in option]
    began = time.monotonic()
    process = subprocess.Popen([program, "-d", *words, f"{HOST}:{port}"])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"smtp-source ended with {process.returncode}")
    return Run(count, seconds, usage.ru_utime + usage.ru_stime, began)


def raw_aiosmtplib(port: int, connections: int, count: int, message: bytes, ca_file: Path | None = None) -> Run:
    """aiosmtplib as it is meant to be used for many messages: one client a connection, ``sendmail``."""
    return measured(_aiosmtplib, port, connections, count, message, ca_file)


def threaded_smtplib(port: int, connections: int, count: int, message: bytes) -> Run:
    """The standard library's client, one connection in each thread."""
    return measured(_smtplib, port, connections, count, message)


def _aiosmtplib(port: int, connections: int, count: int, message: bytes, ca_file: Path | None) -> Run:
    tls = ssl.create_default_context(cafile=ca_file) if ca_file else None
    turns = iter(range(count))

    async def send() -> None:
        client = aiosmtplib.SMTP(
            hostname=HOST, port=port, use_tls=tls is not None, start_tls=False, tls_context=tls, timeout=60
        )
        async with client:
            for _ in turns:
                await client.sendmail(SENDER, RECIPIENT, message)

    async def send_all() -> None:
        await asyncio.gather(*(send() for _ in range(connections)))

    meter = Meter()
    asyncio.run(send_all())
    return meter.read(count)


def _smtplib(port: int, connections: int, count: int, message: bytes) -> Run:
    turns = iter(range(count))
    errors: list[Exception] = []

    def send() -> None:
        try:
            _send_over_one(port, turns, message)
        except (smtplib.SMTPException, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=send) for _ in range(connections)]
    meter = Meter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run = meter.read(count)
    if errors:
        raise errors[0]
    return run


def _send_over_one(port: int, turns: Iterator[int], message: bytes) -> None:
    with smtplib.SMTP(HOST, port, timeout=60) as client:
        for _ in turns:  # a range's iterator gives each number to one thread only
            client.sendmail(SENDER, RECIPIENT, message)
