"""One run, with its connections and its ledger, that all the tickets of a worker feed. Called by ``tasks``.

To open connections for each ticket would cost more than to send what it allows.
"""

from __future__ import annotations

import asyncio

from syndicate.delivery.tickets import Tickets
from syndicate.jobs.jobs import Jobs


class HandedBackError(Exception):
    """The worker stops; what is left of its tickets is for others."""


class Batches:
    """Sends by ticket until it is stopped."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._tickets = Tickets()
        self._run: asyncio.Task[None] | None = None
        self._ends = asyncio.Event()
        self._is_stopping = False

    async def send(self, digest_id: int, provider: str, size: int) -> None:
        """Returns when up to ``size`` deliveries are sent, or none of them is due any more.

        :raises RelayError: when no relay takes them.
        :raises StoreError: when the ledger can't be written.
        :raises HandedBackError: when this worker stops first.
        """
        if self._is_stopping:
            raise HandedBackError
        over = self._tickets.add(digest_id, provider, size)
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._go())
        await over

    def turn_to(self, jobs: Jobs) -> None:
        """Goes on with other settings, once what is in flight is finished."""
        self._jobs = jobs
        self._ends.set()

    async def stop(self) -> None:
        """Returns when what is in flight is finished and recorded."""
        self._is_stopping = True
        self._ends.set()
        if self._run:
            await asyncio.wait((self._run,))

    async def _go(self) -> None:
        while self._tickets:
            self._ends = ends = asyncio.Event()
            if self._is_stopping:
                self._tickets.close(HandedBackError())
                return
            try:
                sent = await self._jobs.send_due(stop=ends, source=self._tickets)
            except Exception as error:  # noqa: BLE001 - each ticket's job tells it
                self._tickets.close(error)
            else:
                if sent.error:
                    self._tickets.close(sent.error)
                elif ends.is_set():
                    self._tickets.reopen()
                else:
                    self._tickets.close()
