"""The OpenID provider: where people are sent to sign in, and whom it says has come back.

Authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636), which Authlib speaks. Knows no database,
and keeps no token: who somebody is is all that is asked.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dashboard.accounts import fetching, id_token
from dashboard.accounts.departures import Secrets
from dashboard.accounts.refusal import AGAIN, BROKEN, CANCELLED, SILENT, Refusal
from ratings.config import ConfigError, Oidc
from ratings.signing_in import ALLOWED, is_safe

KEPT = timedelta(hours=1)
"""So long what the provider says of itself, and its keys, are not asked for again."""
AT_ONCE, WAIT_SECONDS = 2, 5
"""Of the four threads that serve pages, so many may wait for the provider."""

# An error as the provider may name it in our log.
_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the provider knows: `subject` is never anybody else's, unlike `name`, which is what people call them by."""

    issuer: str
    subject: str
    claims: dict[str, Any]


class Provider:
    """As `[oidc]` has it; `secret` is the client's. One for all threads. `now` is for tests."""

    def __init__(self, settings: Oidc, secret: str, now: Callable[[], datetime]) -> None:
        assert settings.issuer is not None
        self.settings = settings
        self.issuer = settings.issuer
        self.name = settings.name or urlsplit(self.issuer).hostname or self.issuer
        self._secret = secret
        self._now = now
        self._trusted = fetching.trusted(settings.ca)
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._described: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    @classmethod
    def of(cls, settings: Oidc, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Provider | None:
        """As `[oidc]` has it; None where it has none. Raises ConfigError where a file cannot be read."""
        if settings.issuer is None:
            return None
        if settings.ca is not None and not settings.ca.is_file():
            raise ConfigError(f"[oidc] ca: there is no file {settings.ca}; allowed: a certificate (PEM)")
        secret = settings.client_secret or ""
        if (file := settings.client_secret_file) is not None:
            try:
                secret = file.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is no text"
                raise ConfigError(f"[oidc] client_secret_file: {file} cannot be read: {why}") from None
            if not secret:
                raise ConfigError(f"[oidc] client_secret_file: {file} is empty; allowed: the client's secret")
        return cls(settings, secret, now)

    @property
    def lets_newcomers_in(self) -> bool:
        """Whether somebody may get an account by signing in there: all, or those in a group."""
        return self.settings.newcomers or bool(self.settings.groups)

    def departure(self, back: str, with_: Secrets, language: str, *, ask: bool = False) -> str:
        """The address at which people sign in there; from it they come to the address `back`. Raises Refusal.

        `ask`: it is to ask who it is, though it may remember somebody.
        """
        with self._asking() as client:
            described = self._about(client)
        with self._client(back) as client:
            address, _ = client.create_authorization_url(
                described["authorization_endpoint"],
                state=with_.state,
                nonce=with_.nonce,
                code_verifier=with_.verifier,
                ui_locales=language,
                prompt="login" if ask else None,
            )
        return str(address)

    def arrival(self, back: str, answer: dict[str, str], with_: Secrets) -> Known:
        """Whom the provider says has signed in, from what it sent along with them. Raises Refusal."""
        if error := answer.get("error"):
            raise self._said(error)
        with self._asking() as client:
            described = self._about(client)
            # RFC 9207: another provider's answer is not to be taken for this one's.
            sent = answer.get("iss")
            if (sent or described.get("authorization_response_iss_parameter_supported")) and sent != self.issuer:
                raise Refusal(400, BROKEN, "the answer is of another issuer")
            if not answer.get("code"):
                raise Refusal(400, BROKEN, "the answer has no code")
            token = self._redeem(back, answer["code"], with_, described)
            claims = self._verified(client, token, with_, described)
            if self.settings.name_claim not in claims and described.get("userinfo_endpoint"):
                claims = self._userinfo(client, token, described, claims) | claims
        return Known(self.issuer, claims["sub"], claims)

    def goodbye(self, back: str) -> str | None:
        """The address at which people sign out there, and come to the address `back`; None where it has none."""
        with self._asking() as client:
            address = self._about(client).get("end_session_endpoint")
        if not address:
            return None
        named = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return str(add_params_to_uri(address, list(named.items())))

    def _client(self, back: str | None = None, method: str = "client_secret_basic") -> Any:
        return OAuth2Session(
            self.settings.client_id,
            self._secret,
            token_endpoint_auth_method=method,
            scope=" ".join(self.settings.scopes),
            redirect_uri=back,
            code_challenge_method="S256",
            default_timeout=fetching.TIMEOUT_SECONDS,
            hooks={"response": [fetching.bounded]},
        )

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """A client while the provider is asked; what goes wrong on the way is a Refusal."""
        if not self._room.acquire(timeout=WAIT_SECONDS):
            raise Refusal(503, SILENT, "others wait for its answers already")
        try:
            with self._client() as client:
                yield client
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise Refusal(504, SILENT, f"no answer within {fetching.TIMEOUT_SECONDS:g} seconds") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Refusal(502, SILENT, f"it cannot be reached: {fetching.reason(error)}") from None
        finally:
            self._room.release()

    def _about(self, client: Any) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0), from memory for an hour."""
        if self._described and self._now() - self._described[0] < KEPT:
            return self._described[1]
        described = self._json(client, self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if described.get("issuer") != self.issuer:
            raise Refusal(
                502, BROKEN, f"it calls itself {described.get('issuer')!r:.200}; [oidc] issuer must be just that"
            )
        for key in (
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "end_session_endpoint",
        ):
            is_needed = key in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if (is_needed or key in described) and not is_safe(described.get(key)):
                raise Refusal(502, BROKEN, f"its {key} is {described.get(key)!r:.200}; allowed: {ALLOWED}")
        self._described = self._now(), described
        return described

    def _redeem(self, back: str, code: str, with_: Secrets, described: dict[str, Any]) -> dict[str, Any]:
        methods = described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        try:
            with self._client(back, method) as client:
                token: dict[str, Any] = client.fetch_token(
                    described["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=with_.verifier,
                    verify=self._trusted,
                )
        except OAuthError as error:
            code = _named(error.error)
            if code == "invalid_grant":
                raise Refusal(400, AGAIN, "the code was used, or is too old (invalid_grant)") from None
            hint = (
                "; see [oidc] client_id and client_secret" if code in ("invalid_client", "unauthorized_client") else ""
            )
            raise Refusal(502, BROKEN, f"the code was not redeemed: {code}{hint}") from None
        except ValueError as error:
            if isinstance(error, requests.RequestException):
                raise
            raise Refusal(502, BROKEN, "its answer to the code is no JSON object") from None
        if not isinstance(token.get("id_token"), str) or not isinstance(token.get("access_token"), str):
            raise Refusal(502, BROKEN, "it sent no ID token; [oidc] scopes must have openid")
        return token

    def _verified(
        self, client: Any, token: dict[str, Any], with_: Secrets, described: dict[str, Any]
    ) -> dict[str, Any]:
        expected = id_token.Expected(
            issuer=self.issuer,
            client_id=self.settings.client_id or "",
            nonce=with_.nonce,
            access_token=token["access_token"],
            now=int(self._now().timestamp()),
        )
        with suppress(id_token.OtherKeyError):
            return id_token.claims(token["id_token"], self._keyset(client, described), expected)
        try:
            return id_token.claims(token["id_token"], self._keyset(client, described, anew=True), expected)
        except id_token.OtherKeyError:
            raise Refusal(502, BROKEN, "its ID token is signed with none of its keys (jwks_uri)") from None

    def _keyset(self, client: Any, described: dict[str, Any], *, anew: bool = False) -> KeySet:
        if self._keys and not anew and self._now() - self._keys[0] < KEPT:
            return self._keys[1]
        sent = self._json(client, described["jwks_uri"])
        try:
            keys = KeySet.import_key_set(sent)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise Refusal(502, BROKEN, "its keys (jwks_uri) cannot be read") from None
        self._keys = self._now(), keys
        return keys

    def _userinfo(
        self, client: Any, token: dict[str, Any], described: dict[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """What some providers say only when asked once more (OpenID Connect Core 1.0, 5.3)."""
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        told = self._json(client, described["userinfo_endpoint"], bearer)
        if told.get("sub") != claims["sub"]:
            raise Refusal(502, BROKEN, "its userinfo is about somebody else")
        return told

    def _json(self, client: Any, address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = client.get(address, withhold_token=True, headers=headers, verify=self._trusted)
        what = urlsplit(address).path
        if answer.status_code != 200:
            raise Refusal(502, SILENT, f"{what:.200} answers {answer.status_code}")
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refusal(502, BROKEN, f"{what:.200} is no JSON object; see [oidc] issuer")
        return found

    def _said(self, error: str) -> Refusal:
        code = _named(error)
        if code in ("access_denied", "consent_required", "interaction_required", "login_required"):
            return Refusal(403, CANCELLED, f"not agreed to ({code})")
        if code in ("server_error", "temporarily_unavailable"):
            return Refusal(502, SILENT, f"it says {code}")
        return Refusal(502, BROKEN, f"it says {code or 'an error'}")


def _named(error: object) -> str:
    return error if isinstance(error, str) and _CODE.fullmatch(error) else ""
