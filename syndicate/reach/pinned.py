"""Connections that go where the guard lets them: a name is looked up once, and what was checked is connected to.

``request`` opens clients with it. A connection that is kept belongs to the host that it was opened for, by name.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

import httpcore2
import httpx2

from syndicate.reach.addresses import addresses_of

_KEPT_S = 15.0
"""Seconds for which a connection is kept for the next request to the same host."""


class PinnedTransport(httpx2.AsyncHTTPTransport):
    """httpx2's own, on a pool whose connections are opened by ``_Pinned``."""

    def __init__(self, trust: ssl.SSLContext, *, allow_private: bool, permitted_by: str, most: int) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=most,
            max_keepalive_connections=most,
            keepalive_expiry=_KEPT_S,
            network_backend=_Pinned(allow_private, permitted_by),
        )


class _Pinned(httpcore2.AnyIOBackend):
    def __init__(self, allow_private: bool, permitted_by: str) -> None:
        self._allow_private, self._permitted_by = allow_private, permitted_by

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the pool gives it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first address of ``host`` that can be connected to. :raises ReachError: if one may not.

        TLS is begun by the pool, which still asks for the host by its name.
        """
        addresses = await addresses_of(host, port, allow_private=self._allow_private, permitted_by=self._permitted_by)
        for address in addresses:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if address == addresses[-1]:
                    raise
        raise httpcore2.ConnectError("the host has no address")
