"""For people without a relay: an SMTP server that keeps every mail as a file, and a small web inbox to read them."""

from syndicate.catcher.inbox import create_inbox
from syndicate.catcher.server import Catcher

__all__ = ["Catcher", "create_inbox"]
