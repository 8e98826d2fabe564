"""The pages by https with given certificates: real clients, an authority of ours, and clients that mean no good."""

from __future__ import annotations

import http.client
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import request

from dashboard import authority, secure
from dashboard.secure import Secure, SecureError
from dashboard.web import create_app
from ratings.config import ConfigError, Dashboard, read
from tests.conftest import listens
from tests.dashboard.filling import Filling

NOW = datetime.now(UTC)
HOST = "127.0.0.1"


@pytest.fixture
def ours() -> authority.Pair:
    return authority.make_authority("tests", NOW)


@pytest.fixture
def files(tmp_path: Path, ours: authority.Pair) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, in files."""
    paths = tmp_path / "fjes.pem", tmp_path / "fjes.key"
    write(paths, authority.issue(ours, [HOST], NOW))
    return paths


def write(files: tuple[Path, Path], pair: authority.Pair) -> None:
    for path, content in zip(files, (pair.certificate, pair.key), strict=True):
        path.with_suffix(".new").write_bytes(content)
        path.with_suffix(".new").replace(path)


@contextmanager
def serving(
    filling: Filling, files: tuple[Path, Path], seen: list[tuple[str | None, bool]] | None = None
) -> Iterator[int]:
    app = create_app(filling.engine, Dashboard())
    if seen is not None:
        app.before_request(lambda: seen.append((request.remote_addr, request.is_secure)))
    server = Secure(app, HOST, 0, *files)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.port
    finally:
        server.close()
        thread.join(20)
        assert not thread.is_alive()


def trusting(pair: authority.Pair) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=pair.certificate.decode())


def asked(
    port: int, ours: authority.Pair, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPSConnection(HOST, port, context=trusting(ours), timeout=20)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_pages_files_and_errors_come_by_https(sqlite: Filling, files: tuple[Path, Path], ours: authority.Pair) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (1, 2, 30, 40))
    seen: list[tuple[str | None, bool]] = []
    with serving(sqlite, files, seen) as port:
        for path, code in (("/site-1", 200), ("/site-1/report.pdf", 200), ("/x/y/z", 404), ("/api/v1/months", 200)):
            status, headers, body = asked(port, ours, path)
            assert (status, bool(body)) == (code, True)
            assert headers["strict-transport-security"].startswith("max-age=")
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "server" not in headers
        # What has no body has an answer all the same.
        status, headers, body = asked(port, ours, "/site-1", "HEAD")
        assert (status, body) == (200, b"")
        tag = asked(port, ours, "/static/fjes.css")[1]["etag"]
        assert asked(port, ours, "/static/fjes.css", headers={"If-None-Match": tag})[0] == 304
        assert asked(port, ours, "/")[0] == 302
        assert asked(port, ours, "/api/v1/places", "DELETE")[0] == 405
        # Nobody's word is taken on who asks.
        seen.clear()
        asked(port, ours, "/healthz", headers={"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "http"})
    assert seen == [(HOST, True)]


def test_several_requests_go_through_one_connection(
    sqlite: Filling, files: tuple[Path, Path], ours: authority.Pair
) -> None:
    with serving(sqlite, files) as port:
        connection = http.client.HTTPSConnection(HOST, port, context=trusting(ours), timeout=20)
        for _ in range(3):
            connection.request("GET", "/static/fjes.css")
            answer = connection.getresponse()
            assert (answer.status, len(answer.read()) > 1000) == (200, True)
        connection.close()


def test_somebody_elses_authority_and_old_protocols_are_no_use(
    sqlite: Filling, files: tuple[Path, Path], ours: authority.Pair
) -> None:
    with serving(sqlite, files) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            asked(port, authority.make_authority("others", NOW), "/healthz")
        old = trusting(ours)
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLS"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection((HOST, port), 20) as plain, pytest.raises(OSError, match=r"(?i)ssl|reset"):
            old.wrap_socket(plain, server_hostname=HOST)
        assert asked(port, ours, "/healthz")[0] == 200


def test_clients_that_say_nothing_or_half_of_it_keep_nobody_waiting(
    sqlite: Filling,
    files: tuple[Path, Path],
    ours: authority.Pair,
    monkeypatch: pytest.MonkeyPatch,
    wait_for: Callable[..., None],
) -> None:
    monkeypatch.setattr(secure, "HANDSHAKE_SECONDS", 1)
    with serving(sqlite, files) as port:
        stalled = [socket.create_connection((HOST, port), 20) for _ in range(60)]
        try:
            for number, each in enumerate(stalled):
                if number % 3 == 1:
                    each.sendall(b"\x16\x03\x01\x02\x00")  # A handshake begins, and is never heard of again.
                elif number % 3 == 2:
                    each.sendall(b"GET / HTTP/1.1\r\n")  # Without any TLS.
            assert asked(port, ours, "/healthz")[0] == 200
            for each in stalled:
                each.setblocking(False)
            wait_for(lambda: all(map(is_closed, stalled)), "those that stall to be sent away")
        finally:
            for each in stalled:
                each.close()
        assert asked(port, ours, "/healthz")[0] == 200


def is_closed(client: socket.socket) -> bool:
    try:
        while client.recv(1000):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_a_renewed_certificate_is_taken_up_and_half_a_renewal_is_not(
    sqlite: Filling,
    files: tuple[Path, Path],
    ours: authority.Pair,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wait_for: Callable[..., None],
) -> None:
    monkeypatch.setattr(secure, "LOOK_SECONDS", 0.05)
    caplog.set_level(logging.INFO, "fjes.web")

    def number(port: int) -> int:
        with (
            socket.create_connection((HOST, port), 20) as plain,
            trusting(ours).wrap_socket(plain, server_hostname=HOST) as client,
        ):
            return int(client.getpeercert()["serialNumber"], 16)  # type: ignore[index, arg-type]

    with serving(sqlite, files) as port:
        first = number(port)
        renewed = authority.issue(ours, [HOST], NOW)
        # The new certificate is there before its key: the one before goes on.
        files[0].write_bytes(renewed.certificate)
        wait_for(lambda: "the one before is used until then" in caplog.text, "half a renewal to be told")
        assert number(port) == first
        write(files, renewed)
        wait_for(lambda: "a renewed certificate is used" in caplog.text, "the renewal to be taken up")
        assert number(port) != first


def test_certificates_that_cannot_be_used_are_refused_with_the_reason(
    sqlite: Filling, files: tuple[Path, Path], ours: authority.Pair, tmp_path: Path
) -> None:
    app, (certificate, key) = create_app(sqlite.engine, Dashboard()), files
    other = tmp_path / "other.key"
    other.write_bytes(authority.issue(ours, [HOST], NOW).key)
    nothing = tmp_path / "nothing.pem"
    with pytest.raises(SecureError, match=r"cannot be used \(key values mismatch\)"):
        Secure(app, HOST, 0, certificate, other)
    with pytest.raises(SecureError, match=r"nothing\.pem: cannot be read \(No such file"):
        Secure(app, HOST, 0, nothing, key)
    with pytest.raises(SecureError, match=r"nothing\.pem: cannot be read"):
        Secure(app, HOST, 0, certificate, nothing)
    nothing.write_text("no certificate")
    with pytest.raises(SecureError, match="cannot be used"):
        Secure(app, HOST, 0, nothing, key)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('certificate = "a.pem"', "only one of them is given"),
        ('key = "a.key"', "only one of them is given"),
        ('certificate = "a.pem"\nkey = "a.key"\nproxy = "127.0.0.1"', "https by the web server before, or by Fjes"),
    ],
)
def test_settings_that_make_no_sense_together_are_refused(more: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read(f"[dashboard]\n{more}\n")


def test_the_command_serves_by_https_until_it_is_stopped(
    sqlite: Filling,
    files: tuple[Path, Path],
    ours: authority.Pair,
    tmp_path: Path,
    free_port: int,
    wait_for: Callable[..., None],
) -> None:
    config = tmp_path / "fjes.toml"
    lines = [
        "[dashboard]",
        f'database = "{sqlite.engine.url}"',
        f"port = {free_port}",
        f'certificate = "{files[0]}"',
        f'key = "{files[1]}"',
    ]
    config.write_text("\n".join(lines))
    command = [sys.executable, "-m", "fjes", "dashboard", "web", "--config", str(config)]
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            wait_for(lambda: listens(free_port) or process.poll() is not None, "the page to be served")
            status, headers, _ = asked(free_port, ours, "/sign-in")
            assert (status, "strict-transport-security" in headers) == (200, True)
            second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert second.returncode == 1
            assert f"cannot listen on 127.0.0.1, port {free_port}" in second.stderr
        finally:
            process.terminate()
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
    assert out == f"The pages are on https://127.0.0.1:{free_port}\n"
    assert err == "Nobody can sign in yet: make the first administrator with fjes dashboard user add\n"
