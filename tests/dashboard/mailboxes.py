"""A real SMTP server (aiosmtpd) on a free port of 127.0.0.1, which keeps what it takes, and can be as bad as any.

It can refuse, stall or hang up at any step of a conversation, and be stopped and started again on the same port.
"""

from __future__ import annotations

import asyncio
import email.policy
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from dashboard.authority import issue, make_authority
from ratings.sections import Mail
from tests.conftest import free_port, wait

USER, PASSWORD = "fjes", "only for tests"
STEPS = ("EHLO", "AUTH", "MAIL", "RCPT", "DATA")
STALLS, HANGS_UP = "stalls", "hangs up"


class Mailbox:
    """`how`: what the server answers at a step instead of yes, or STALLS or HANGS_UP. `reached`: the steps it saw."""

    def __init__(self, folder: Path, security: str = "starttls", *, names: tuple[str, ...] = ("localhost",)) -> None:
        self.port = free_port()
        self.security = security
        self.how: dict[str, str] = {}
        self.to: dict[str, str] = {}
        self.reached: list[str] = []
        self.taken: list[tuple[str, list[str], bytes]] = []
        authority = make_authority("test", datetime.now(UTC))
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(authority.certificate)
        pair = folder / "server.pem"
        pair.write_bytes(issue(authority, names, datetime.now(UTC)).both)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(pair)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Mailbox:
        loop = self._loop = asyncio.new_event_loop()
        listening: list[asyncio.Server] = []

        async def begin() -> None:
            tls = self.tls if self.security == "tls" else None
            listening.append(await loop.create_server(self._conversation, "127.0.0.1", self.port, ssl=tls))

        def run() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(begin())
            loop.run_forever()
            listening[0].close()
            waiting = asyncio.all_tasks(loop)
            for task in waiting:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        wait(lambda: listening, "the mail server to listen")
        return self

    def stop(self) -> None:
        """End it; whoever is in a conversation is cut off."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            assert not self._thread.is_alive()
            self._loop = self._thread = None

    def settings(self, **other: Any) -> Mail:
        """What `[mail]` says to use it."""
        given: dict[str, Any] = {
            "host": "localhost",
            "port": self.port,
            "security": self.security,
            "ca": self.ca,
            "username": USER,
            "password": PASSWORD,
            "from_": "Fjes på Pro Sentret <fjes@example.org>",
            "page": "https://fjes.example.org",
        }
        if self.security == "none":
            given |= {"ca": None, "username": None, "password": None}
        return Mail(**(given | other))

    @property
    def letters(self) -> list[EmailMessage]:
        """What it took, as a mail program reads it."""
        parser: BytesParser[EmailMessage] = BytesParser(policy=email.policy.default)
        return [parser.parsebytes(content) for _, _, content in self.taken]

    def _conversation(self) -> SMTP:
        smtp = _Conversation(
            _Handler(self),
            hostname="localhost",
            ident="test",
            tls_context=self.tls if self.security == "starttls" else None,
            require_starttls=self.security == "starttls",
            # Over TLS from the start, aiosmtpd does not know that there is TLS.
            auth_required=self.security == "starttls",
            auth_require_tls=self.security != "tls",
            authenticator=self._authenticated if self.security != "none" else None,
            timeout=300,
        )
        smtp.mailbox = self
        return smtp

    def _authenticated(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def at(self, step: str, smtp: SMTP, to: str = "") -> str | None:
        """What is answered at a step instead of yes."""
        self.reached.append(step)
        answer = self.to.get(to) or self.how.get(step)
        if answer == STALLS:
            await asyncio.sleep(3600)
        if answer == HANGS_UP:
            assert isinstance(smtp.transport, asyncio.Transport)
            smtp.transport.abort()
            await asyncio.sleep(3600)
        return answer


class _Conversation(SMTP):
    mailbox: Mailbox

    async def smtp_AUTH(self, arg: str) -> None:
        answer = await self.mailbox.at("AUTH", self)
        if answer:
            await self.push(answer)
        else:
            await super().smtp_AUTH(arg)


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_EHLO(
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if answer := await self._mailbox.at("EHLO", server):
            return [answer]
        return responses

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._mailbox.at("MAIL", server):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if answer := await self._mailbox.at("RCPT", server, address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if answer := await self._mailbox.at("DATA", server):
            return answer
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from is not None
        self._mailbox.taken.append((envelope.mail_from, [*envelope.rcpt_tos], envelope.content))
        return "250 OK"


@contextmanager
def mailbox(folder: Path, security: str = "starttls", **more: Any) -> Iterator[Mailbox]:
    """A server that is running."""
    folder.mkdir(exist_ok=True)
    found = Mailbox(folder, security, **more).start()
    yield found
    found.stop()
