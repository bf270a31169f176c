"""What is remembered: one module per noun, each a set of functions on an open connection."""

from sqlalchemy import Connection

from syndicate.store.engine.held import Held
from syndicate.store.engine.store import Store

__all__ = ["Connection", "Held", "Store"]
