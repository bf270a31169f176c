"""One connection to the SMTP relay: connecting, TLS and AUTH are aiosmtplib's. Called by ``send``."""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import aiosmtplib

from syndicate.delivery.outcome import Broken, Reply
from syndicate.errors import RelayError
from syndicate.settings import Smtp

_LONGEST_REPLY = 500


class RelayConnection:
    """An open connection that hands over one message at a time. An async context manager."""

    def __init__(self, settings: Smtp) -> None:
        self.relay = settings.relay
        self._timeout = settings.timeout.total_seconds()
        self._client = aiosmtplib.SMTP(
            hostname=self.relay.host,
            port=self.relay.port,
            use_tls=self.relay.security == "tls",
            start_tls={"offered": None, "starttls": True, "tls": False}[self.relay.security],
            tls_context=_tls_context(settings.ca_file),
            timeout=self._timeout,
        )

    async def __aenter__(self) -> Self:
        """:raises RelayError: when the relay is unreachable, its certificate does not verify, or it refuses us."""
        try:
            await self._client.connect()
            await self._sign_in()
        except RelayError:
            self._client.close()
            raise
        except aiosmtplib.SMTPAuthenticationError as error:
            self._client.close()
            raise self._refused("does not accept smtp.url's user and password", error.code, error.message) from None
        except aiosmtplib.SMTPResponseException as error:
            self._client.close()
            raise self._refused("refuses the connection", error.code, error.message) from None
        except (aiosmtplib.SMTPException, ValueError, OSError) as error:
            self._client.close()
            raise RelayError(str(self.relay), _why(error)) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client.is_connected and kind is None:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=5)
        self._client.close()

    @property
    def is_open(self) -> bool:
        """Whether the next message can go over it, as far as is known."""
        return self._client.is_connected

    async def send(self, sender: str, recipient: str, message: bytes) -> Reply | Broken:
        """One MAIL, RCPT, DATA dialogue; a refusal is an answer, not an exception.

        :raises ConnectionError: when the connection broke before DATA, so that nothing was handed over.
        """
        verb = "MAIL"
        try:
            await self._client.mail(sender)
            verb = "RCPT"
            await self._client.rcpt(recipient)
            verb = "DATA"
            said = await self._client.data(message)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            if self._client.is_connected and error.code != aiosmtplib.SMTPStatus.domain_unavailable:
                await self._reset()
            return Reply(verb, error.code, _one_line(error.message))
        except (aiosmtplib.SMTPException, OSError) as error:
            self._client.close()
            if verb == "DATA":
                return Broken(f"connection lost during DATA: {_why(error)}")
            raise ConnectionError(f"connection lost at {verb}: {_why(error)}") from None
        return Reply(verb, said.code, _one_line(said.message))

    async def _sign_in(self) -> None:
        if not self.relay.username:
            return
        if self._client.get_transport_info("sslcontext") is None and not _is_loopback(self.relay.host):
            raise RelayError(
                str(self.relay),
                "offers no STARTTLS, and the password is not sent in clear; use smtps:// or another relay",
            )
        if not self._client.supports_extension("auth"):
            raise RelayError(str(self.relay), "offers no AUTH; take user and password out of smtp.url")
        await self._client.login(self.relay.username, self.relay.password.get_secret_value())

    async def _reset(self) -> None:
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()

    def _refused(self, what: str, code: int, message: str) -> RelayError:
        return RelayError(str(self.relay), what, f"{code} {_one_line(message)}")


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
