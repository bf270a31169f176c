"""How one pick-up went, step by step, and why the next one is when: for ``pickup --explain``."""

from __future__ import annotations

from syndicate.cli.terminal import local, plural, tell
from syndicate.pickup.pickup import Pickup


def tell_steps(found: Pickup) -> None:
    """For people."""
    tell("source", found.source, style="bold")
    for hop in found.hops:
        led = f", leads to {hop.leads_to}" if hop.leads_to else ""
        size = f", {hop.size:,} bytes" if hop.size else ""
        tell("asked", f"{hop.url}: {hop.status}{led}{size}")
    if found.error:
        tell("failed", found.error, style="red")
    else:
        brought = found.new + found.remembered + found.changed + found.duplicates + found.held
        tell("read", f"{plural(brought, 'article')} new or changed, {found.unchanged} as before")
    if found.hops and found.hops[0].status in (301, 308) and not found.error:
        tell("moved", "for good, says its server; when it says so twice, the new address is asked at once")
    if found.next_at:
        tell("next look", f"{local(found.next_at)}, because {found.why}")
    else:
        tell("next look", f"none, because {found.why}", style="yellow")
