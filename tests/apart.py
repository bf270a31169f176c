"""A network of its own for a process: namespaces of Linux, each joined to this machine by links that can be cut.

A link that is cut says nothing to either side: packets are lost, and only timeouts tell. It takes root and ``ip``
(iproute2), and the right to make namespaces, which containers may not have. All of it is gone when the block ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from itertools import count

_ADDRESSES = IPv4Network("10.213.0.0/16")
_EACH = 4
"""Addresses of one link: its two ends, and those that no end may have."""

_numbers = count()


class Link:
    """One link: ``near`` is the address of its end on this machine, which servers listen at."""

    def __init__(self, space: str, number: int) -> None:
        self._device = f"sy{os.getpid():x}n{number:x}"
        net = _net(number)
        self.near = str(net + 1)
        far = f"{self._device}f"
        _ip("link", "add", self._device, "type", "veth", "peer", "name", far, "netns", space)
        _ip("addr", "add", f"{net + 1}/30", "dev", self._device)
        _ip("-n", space, "addr", "add", f"{net + 2}/30", "dev", far)
        _ip("-n", space, "link", "set", far, "up")
        self.mend()

    def cut(self) -> None:
        """From now on nothing arrives, and nobody is told so."""
        _ip("link", "set", self._device, "down")

    def mend(self) -> None:
        """It works again."""
        _ip("link", "set", self._device, "up")

    def remove(self) -> None:
        """Both ends are gone at once, also while a process is there."""
        _ip("link", "del", self._device)


class Apart:
    """A namespace, with one link to the database and one to the relay."""

    def __init__(self) -> None:
        self.name = f"sy{os.getpid():x}s{next(_numbers):x}"
        self._links: list[Link] = []
        _ip("netns", "add", self.name)
        try:
            self.database, self.relay = self._link(), self._link()
        except BaseException:
            self.close()
            raise

    def within(self, *words: str) -> list[str]:
        """The command line that runs a command there."""
        return [_program(), "netns", "exec", self.name, *words]

    def close(self) -> None:
        """Takes it all away."""
        for link in self._links:
            with suppress(subprocess.CalledProcessError):
                link.remove()
        _ip("netns", "del", self.name)

    def _link(self) -> Link:
        link = Link(self.name, next(_numbers))
        self._links.append(link)
        return link


@contextmanager
def apart() -> Iterator[Apart]:
    """One, for as long as the block lasts."""
    made = Apart()
    try:
        yield made
    finally:
        made.close()


@cache
def why_not() -> str:
    """Why no namespaces can be made here; empty when they can."""
    if shutil.which("ip") is None:
        return "`ip` is not installed: apt-get install iproute2"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    try:
        with apart():
            return ""
    except subprocess.CalledProcessError as error:
        return f"no network namespace can be made here: {error.stderr.strip()}"


def _net(number: int) -> IPv4Address:
    """Where the addresses of a link begin; processes that live at the same time have others."""
    return _ADDRESSES[_EACH * ((os.getpid() * 16 + number) % (_ADDRESSES.num_addresses // _EACH))]


def _program() -> str:
    return shutil.which("ip") or "ip"


def _ip(*words: str) -> None:
    subprocess.run([_program(), *words], check=True, capture_output=True, text=True)
