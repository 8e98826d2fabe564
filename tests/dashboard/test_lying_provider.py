"""Signing in by OpenID Connect where the provider, the network or somebody in between is not to be trusted.

The provider is a real HTTP server that lies as a test lets it. However it goes wrong: nobody is signed in, the page
says so with the right code, and the log says why, and nothing of a person.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from argon2 import PasswordHasher
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from sqlalchemy import Engine, select, text
from werkzeug.test import TestResponse

from dashboard import authority, schema, store
from dashboard.accounts import departures, fetching, identities, passwords, people
from dashboard.accounts import sessions as accounts_sessions
from dashboard.accounts.access import COOKIE, Access
from dashboard.accounts.people import Role
from dashboard.accounts.provider import AT_ONCE, Known, Provider
from dashboard.accounts.provider_pages import GONE
from dashboard.web import create_app
from fjes.cli import main
from ratings.config import Dashboard, Group, Oidc
from tests.conftest import listens
from tests.dashboard.filling import Filling
from tests.dashboard.lying import CLIENT, SECRET, Liar, lying, rsa, send

HERE = "http://127.0.0.1"
PERSONAL = ("kari", "Kari", "248289761001", "oslo.example", "the-code", "opaque")


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2022, 4, 20, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return rsa("first")


@pytest.fixture
def liar(clock: Clock, key: RSAKey) -> Iterator[Liar]:
    with lying(clock, key) as started:
        yield started


def settings(liar: Liar, **more: Any) -> Oidc:
    return Oidc(issuer=liar.issuer, client_id=CLIENT, client_secret=SECRET, name="Oslo kommune", **more)


def application(engine: Engine, clock: Clock, oidc: Oidc) -> Flask:
    provider = Provider.of(oidc, clock)
    return create_app(engine, Dashboard(), today=lambda: clock().date(), access=Access(engine, clock, provider))


def add(engine: Engine, name: str, password: str | None = None) -> int:
    with engine.begin() as connection:
        return people.add(connection, name, password, Role.VIEWER).id


@pytest.fixture
def app(engine: Engine, clock: Clock, liar: Liar) -> Flask:
    add(engine, "Kari")
    return application(engine, clock, settings(liar))


def go(client: FlaskClient, liar: Liar | None = None, query: str = "?lang=en", base: str = HERE) -> dict[str, str]:
    """To the provider: what is sent along. The liar answers to it."""
    answer = client.get(f"/sign-in/with{query}", base_url=base)
    assert answer.status_code == 303, answer.text
    sent = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    if liar is not None:
        liar.nonce = sent["nonce"]
    return sent


def back(client: FlaskClient, sent: dict[str, str], **answer: str) -> TestResponse:
    return client.get(
        "/sign-in/back", base_url=HERE, query_string={"state": sent["state"], "code": "the-code"} | answer
    )


def attempt(app: Flask, liar: Liar) -> tuple[FlaskClient, TestResponse]:
    """There and back in a new browser."""
    client = app.test_client()
    return client, back(client, go(client, liar))


def signed_in(client: FlaskClient) -> str | None:
    """Who is, as the page says."""
    page = client.get("/account?lang=en", base_url=HERE)
    return page.text.partition("<h1>")[2].partition("</h1>")[0] if page.status_code == 200 else None


def sessions(engine: Engine) -> int:
    with store.reading(engine) as connection:
        return len(connection.execute(select(schema.session)).all())


def test_the_truth_is_believed(app: Flask, engine: Engine, liar: Liar) -> None:
    client = app.test_client()
    sent = go(client, liar, "?lang=en&next=/explained")
    assert sent["response_type"] == "code"
    assert sent["scope"] == "openid profile email"
    assert sent["client_id"] == CLIENT
    assert sent["redirect_uri"] == "http://127.0.0.1/sign-in/back"
    assert sent["ui_locales"] == "en"
    assert "prompt" not in sent
    answer = back(client, sent)
    assert answer.headers["Location"] == "/explained"
    assert answer.headers["Set-Cookie"].startswith(f"{COOKIE}=")
    assert signed_in(client) == "Kari"
    ((authorization, fields),) = liar.redeemed
    assert authorization == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    # PKCE: whoever has only the code cannot redeem it.
    challenge = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest()).rstrip(b"=")
    assert (sent["code_challenge"], sent["code_challenge_method"]) == (challenge.decode(), "S256")
    assert fields["redirect_uri"] == sent["redirect_uri"]


def test_nothing_that_opens_a_door_is_in_the_database(app: Flask, engine: Engine, liar: Liar) -> None:
    client = app.test_client()
    sent = go(client, liar)
    word = client.get_cookie(GONE, "127.0.0.1", "/sign-in")
    assert word is not None
    with store.reading(engine) as connection:
        rows = str(list(connection.execute(select(schema.departure))))
    assert back(client, sent).status_code == 303
    for secret in (word.value, sent["state"], sent["nonce"], liar.redeemed[0][1]["code_verifier"]):
        assert secret not in rows
    with store.reading(engine) as connection:
        everything = str([list(connection.execute(select(table))) for table in schema.metadata.sorted_tables])
    assert "opaque" not in everything
    assert "248289761001" in everything


def other_key(liar: Liar) -> None:
    liar.key = rsa("first")


def unknown_key(liar: Liar) -> None:
    liar.key, liar.header = rsa("second"), {"alg": "RS256", "kid": "second"}


def by_our_secret(liar: Liar) -> None:
    liar.key, liar.header = OctKey.import_key(SECRET), {"alg": "HS256", "kid": "first"}


def by_the_public_key(liar: Liar) -> None:
    liar.key, liar.header = None, {"alg": "HS256", "kid": "first"}


def by_nobody(liar: Liar) -> None:
    liar.key, liar.header = None, {"alg": "none"}


def put(**what: Any) -> Callable[[Liar], None]:
    def change(liar: Liar) -> None:
        for name, value in what.items():
            getattr(liar, name).update(value)

    return change


def instead(path: str, what: object, code: int = 200) -> Callable[[Liar], None]:
    return put(instead={path: lambda request: send(request, what, code)})


TOKEN_LIES: dict[str, tuple[Callable[[Liar], None], int, str]] = {
    "another nonce": (put(claims={"nonce": "x"}), 502, "not for this: invalid_claim, nonce"),
    "no nonce": (put(claims={"nonce": None}), 502, "missing_claim, nonce"),
    "another client's": (put(claims={"aud": "other"}), 502, "invalid_claim, aud"),
    "nobody's": (put(claims={"aud": None}), 502, "missing_claim, aud"),
    "also another client's": (put(claims={"aud": [CLIENT, "other"]}), 502, "missing_claim, azp"),
    "for another party": (put(claims={"azp": "other"}), 502, "invalid_claim, azp"),
    "another issuer's": (put(claims={"iss": "https://evil.example"}), 502, "invalid_claim, iss"),
    "no issuer's": (put(claims={"iss": None}), 502, "missing_claim, iss"),
    "expired": (put(claims={"exp": 1650441000}), 502, "expired_token, exp"),
    "without an end": (put(claims={"exp": None}), 502, "missing_claim, exp"),
    "of tomorrow": (put(claims={"iat": 1650528000}), 502, "invalid_claim, iat"),
    "about nobody": (put(claims={"sub": None}), 502, "missing_claim, sub"),
    "about nothing": (put(claims={"sub": ""}), 502, "no sub of 1 to 255"),
    "about a number": (put(claims={"sub": 7}), 502, "invalid_claim, sub"),
    "about what cannot be written": (put(claims={"sub": "a\x00"}), 502, "no sub of 1 to 255"),
    "about too much": (put(claims={"sub": "x" * 256}), 502, "no sub of 1 to 255"),
    "of another access token": (put(claims={"at_hash": "x"}), 502, "invalid_claim, at_hash"),
    "not signed": (by_nobody, 502, "not signed as it should be: unsupported_algorithm"),
    "signed with our secret": (by_our_secret, 502, "not signed as it should be: unsupported_algorithm"),
    "signed with the public key": (by_the_public_key, 502, "not signed as it should be: unsupported_algorithm"),
    "signed with another key": (other_key, 502, "signed with none of its keys"),
    "signed with a key that is not known": (unknown_key, 502, "signed with none of its keys"),
    "no token": (put(token={"id_token": "x"}), 502, "not signed as it should be: decode_error"),
    "left out": (put(token={"id_token": None}), 502, "sent no ID token"),
    "without an access token": (put(token={"access_token": None}), 502, "sent no ID token"),
    "a name that is none": (put(claims={"preferred_username": ["kari"]}), 502, "nothing that is called"),
}
ANSWER_LIES: dict[str, tuple[Callable[[Liar], None], int, str]] = {
    "no JSON": (instead("/token", b"<html>"), 502, "no JSON object"),
    "a list": (instead("/token", []), 502, "no JSON object"),
    "a fault": (instead("/token", b"kari", 500), 502, "it answers 500"),
    "a used code": (instead("/token", {"error": "invalid_grant"}, 400), 400, "was used, or is too old"),
    "a wrong secret": (instead("/token", {"error": "invalid_client"}, 401), 502, "invalid_client; see [oidc] client"),
    "a novel": (instead("/token", {"error": "kari@oslo.example " * 9}, 400), 502, "not redeemed: "),
    "no keys": (instead("/keys", {"keys": []}), 502, "its keys (jwks_uri) cannot be read"),
    "keys that are none": (instead("/keys", {"keys": "x"}), 502, "its keys (jwks_uri) cannot be read"),
    "keys that are gone": (instead("/keys", {}, 404), 502, "/keys answers 404"),
    "userinfo of somebody else": (
        put(claims={"preferred_username": None}, userinfo={"sub": "x", "preferred_username": "kari"}),
        502,
        "its userinfo is about somebody else",
    ),
}


@pytest.mark.parametrize("lie", [*TOKEN_LIES, *ANSWER_LIES])
def test_a_lie_signs_nobody_in(
    sqlite: Filling, clock: Clock, liar: Liar, caplog: pytest.LogCaptureFixture, lie: str
) -> None:
    tell, code, why = (TOKEN_LIES | ANSWER_LIES)[lie]
    add(sqlite.engine, "Kari")
    client = application(sqlite.engine, clock, settings(liar)).test_client()
    sent = go(client, liar)
    tell(liar)
    answer = back(client, sent)
    refused(client, sqlite.engine, answer, code, caplog, why)
    # Told in the language that was chosen, with the way to try again beside it.
    assert 'role="alert"' in answer.text
    assert "Sign in with Oslo kommune" in answer.text


def refused(
    client: FlaskClient, engine: Engine, answer: TestResponse, code: int, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    assert answer.status_code == code, answer.text
    assert COOKIE not in {each.partition("=")[0] for each in answer.headers.getlist("Set-Cookie")}
    assert sessions(engine) == 0
    assert signed_in(client) is None
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [line for line in lines if why in line], lines
    assert not [word for word in PERSONAL if word in "\n".join(lines)]
    assert not [record for record in caplog.records if record.exc_info]


DISCOVERY_LIES: dict[str, tuple[Callable[[Liar], None], int, str]] = {
    "another issuer": (put(metadata={"issuer": "https://evil.example"}), 502, "calls itself 'https://evil.example'"),
    "an open door": (put(metadata={"authorization_endpoint": "http://evil.example/"}), 502, "its authorization_end"),
    "a script": (put(metadata={"authorization_endpoint": "javascript:alert(1)"}), 502, "its authorization_endpoint is"),
    "keys from elsewhere": (put(metadata={"jwks_uri": "http://evil.example/"}), 502, "its jwks_uri is"),
    "a way out without a lock": (put(metadata={"end_session_endpoint": "http://evil.example/"}), 502, "its end_sess"),
    "no address": (put(metadata={"token_endpoint": None}), 502, "its token_endpoint is None"),
    "not there": (instead("/.well-known/openid-configuration", {}, 404), 502, "answers 404"),
    "no JSON": (instead("/.well-known/openid-configuration", b"<html>"), 502, "is no JSON object"),
    "too long": (instead("/.well-known/openid-configuration", b" " * 600_000), 502, "far too long"),
}


@pytest.mark.parametrize("lie", DISCOVERY_LIES)
def test_what_a_provider_says_of_itself_is_checked(
    sqlite: Filling, clock: Clock, liar: Liar, caplog: pytest.LogCaptureFixture, lie: str
) -> None:
    tell, code, why = DISCOVERY_LIES[lie]
    add(sqlite.engine, "Kari")
    client = application(sqlite.engine, clock, settings(liar)).test_client()
    tell(liar)
    answer = client.get("/sign-in/with?lang=en", base_url=HERE)
    assert "Location" not in answer.headers
    refused(client, sqlite.engine, answer, code, caplog, why)
    assert answer.headers.get("Set-Cookie") is None


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
def test_a_redirect_is_not_followed(
    sqlite: Filling, clock: Clock, liar: Liar, key: RSAKey, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """The secret and the code are for nobody else."""
    add(sqlite.engine, "Kari")
    client = application(sqlite.engine, clock, settings(liar)).test_client()
    with lying(clock, key) as elsewhere:

        def redirect(request: BaseHTTPRequestHandler) -> None:
            request.send_response(307)
            request.send_header("Location", elsewhere.issuer + path)
            request.send_header("Content-Length", "0")
            request.end_headers()

        liar.instead[path] = redirect
        if path.startswith("/.well"):
            answer = client.get("/sign-in/with?lang=en", base_url=HERE)
        else:
            answer = back(client, go(client, liar))
        refused(client, sqlite.engine, answer, 502, caplog, "a redirect, which is not followed")
        assert elsewhere.asked == []


@pytest.mark.parametrize("how", ["says nothing", "says it slowly", "breaks off", "is not there"])
def test_a_provider_that_does_not_answer_is_not_waited_for(
    sqlite: Filling,
    clock: Clock,
    liar: Liar,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.3)
    add(sqlite.engine, "Kari")
    end = threading.Event()

    def slowly(request: BaseHTTPRequestHandler) -> None:
        if how != "says nothing":
            request.send_response(200)
            request.send_header("Content-Length", "10000")
            request.end_headers()
        if how == "breaks off":
            request.wfile.write(b"{")
            return
        while not end.wait(0.05):
            if how == "says it slowly":
                request.wfile.write(b" ")

    liar.instead["/.well-known/openid-configuration"] = slowly
    oidc = settings(liar)
    if how == "is not there":
        oidc = Oidc(issuer=f"http://127.0.0.1:{free_port}", client_id=CLIENT, client_secret=SECRET)
    client = application(sqlite.engine, clock, oidc).test_client()
    try:
        answer = client.get("/sign-in/with?lang=en", base_url=HERE)
    finally:
        end.set()
    is_slow = how.startswith("says")
    why = "no answer within" if is_slow else "cannot be reached"
    refused(client, sqlite.engine, answer, 504 if is_slow else 502, caplog, why)
    assert "does not answer just now. Try again" in answer.text


def test_an_answer_counts_once_and_for_the_browser_that_asked(
    app: Flask, engine: Engine, liar: Liar, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    client, thief = app.test_client(), app.test_client()
    sent = go(client, liar)
    # Somebody else's browser, with an answer that was overheard; without having asked, and having asked itself.
    refused(thief, engine, back(thief, sent), 400, caplog, "a state that is not known")
    go(thief)
    refused(thief, engine, back(thief, sent), 400, caplog, "a state that is not known")
    for state in ("", "x", "æ", sent["nonce"]):
        assert back(client, {"state": state}).status_code == 400
    # What anybody can work out who has no cookie.
    assert back(app.test_client(), {"state": departures.secrets_of("").state}).status_code == 400
    assert liar.redeemed == []
    assert back(client, sent).status_code == 303
    # Once more, by the back button; and with the browser as it was before.
    copy = app.test_client()
    again = back(client, sent)
    assert (again.status_code, len(liar.redeemed)) == (400, 1)
    assert "Begynn på nytt." in again.text
    late = go(copy, liar)
    clock.moment += timedelta(minutes=11)
    assert back(copy, late).status_code == 400
    assert len(liar.redeemed) == 1


def test_a_cookie_that_was_kept_is_of_no_use_again(app: Flask, engine: Engine, liar: Liar) -> None:
    client = app.test_client()
    sent = go(client, liar)
    word = client.get_cookie(GONE, "127.0.0.1", "/sign-in")
    assert word is not None
    assert back(client, sent).status_code == 303
    other = app.test_client()
    other.set_cookie(GONE, word.value, domain="127.0.0.1", path="/sign-in")
    assert back(other, sent).status_code == 400
    assert len(liar.redeemed) == 1


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        ({"error": "access_denied"}, 403, "not agreed to (access_denied)"),
        ({"error": "login_required"}, 403, "not agreed to"),
        ({"error": "temporarily_unavailable"}, 502, "it says temporarily_unavailable"),
        ({"error": "invalid_scope"}, 502, "it says invalid_scope"),
        ({"error": "kari\nwas here"}, 502, "it says an error"),
        ({"iss": "https://evil.example"}, 400, "of another issuer"),
        ({"code": ""}, 400, "has no code"),
    ],
)
def test_what_comes_back_in_place_of_a_code_is_said(
    sqlite: Filling,
    clock: Clock,
    liar: Liar,
    caplog: pytest.LogCaptureFixture,
    answer: dict[str, str],
    code: int,
    why: str,
) -> None:
    add(sqlite.engine, "Kari")
    client = application(sqlite.engine, clock, settings(liar)).test_client()
    sent = go(client, liar)
    refused(client, sqlite.engine, back(client, sent, **answer), code, caplog, why)
    assert liar.redeemed == []
    # It was used up: the code that comes later is of no use.
    assert back(client, sent).status_code == 400


def test_a_provider_that_names_itself_in_each_answer_is_held_to_it(
    sqlite: Filling, clock: Clock, liar: Liar, caplog: pytest.LogCaptureFixture
) -> None:
    add(sqlite.engine, "Kari")
    liar.metadata = {"authorization_response_iss_parameter_supported": True}
    client = application(sqlite.engine, clock, settings(liar)).test_client()
    refused(client, sqlite.engine, back(client, go(client, liar)), 400, caplog, "of another issuer")
    assert back(client, go(client, liar), iss=liar.issuer).status_code == 303


def test_clocks_may_differ_a_little(app: Flask, liar: Liar, clock: Clock) -> None:
    client = app.test_client()
    now = int(clock().timestamp())
    liar.claims = {"iat": now + 100, "exp": now - 100}
    assert back(client, go(client, liar)).status_code == 303


def test_new_keys_are_asked_for_when_they_are_needed(app: Flask, liar: Liar) -> None:
    assert attempt(app, liar)[1].status_code == 303
    for new in (rsa("second"), ECKey.generate_key("P-256", {"kid": "third"}), rsa("third")):
        liar.key, liar.published = new, KeySet([new])
        liar.header = {"alg": "ES256" if isinstance(new, ECKey) else "RS256", "kid": new.kid}
        for _ in range(2):
            assert attempt(app, liar)[1].status_code == 303
    assert liar.asked.count("/keys") == 4
    assert liar.asked.count("/.well-known/openid-configuration") == 1


def test_a_name_that_only_userinfo_has_is_found_there(app: Flask, liar: Liar) -> None:
    liar.claims, liar.userinfo = {"preferred_username": None}, {"preferred_username": "KARI"}
    client, answer = attempt(app, liar)
    assert answer.status_code == 303
    assert signed_in(client) == "Kari"


def test_the_secret_goes_where_the_provider_wants_it(app: Flask, liar: Liar) -> None:
    liar.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert attempt(app, liar)[1].status_code == 303
    ((authorization, fields),) = liar.redeemed
    assert (authorization, fields["client_secret"]) == ("", SECRET)


def test_an_account_is_the_identitys_and_not_the_names(
    app: Flask, engine: Engine, liar: Liar, caplog: pytest.LogCaptureFixture
) -> None:
    client, answer = attempt(app, liar)
    assert answer.status_code == 303
    # She is called something else now, and somebody else has her name.
    liar.claims = {"preferred_username": "kari.nordmann"}
    client, answer = attempt(app, liar)
    assert answer.status_code == 303
    assert signed_in(client) == "Kari"
    liar.claims = {"sub": "2"}
    client, other = attempt(app, liar)
    assert other.status_code == 403
    assert "The account kari is not opened by signing in with Oslo kommune." in other.text
    assert signed_in(client) is None
    # Until an administrator lets the name be looked at again: then all that was open is closed.
    with engine.begin() as connection:
        person = people.named(connection, "Kari")
        assert person is not None
        people.drop_password(connection, person[0].id)
    assert sessions(engine) == 0
    client, answer = attempt(app, liar)
    assert answer.status_code == 303
    liar.claims = {}
    client, answer = attempt(app, liar)
    assert answer.status_code == 403


def test_an_account_with_a_password_is_nobodys_who_is_called_so(engine: Engine, clock: Clock, liar: Liar) -> None:
    add(engine, "Kari", "$argon2id$")
    client = application(engine, clock, settings(liar, newcomers=True)).test_client()
    assert back(client, go(client, liar)).status_code == 403
    assert signed_in(client) is None


def test_an_address_counts_only_where_it_is_verified(engine: Engine, clock: Clock, liar: Liar) -> None:
    add(engine, "kari@oslo.example")
    app = application(engine, clock, settings(liar, name_claim="email"))
    for verified in (None, False, "true", 1):
        liar.claims = {"email": "kari@oslo.example", "email_verified": verified}
        client, answer = attempt(app, liar)
        assert (answer.status_code, signed_in(client)) == (403, None)
        assert "has not verified your e-mail address" in answer.text
    liar.claims = {"email": "kari@oslo.example", "email_verified": True}
    client, answer = attempt(app, liar)
    assert answer.status_code == 303


def test_a_stranger_is_told_by_which_name_to_ask(
    app: Flask, engine: Engine, liar: Liar, caplog: pytest.LogCaptureFixture
) -> None:
    liar.claims = {"preferred_username": "<b>kari</b>"}
    client, answer = attempt(app, liar)
    refused(client, engine, answer, 403, caplog, "somebody who has no account here")
    assert "knows you as &lt;b&gt;kari&lt;/b&gt;, but there is no account" in answer.text


@pytest.mark.parametrize("name", ["x" * 101, "\u202eevil", "two\x00"])
def test_a_name_that_no_account_can_have_makes_none(engine: Engine, clock: Clock, liar: Liar, name: str) -> None:
    liar.claims = {"preferred_username": name}
    client = application(engine, clock, settings(liar, newcomers=True)).test_client()
    assert back(client, go(client, liar)).status_code in (403, 502)
    with store.reading(engine) as connection:
        assert people.everybody(connection) == []


def test_newcomers_see_nothing_until_an_administrator_says_what(filling: Filling, clock: Clock, liar: Liar) -> None:
    engine = filling.engine
    filling.month(filling.terminal("Stua", "Pro Sentret"), "2022-03", (1, 2, 30, 40))
    app = application(engine, clock, settings(liar, newcomers=True))
    assert "fjes dashboard user add" not in app.test_client().get("/sign-in").text
    client = app.test_client()
    assert back(client, go(client, liar)).status_code == 303
    assert "There is nothing for you to see yet" in client.get("/?lang=en", base_url=HERE).text
    with store.reading(engine) as connection:
        ((who, what, about),) = [(each.who, each.what, each.about) for each in people.deeds(connection)]
    assert (who, what, about) == ("Oslo kommune", "added", "kari (-)")


GROUPS = [
    Group(name="admins", role="administrator"),
    Group(name="staff", role="viewer"),
    Group(name="stua", role="editor", sites=["Pro Sentret", "Nowhere"]),
]


@pytest.mark.parametrize(
    ("groups", "role", "at"),
    [
        (["admins"], Role.ADMINISTRATOR, ()),
        (["staff", "admins"], Role.ADMINISTRATOR, ()),
        ("staff", Role.VIEWER, ()),
        (["stua", "others", 7, None, {}], None, ((1, Role.EDITOR),)),
        (["staff", "stua"], Role.VIEWER, ((1, Role.EDITOR),)),
    ],
)
def test_groups_say_what_somebody_may(
    filling: Filling, clock: Clock, liar: Liar, groups: Any, role: Role | None, at: tuple[tuple[int, Role], ...]
) -> None:
    filling.terminal("Stua", "Pro Sentret")
    app = application(filling.engine, clock, settings(liar, groups=GROUPS))
    liar.claims = {"groups": groups}
    assert attempt(app, liar)[1].status_code == 303
    with store.reading(filling.engine) as connection:
        (person,) = people.everybody(connection)
    assert (person.role, person.at, person.by_group, person.has_password) == (role, at, True, False)


@pytest.mark.parametrize("groups", [None, [], ["others"], {"admins": 1}, 7, ["Admins"]])
def test_whoever_is_in_no_group_is_a_stranger(engine: Engine, clock: Clock, liar: Liar, groups: Any) -> None:
    app = application(engine, clock, settings(liar, groups=GROUPS))
    liar.claims = {"groups": groups}
    client, answer = attempt(app, liar)
    assert answer.status_code == 403
    assert signed_in(client) is None


def test_whoever_leaves_a_group_loses_what_it_gave_though_nobody_else_were_left(
    engine: Engine, clock: Clock, liar: Liar
) -> None:
    app = application(engine, clock, settings(liar, groups=GROUPS))
    liar.claims = {"groups": ["admins"]}
    first, answer = attempt(app, liar)
    assert answer.status_code == 303
    assert first.get("/people", base_url=HERE).status_code == 200
    liar.claims = {"groups": ["staff"]}
    second, answer = attempt(app, liar)
    assert answer.status_code == 303
    # At once, also where she is still signed in from before.
    assert first.get("/people", base_url=HERE).status_code == 403
    liar.claims = {"groups": []}
    third = app.test_client()
    answer = back(third, go(third, liar))
    assert answer.status_code == 403
    assert "give you no access here" in answer.text
    assert [signed_in(each) for each in (first, second, third)] == [None, None, None]
    with store.reading(engine) as connection:
        deeds = [(each.what, each.about) for each in people.deeds(connection)]
    assert deeds == [
        ("changed", "kari (-)"),
        ("changed", "kari (viewer)"),
        ("added", "kari (administrator)"),
    ]


def test_what_an_administrator_arranged_no_group_changes(engine: Engine, clock: Clock, liar: Liar) -> None:
    add(engine, "Kari")
    app = application(engine, clock, settings(liar, groups=GROUPS))
    liar.claims = {"groups": ["admins"]}
    client, answer = attempt(app, liar)
    assert answer.status_code == 303
    assert client.get("/people", base_url=HERE).status_code == 403


def test_where_passwords_do_not_count_nobody_is_in_by_one(
    engine: Engine, clock: Clock, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    number = add(engine, "Ola", passwords.hashed("en lang nok setning"))
    add(engine, "Kari")
    with engine.begin() as connection:
        people.set_password(connection, number, passwords.hashed("en lang nok setning"), handed_over=False)
        person = people.find(connection, number)
        assert person is not None
        word = accounts_sessions.begin(connection, person, clock())
    both = application(engine, clock, settings(liar)).test_client()
    only = application(engine, clock, settings(liar, only=True)).test_client()
    for client in (both, only):
        client.set_cookie(COOKIE, word, domain="127.0.0.1")
    assert [signed_in(both), signed_in(only)] == ["Ola", None]
    from_here = {"Sec-Fetch-Site": "same-origin"}
    sent = {"name": "Ola", "password": "en lang nok setning"}
    assert only.post("/sign-in", data=sent, headers=from_here, base_url=HERE).status_code == 403
    assert 'type="password"' not in only.get("/sign-in", base_url=HERE).text
    assert both.post("/sign-out", headers=from_here, base_url=HERE).status_code == 303
    assert 'type="password"' in both.get("/sign-in", base_url=HERE).text
    assert back(only, go(only, liar)).status_code == 303
    assert signed_in(only) == "Kari"
    assert only.post("/account/password", data={}, headers=from_here, base_url=HERE).status_code == 403


def test_a_session_from_before_is_not_the_one_afterwards(app: Flask, engine: Engine, liar: Liar) -> None:
    client = app.test_client()
    sent = go(client, liar)
    client.set_cookie(COOKIE, "somebody-gave-me-this", domain="127.0.0.1")
    assert back(client, sent).status_code == 303
    cookie = client.get_cookie(COOKIE, "127.0.0.1")
    assert cookie is not None
    assert len(cookie.value) == 43
    assert client.get_cookie(GONE, "127.0.0.1", "/sign-in") is None


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere_afterwards(app: Flask, liar: Liar, evil: str) -> None:
    client = app.test_client()
    assert back(client, go(client, liar, f"?next={evil}")).headers["Location"] == "/"


def test_whoever_asks_without_end_is_sent_nowhere(sqlite: Filling, clock: Clock, liar: Liar) -> None:
    app = application(sqlite.engine, clock, settings(liar))
    codes = [app.test_client().get("/sign-in/with", base_url=HERE).status_code for _ in range(203)]
    assert codes == [303] * 200 + [429] * 3
    with store.reading(sqlite.engine) as connection:
        assert len(connection.execute(select(schema.departure)).all()) == 200
    # Those who did not come back are forgotten.
    clock.moment += timedelta(minutes=11)
    with sqlite.engine.begin() as connection:
        departures.begin(connection, "/", "nb", clock())
    with store.reading(sqlite.engine) as connection:
        assert len(connection.execute(select(schema.departure)).all()) == 1


def test_a_provider_is_who_its_certificate_says(
    sqlite: Filling, clock: Clock, key: RSAKey, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add(sqlite.engine, "Kari")
    ours = authority.make_authority("ours", datetime.now(UTC))
    (tmp_path / "ca.pem").write_bytes(ours.certificate)
    (tmp_path / "server.pem").write_bytes(authority.issue(ours, ["127.0.0.1"], datetime.now(UTC)).both)
    with lying(clock, key, tmp_path / "server.pem") as liar:
        stranger = application(sqlite.engine, clock, settings(liar)).test_client()
        answer = stranger.get("/sign-in/with?lang=en", base_url=HERE)
        refused(stranger, sqlite.engine, answer, 502, caplog, "its certificate is not trusted; see [oidc] ca")
        client, answer = attempt(application(sqlite.engine, clock, settings(liar, ca=tmp_path / "ca.pem")), liar)
        assert answer.status_code == 303
        assert signed_in(client) == "Kari"


def test_a_slow_provider_keeps_no_page_from_anybody(
    sqlite: Filling, clock: Clock, liar: Liar, monkeypatch: pytest.MonkeyPatch, wait_for: Callable[..., None]
) -> None:
    """Of the threads that serve pages two wait for it at most; whoever comes then is told at once."""
    monkeypatch.setattr("dashboard.accounts.provider.WAIT_SECONDS", 0.05)
    end = threading.Event()

    def slowly(request: BaseHTTPRequestHandler) -> None:
        end.wait(20)
        send(request, liar.about())

    liar.instead["/.well-known/openid-configuration"] = slowly
    app = application(sqlite.engine, clock, settings(liar))
    codes: list[int] = []
    waiting = [
        threading.Thread(target=lambda: codes.append(app.test_client().get("/sign-in/with", base_url=HERE).status_code))
        for _ in range(AT_ONCE)
    ]
    for each in waiting:
        each.start()
    try:
        wait_for(lambda: len(liar.asked) == AT_ONCE, "all that may to wait for the provider")
        answer = app.test_client().get("/sign-in/with?lang=en", base_url=HERE)
        assert (answer.status_code, len(liar.asked)) == (503, AT_ONCE)
        assert "does not answer just now" in answer.text
        assert app.test_client().get("/sign-in", base_url=HERE).status_code == 200
    finally:
        end.set()
        for each in waiting:
            each.join(20)
    assert codes == [303] * AT_ONCE


def test_the_first_time_may_be_twice_at_once(
    postgres_url: str, clock: Clock, liar: Liar, wait_for: Callable[..., None]
) -> None:
    """SQLite has one writer at a time anyway."""
    engine = store.open_engine(postgres_url)
    try:
        twice_at_once(engine, clock, liar, wait_for)
    finally:
        engine.dispose()


def waiting(engine: Engine) -> bool:
    """Whether somebody waits for a lock in PostgreSQL."""
    with store.reading(engine) as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def twice_at_once(engine: Engine, clock: Clock, liar: Liar, wait_for: Callable[..., None]) -> None:
    add(engine, "Kari")
    oidc = settings(liar)
    app = application(engine, clock, oidc)
    codes: list[int] = []
    other = threading.Thread(target=lambda: codes.append(attempt(app, liar)[1].status_code))
    with engine.begin() as connection:
        known = Known(liar.issuer, "248289761001", {"preferred_username": "kari"})
        person = identities.admit(connection, known, oidc, "Oslo kommune")
        assert isinstance(person, people.Person)
        other.start()
        wait_for(lambda: waiting(engine), "the other one to wait for this")
    other.join(20)
    assert codes == [303]
    with store.reading(engine) as connection:
        assert len(connection.execute(select(schema.identity)).all()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\n", "is empty; allowed: the client's secret"),
        (b"\xff", "cannot be read: it is no text"),
    ],
)
def test_a_secret_that_cannot_be_read_is_said_at_the_start(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    config = tmp_path / "fjes.toml"
    config.write_text(
        f'[dashboard]\ndatabase = "sqlite:///{tmp_path / "fjes.db"}"\n[oidc]\nissuer = "https://id.example"\n'
        f'client_id = "fjes"\nclient_secret_file = "{file}"\n'
    )
    result = CliRunner().invoke(main, ["dashboard", "web", "--config", str(config)])
    assert result.exit_code == 2
    assert f"{config}: [oidc] client_secret_file: {file} {said}" in result.output
    assert not (tmp_path / "fjes.db").exists()


def test_the_command_offers_the_provider_that_the_file_names(
    sqlite: Filling, liar: Liar, tmp_path: Path, free_port: int, wait_for: Callable[..., None]
) -> None:
    add(sqlite.engine, "Kari")
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    config = tmp_path / "fjes.toml"
    config.write_text(
        f'[dashboard]\ndatabase = "{sqlite.engine.url}"\nport = {free_port}\n[oidc]\nissuer = "{liar.issuer}"\n'
        f'client_id = "{CLIENT}"\nclient_secret_file = "{tmp_path / "secret"}"\nname = "Oslo kommune"\n'
    )
    command = [sys.executable, "-m", "fjes", "dashboard", "web", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            wait_for(lambda: listens(free_port) or process.poll() is not None, "the pages to be served", 60)
            with requests.Session() as browser:
                here = f"http://127.0.0.1:{free_port}"
                assert "Sign in with Oslo kommune" in browser.get(f"{here}/sign-in?lang=en", timeout=20).text
                went = browser.get(f"{here}/sign-in/with?lang=en", allow_redirects=False, timeout=20)
                sent = parse_qs(urlsplit(went.headers["Location"]).query)
                assert sent["redirect_uri"] == [f"{here}/sign-in/back"]
                liar.nonce = sent["nonce"][0]
                # The server's clock is the right one, and the liar's is not.
                wrong = browser.get(f"{here}/sign-in/back?code=the-code&state={sent['state'][0]}", timeout=20)
                assert wrong.status_code == 502
        finally:
            process.terminate()
        assert process.wait(20) == 0
        assert process.stdout is not None
        said = process.stdout.read()
    # One line of the pages' address, and one that says why: nobody's name, and none for who came.
    assert len(said.splitlines()) == 2
    assert "its ID token is not for this: expired_token, exp" in said
    assert liar.redeemed[0][0] == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
