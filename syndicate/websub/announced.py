"""What one run of telling hubs, callbacks and followers did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Announced:
    """``pinged`` counts feeds that hubs were told of, ``verified`` callbacks that meant it, ``refused`` ones that did
    not or were denied, ``distributed`` feeds that followers got; ``dropped`` followers are no longer tried.

    ``failed`` is what will be tried again, ``problems`` why hubs could not be told.
    """

    pinged: int = 0
    verified: int = 0
    refused: int = 0
    distributed: int = 0
    failed: int = 0
    dropped: int = 0
    problems: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything was done at all."""
        return self != Announced()
