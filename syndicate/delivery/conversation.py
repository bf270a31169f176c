"""What goes over one connection: envelope, *begun*, content, answer, and again. Called by ``lane``.

A message's content and the next message's envelope go out together. Before them, one commit makes durable what became
of the message before, and that this one is begun; so a crash repeats at most the one message that was in flight. Over
a distance, where the relay takes whole chunks, ``window`` messages are under way at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from syndicate import metrics
from syndicate.delivery.outcome import Broken, Reply, Verdict
from syndicate.delivery.outgoing import Noted, Outgoing, Ready
from syndicate.delivery.pace import Pace
from syndicate.delivery.smtp import MessagePath
from syndicate.errors import OfferError, RelayError
from syndicate.settings import Smtp

_FAR = 0.003
"""Seconds of a round trip from which on it pays to have several messages under way."""


class Conversation:
    """One connection's work, until nothing may go over it any more, the relay ends it, or ``is_ending`` says so."""

    def __init__(
        self,
        outgoing: Outgoing,
        path: MessagePath,
        relay: Smtp,
        pace: Pace,
        *,
        window: int,
        is_ending: Callable[[], bool],
    ) -> None:
        self._out, self._path, self._relay, self._pace = outgoing, path, relay, pace
        self._label = relay.label
        self._waits = metrics.RELAY_ANSWER.of(relay.label)
        self._is_ending, self._window = is_ending, window
        self.lost_chunks = self.is_handing_over = self._is_spent = False
        self._longest = 0.0
        self._noted = Noted()
        self._began_at = outgoing.clock()
        self._taken = self.carried = 0
        self.domain = ""

    @property
    def waiting_since(self) -> float | None:
        """Since when (by the event loop's clock) it waits for an answer."""
        return self._path.waiting_since

    async def run(self) -> None:
        """Everything that was answered is recorded when this returns or raises.

        :raises RelayError: when the relay refuses us.
        :raises ConnectionError: when the connection broke before it carried anything.
        :raises OfferError: when the server does not do what it says.
        :raises StoreError: when the ledger can't be written.
        """
        abilities = self._path.abilities
        try:
            if (
                abilities.chunking
                and abilities.pipelining
                and self._window > 1
                and await self._path.round_trip() > _FAR
            ):
                await self._converse_in_chunks()
            else:
                await self._converse()
        finally:
            await self.flush()

    @property
    def can_go_on(self) -> bool:
        """Whether its connection is open and may carry more."""
        return self._path.is_open and not self._is_spent and self._taken < self._relay.messages_per_connection

    def hang_up(self) -> None:
        """Ends the connection, whatever it waits for."""
        self._path.close()

    async def flush(self) -> None:
        """Records what was noted, without waiting for another message to begin."""
        await self._out.commit(self._noted, self._label)

    async def _converse(self) -> None:
        following = await self._next()
        refusal = await self._open(following) if following else None
        while following:
            ready = following
            if refusal is None:
                content = await ready.content
                if not await self._out.commit(self._noted, self._label, [ready]):
                    self._out.queue.drop(ready.due)
                    self._path.close()
                    return
                self._began_at = self._out.clock()
                following = await self._next()
                self.is_handing_over = True
                answer = await self._path.finish(content, following.envelope if following else None)
                self._longest = max(self._longest, self._path.waited)
                self.is_handing_over = False
                self._note(ready, answer)
                self.carried += 1
                if following:
                    self.domain = following.due.delivery.domain
                    refusal = await self._path.opened(following.envelope)
                    if self._path.is_out_of_step:
                        self._doubt(ready)
                    self._longest = self._path.waited
            elif isinstance(refusal, Broken) or not self._is_about_the_reader(ready, refusal):
                self._out.queue.put_back(ready.due, self._label)
                return
            else:
                self._note(ready, refusal)
                following = await self._next()
                refusal = await self._open(following) if following else None

    async def _converse_in_chunks(self) -> None:
        under_way: deque[Ready] = deque()
        beginning: list[Ready] = []
        while True:
            while len(under_way) + len(beginning) < self._window and (ready := await self._next()):
                beginning.append(ready)
            under_way += await self._hand_over(beginning)
            beginning = []
            if not under_way:
                return
            ready = under_way.popleft()
            self.domain = ready.due.delivery.domain
            self.is_handing_over = True
            answer = await self._path.handed_over()
            self._longest = self._path.waited
            if isinstance(answer, Broken):
                self.lost_chunks = True
            elif answer.is_confused or answer.is_about_us:
                await self._give_up_chunks([ready, *under_way], answer)
                return
            self._note(ready, answer)
            self.carried += 1

    async def _hand_over(self, beginning: list[Ready]) -> list[Ready]:
        """Begins these, and sends them; returns those that are under way. :raises ConnectionError: when none can be."""
        contents = [await ready.content for ready in beginning]
        begun = await self._out.commit(self._noted, self._label, beginning)
        self._began_at = self._out.clock()
        sent = []
        for ready, content in zip(beginning, contents, strict=True):
            if ready.due.delivery.id not in begun:
                self._out.queue.drop(ready.due)
                continue
            try:
                await self._path.hand_over(ready.envelope, content)
                sent.append(ready)
            except ConnectionError:
                self._noted.undone.append(ready.due)
        if self._noted.undone and not (sent or self.carried):
            raise ConnectionError("the connection was lost before anything was handed over")
        return sent

    async def _give_up_chunks(self, refused: list[Ready], answer: Reply) -> None:
        """The server refuses us, or chunks: what it says about the others is heard, then this connection ends.

        After 421 it hears nothing more (RFC 5321 §3.8), so that what it did not answer was not handed over.
        """
        for ready in refused[1:]:
            said = await self._path.handed_over()
            unknown = isinstance(said, Broken) and answer.code != 421
            if unknown or (isinstance(said, Reply) and said.verdict is Verdict.ACCEPTED):
                self._note(ready, said)
            else:
                self._noted.undone.append(ready.due)
        self._noted.undone.append(refused[0].due)
        if answer.is_confused:
            raise OfferError(str(self._relay.relay), "does not do what it offers", str(answer))
        if not self.carried or answer.code >= 500:
            raise RelayError(str(self._relay.relay), f"refuses us at {answer.verb}", str(answer))
        self._path.close()

    async def _next(self) -> Ready | None:
        """The next message, None when nothing may begin on this connection any more, or not now."""
        now = self._out.clock()
        if self._pace.is_set and self._pace.wait(now) > 0:
            return None
        if self._is_ending() or self._taken >= self._relay.messages_per_connection:
            return None
        ready = await self._out.next(self._relay, self._path.abilities, self._noted)
        if ready:
            self._taken += 1
            self._pace.take(now)
        if ready and 0 < self._path.abilities.size < ready.size:
            self._out.queue.put_back(ready.due, self._label)
            limit = f"takes messages of at most {self._path.abilities.size:,} octets, and this one has"
            raise RelayError(str(self._relay.relay), f"{limit} {ready.size:,}")
        if ready:
            self.domain = ready.due.delivery.domain
        return ready

    async def _open(self, ready: Ready) -> Reply | Broken | None:
        try:
            refusal = await self._path.open(ready.envelope)
            self._longest = self._path.waited
        except ConnectionError as error:
            if self.carried or self._is_ending():
                return Broken(str(error))
            self._note(ready, Broken(str(error)), was_begun=False)
            raise
        return refusal

    def _is_about_the_reader(self, ready: Ready, refusal: Reply) -> bool:
        """False: this connection is spent, as with relays that take so many messages on one.

        :raises RelayError: when a connection's first envelope is refused because of us, or the sender for good.
        :raises OfferError: when the server does not know what it had offered.
        """
        if refusal.is_confused and self._path.abilities.pipelining:
            self._out.queue.put_back(ready.due, self._label)
            raise OfferError(str(self._relay.relay), "does not do what it offers", str(refusal))
        if not refusal.is_about_us:
            return True
        if refusal.verdict is Verdict.TOO_FAST:
            self._pace.lower(self._out.clock(), self._out.speed(), str(refusal))
        if self.carried and refusal.code < 500:
            self._is_spent = True
            return False
        self._out.queue.put_back(ready.due, self._label)
        raise RelayError(str(self._relay.relay), f"refuses us at {refusal.verb}", str(refusal))

    def _doubt(self, ready: Ready) -> None:
        """The answer that was noted last may have been meant for something else: whether it arrived is not known."""
        if self._noted.attempts and self._noted.attempts[-1].delivery_id == ready.due.delivery.id:
            broken = Broken("the server's answers are out of step")
            self._noted.attempts[-1] = self._out.attempt(ready.due, self._label, broken, self._began_at)

    def _note(self, ready: Ready, answer: Reply | Broken, *, was_begun: bool = True) -> None:
        self._out.traffic.waited(ready.due.delivery.domain, self._longest)
        self._waits.observe(self._longest)
        self._out.note(self._noted, ready.due, self._label, answer, self._began_at, was_begun=was_begun)
