"""A real IMAP server: Dovecot as a child of the test, with one user, on a free loopback port, over TLS."""

from __future__ import annotations

import contextlib
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import trustme

USER, PASSWORD = "news@lake.example", 'pa"ss w\\ord'

_CONFIG = """\
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
protocols = imap
auth_failure_delay = 0
listen = 127.0.0.1
ssl = required
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
mail_location = maildir:{home}/mail
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


def dovecot_is_there() -> bool:
    """Whether it is installed."""
    return _program() is not None


def _program() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Dovecot:
    """The server. ``url`` is the mailbox's address, ``ca_file`` what its certificate is signed with."""

    def __init__(self, home: Path) -> None:
        self.home, self.ca_file = home, home / "ca.pem"
        self.port = 0

    @property
    def url(self) -> str:
        """Its inbox."""
        return f"imaps://{USER.replace('@', '%40')}@127.0.0.1:{self.port}"

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4_SSL]:
        """A person's mail program, with the inbox open."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context, timeout=20) as client:
            client.login(USER, PASSWORD)
            client.select("INBOX")
            yield client

    def deliver(self, *contents: bytes, flags: str = "") -> None:
        """Puts mails into the inbox."""
        with self.client() as client:
            for content in contents:
                assert client.append("INBOX", flags, None, content)[0] == "OK"

    def look(self, folder: str = "INBOX") -> list[tuple[int, str, str]]:
        """UID, subject and flags of what lies in a folder."""
        with self.client() as client:
            if client.select(folder)[0] != "OK":
                return []
            _, found = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        seen = []
        for part in found:
            if isinstance(part, tuple):
                facts = part[0].decode()
                flags = facts.partition("FLAGS (")[2].partition(")")[0].replace("\\Recent", "").strip()
                uid = int(facts.partition("UID ")[2].split()[0])
                seen.append((uid, part[1].decode().removeprefix("Subject: ").strip(), flags))
        return seen


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Starts it; its files lie where a Unix socket's path is short, and go at the end."""
    home = Path(mkdtemp(prefix="imap-"))
    server = Dovecot(home)
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    group = "nogroup" if os.getuid() == 0 else str(user.pw_gid)
    try:
        _certify(home)
        (home / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", "utf-8")
        for name in ("run", "mail", "home"):
            (home / name).mkdir()
        for path in (home, *home.iterdir()):
            if os.getuid() == 0 and path.name != "run":
                os.chown(path, user.pw_uid, user.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as free:
            server.port = free.getsockname()[1]
        config = home / "dovecot.conf"
        config.write_text(_CONFIG.format(home=home, user=user.pw_name, group=group, port=server.port), "utf-8")
        process = subprocess.Popen([str(_program()), "-F", "-c", str(config)], stderr=subprocess.PIPE)
        try:
            _wait(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.communicate()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _certify(home: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(home / "ca.pem")
    certificate.private_key_pem.write_to_path(home / "key.pem")
    (home / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))


def _wait(server: Dovecot, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with server.client():
                return
        except OSError:
            log = server.home / "log"
            said = log.read_text("utf-8", "replace") if log.exists() else ""
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.02)
