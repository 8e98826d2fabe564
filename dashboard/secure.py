"""The pages by https, with certificates that were given: Hypercorn, which shakes hands with each client apart.

A client that begins and says no more keeps nobody waiting, and is gone after some seconds. Certificates that are
renewed are taken up while it runs: they are looked at once a minute. Knows no page.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flask import Flask
from hypercorn.asyncio import serve
from hypercorn.config import Config

log = logging.getLogger("fjes.web")

HANDSHAKE_SECONDS = 10
READ_SECONDS = 60
"""So long may a client take for the next part of a request that it has begun."""
LOOK_SECONDS = 60.0
"""So often the certificate's files are looked at."""
THREADS = 4
MOST_BYTES = 16 * 1024 * 1024
"""More than the application takes, which says so itself: what is longer yet is not even read."""


class SecureError(Exception):
    """A certificate that cannot be used; the text says which, and what is allowed."""


class _Settings(Config):
    """Hypercorn's, with a context of ours: one that can take up another certificate while it is used."""

    context: ssl.SSLContext

    @property
    def ssl_enabled(self) -> bool:
        return True

    def create_ssl_context(self) -> ssl.SSLContext:
        return self.context


class Secure:
    """A server that listens already (port 0: a free one, `port`); `run()` serves until `close()`, SIGTERM or SIGINT.

    Raises OSError where it cannot listen, and SecureError.
    """

    def __init__(self, app: Flask, host: str, port: int, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._seen = self._state()
        self._context = _context(certificate, key)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=100)
        self.port: int = self._socket.getsockname()[1]
        self._app = app
        self._close: Callable[[], object] = self._socket.close

    def run(self) -> None:
        """Serve."""
        asyncio.run(self._serve())

    def close(self) -> None:
        """End, from any thread."""
        self._close()

    async def _serve(self) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, "page"))
        self._close = lambda: loop.call_soon_threadsafe(ended.set)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, ended.set)
        settings = _Settings()
        settings.context = self._context
        settings.bind = [f"fd://{self._socket.detach()}"]
        settings.ssl_handshake_timeout = HANDSHAKE_SECONDS
        settings.read_timeout = READ_SECONDS
        settings.wsgi_max_body_size = MOST_BYTES
        settings.include_server_header = False
        settings.errorlog = logging.getLogger("hypercorn")
        looking = asyncio.create_task(self._look())
        try:
            await serve(_with_a_body(self._app), settings, shutdown_trigger=ended.wait, mode="wsgi")
        finally:
            looking.cancel()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            state = self._state()
            if state == self._seen:
                continue
            self._seen = state
            try:
                _context(*self._files)  # First apart: half a renewal must not end what works.
                self._context.load_cert_chain(*self._files, password=_no_passphrase)
            except (SecureError, OSError) as error:
                log.warning("%s; the one before is used until then", error)
            else:
                log.info("a renewed certificate is used from now on")

    def _state(self) -> list[tuple[int, int, int] | None]:
        """What tells whether the files are the same."""
        found: list[tuple[int, int, int] | None] = []
        for path in self._files:
            try:
                about = path.stat()
                found.append((about.st_ino, about.st_mtime_ns, about.st_size))
            except OSError:
                found.append(None)
        return found


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What Hypercorn makes of two files, but only of those that do. Raises SecureError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Browsers need no more, and what is not spoken cannot be misused.
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).replace("_", " ").lower()
        raise SecureError(
            f"[dashboard] certificate {certificate} and key {key}: cannot be used ({reason}); allowed: the "
            "certificate, then those between it and the authority, and its private key without passphrase (PEM)"
        ) from None
    except OSError as error:
        path = certificate if not _readable(certificate) else key
        raise SecureError(
            f"[dashboard] {path}: cannot be read ({error.strerror}); name a file that the user of the pages may read"
        ) from None
    return context


def _readable(path: Path) -> bool:
    try:
        path.open("rb").close()
    except OSError:
        return False
    return True


def _no_passphrase() -> str:
    """Nobody is there to type one."""
    return ""


def _with_a_body(app: Flask) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """The application, whose answers without a body have an empty one: without any, Hypercorn sends no answer."""

    def answer(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        found = app(environ, start)
        try:
            yield from found
            yield b""
        finally:
            if hasattr(found, "close"):
                found.close()

    return answer
