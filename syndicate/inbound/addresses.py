"""Which addresses are ours, and what their extensions mean. Pure; the listener and ``sort`` call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from syndicate.render.links import NOTICE_RETURNED, RETURNED
from syndicate.settings import Newsletter

_EXTENSIONS = frozenset({"", "subscribe", "unsubscribe", "help"})
_WITH_TOKEN = ("unsubscribe-", "confirm-", RETURNED, NOTICE_RETURNED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail was sent: the newsletters of that address, and what stood behind the ``+``, in lower case.

    An address that several newsletters send from is all of theirs; ``address`` is it without its extension.
    """

    newsletters: tuple[Newsletter, ...]
    address: str
    extension: str = ""

    @property
    def is_known(self) -> bool:
        """Whether mail to that extension means something."""
        return self.extension in _EXTENSIONS or any(
            self.extension.startswith(prefix) and len(self.extension) > len(prefix) for prefix in _WITH_TOKEN
        )


class Addresses:
    """The newsletters' addresses: ``slug@`` and the sender's own, each at the sender's domain.

    Case never matters, for servers on the way may fold it.
    """

    def __init__(self, newsletters: Iterable[Newsletter]) -> None:
        self._places: dict[str, Place] = {}
        for one in newsletters:
            known = self._places.get(one.address.casefold())
            self._places[one.address.casefold()] = Place((*(known.newsletters if known else ()), one), one.address)
        for one in newsletters:
            address = f"{one.slug}@{one.domain}"
            self._places[address.casefold()] = Place((one,), address)

    def find(self, address: str) -> Place | None:
        """The place of an address, whatever its extension; None when it is not one of ours."""
        local, _, domain = address.strip().strip("<>").casefold().rpartition("@")
        at = len(local)
        while at > 0:
            if place := self._places.get(f"{local[:at]}@{domain}"):
                return Place(place.newsletters, place.address, local[at + 1 :])
            at = local.rfind("+", 0, at)
        return None

    def accepts(self, address: str) -> Place | None:
        """The place of an address that means something to us; None for all others."""
        place = self.find(address)
        return place if place and place.is_known else None
