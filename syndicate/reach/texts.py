"""TXT records, asked of this machine's name server. Called by ``delivery.senders``."""

from __future__ import annotations

_SECONDS = 5.0


async def texts_of(name: str) -> tuple[str, ...] | None:
    """The TXT records at a name, each joined from its strings (RFC 7208 §3.3); None when nobody answers."""
    import dns.asyncresolver  # the command line needs none of it, and starts sooner without
    import dns.exception
    import dns.resolver

    try:
        answer = await dns.asyncresolver.Resolver().resolve(name, "TXT", lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError):
        return None
    return tuple(b"".join(one.strings).decode("utf-8", "replace") for one in answer)
