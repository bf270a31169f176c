"""Opens a connection to the SMTP relay: connecting, EHLO, TLS and AUTH are aiosmtplib's. Called by ``send``."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

import aiosmtplib

from syndicate.delivery.smtp import MessagePath
from syndicate.errors import RelayError
from syndicate.settings import Relay, Smtp

_LONGEST_REPLY = 500


@asynccontextmanager
async def connect(settings: Smtp, *, plain: bool = False) -> AsyncIterator[MessagePath]:
    """The message path of a new connection, signed in and ready; the connection ends with the block.

    ``plain`` does without what the relay says that it could.

    :raises RelayError: when the relay is unreachable, its certificate does not verify, or it refuses us.
    """
    relay, timeout = settings.relay, settings.timeout.total_seconds()
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.security == "tls",
        start_tls={"offered": None, "starttls": True, "tls": False}[relay.security],
        tls_context=_tls_context(settings.ca_file),
        timeout=timeout,
    )
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        await _sign_in(client, relay)
        path = MessagePath.take_over(client, timeout, plain=plain)
    except aiosmtplib.SMTPAuthenticationError as error:
        client.close()
        raise _refused(relay, "does not accept smtp.url's user and password", error) from None
    except aiosmtplib.SMTPResponseException as error:
        client.close()
        raise _refused(relay, "refuses the connection", error) from None
    except (aiosmtplib.SMTPException, ValueError, OSError) as error:
        client.close()
        raise RelayError(str(relay), _why(error)) from None
    except BaseException:
        client.close()
        raise
    try:
        yield path
        await path.quit()
    finally:
        path.close()


async def _sign_in(client: aiosmtplib.SMTP, relay: Relay) -> None:
    if not relay.username:
        return
    if client.get_transport_info("sslcontext") is None and not _is_loopback(relay.host):
        raise RelayError(
            str(relay), "offers no STARTTLS, and the password is not sent in clear; use smtps:// or another relay"
        )
    if not client.supports_extension("auth"):
        raise RelayError(str(relay), "offers no AUTH; take user and password out of smtp.url")
    await client.login(relay.username, relay.password.get_secret_value())


def _refused(relay: Relay, what: str, error: aiosmtplib.SMTPResponseException) -> RelayError:
    return RelayError(str(relay), what, f"{error.code} {_one_line(error.message)}")


@lru_cache(maxsize=4)
def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are verified. Reading the system's takes 20 ms, so it is done once for all connections."""
    return ssl.create_default_context(cafile=ca_file)


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate does not verify ({cause.verify_message}); name its issuer in smtp.ca_file"
    said = str(cause) or cause.__class__.__name__
    return _one_line(said)


def _one_line(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:_LONGEST_REPLY]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
