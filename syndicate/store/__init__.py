"""What is remembered: one module per noun, each a set of functions on an open connection."""

from sqlalchemy import Connection

from syndicate.store.engine import Store
from syndicate.store.held import Held

__all__ = ["Connection", "Held", "Store"]
