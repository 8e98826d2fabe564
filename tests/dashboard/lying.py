"""A provider that says whatever a test lets it say: a real HTTP server, whose ID tokens are really signed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

CLIENT, SECRET = "fjes", "only for tests, only for tests, only for tests"
ACCESS_TOKEN = "opaque"

Key = RSAKey | ECKey | OctKey
Answer = Callable[[BaseHTTPRequestHandler], None]
"""Answers a request itself, in place of the provider."""


def plain(what: bytes) -> str:
    return base64.urlsafe_b64encode(what).rstrip(b"=").decode()


def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


class Liar:
    """Tells the truth, but for what a test puts into `claims`, `metadata`, `token` and `instead` (by path)."""

    def __init__(self, issuer: str, now: Callable[[], datetime], key: RSAKey) -> None:
        self.issuer = issuer
        self.now = now
        self.key: Key | None = key
        self.public = key.as_pem(private=False)
        self.header: dict[str, Any] = {"alg": "RS256", "kid": key.kid}
        self.published = KeySet([key])
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.token: dict[str, Any] = {}
        self.instead: dict[str, Answer] = {}
        self.nonce = ""
        self.asked: list[str] = []
        self.redeemed: list[tuple[str, dict[str, str]]] = []

    def about(self) -> dict[str, Any]:
        here = self.issuer
        return {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/keys",
            "userinfo_endpoint": f"{here}/userinfo",
            **self.metadata,
        }

    def id_token(self) -> str:
        """`None` as a claim leaves it out."""
        now = int(self.now().timestamp())
        half = hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "at_hash": plain(half),
            "preferred_username": "kari",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.key is None:
            # What no library of today lets anybody make: without a signature, or with the public key as a secret.
            signed = ".".join(plain(json.dumps(each).encode()) for each in (self.header, claims))
            made = hmac.digest(self.public, signed.encode(), "sha256") if self.header["alg"] == "HS256" else b""
            return f"{signed}.{plain(made)}"
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        self.asked.append(path)
        if path in self.instead:
            self.instead[path](request)
            return
        match path:
            case "/.well-known/openid-configuration":
                send(request, self.about())
            case "/keys":
                send(request, self.published.as_dict())
            case "/userinfo":
                assert request.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
                send(request, {"sub": "248289761001", **self.userinfo})
            case "/token":
                body = request.rfile.read(int(request.headers["Content-Length"])).decode()
                fields = {name: values[0] for name, values in parse_qs(body).items()}
                self.redeemed.append((request.headers.get("Authorization", ""), fields))
                told = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": self.id_token(), **self.token}
                send(request, {name: value for name, value in told.items() if value is not None})
            case _:
                request.send_error(404)


def send(request: BaseHTTPRequestHandler, what: object, code: int = 200) -> None:
    body = what if isinstance(what, bytes) else json.dumps(what).encode()
    request.send_response(code)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@contextlib.contextmanager
def lying(now: Callable[[], datetime], key: RSAKey, certificate: Path | None = None) -> Iterator[Liar]:
    """One, on a free port, until the end of the block. With a file of a certificate and its key it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                liar.answer(self)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        liar = Liar(f"{scheme}://127.0.0.1:{server.server_port}", now, key)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield liar
        finally:
            server.shutdown()
            thread.join(10)
