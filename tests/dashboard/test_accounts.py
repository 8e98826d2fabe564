"""Accounts: who gets in, who sees and may do what, on every route; and what happens to whoever guesses."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from flask import Flask, request
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import Engine, select

from dashboard import areas, disclosure, places, schema, store
from dashboard.accounts import passwords, people, sessions, tokens
from dashboard.accounts.access import COOKIE, RULES, Access, Rule
from dashboard.accounts.people import PersonError, Role
from dashboard.accounts.provider import Provider
from dashboard.alerts import stored
from dashboard.alerts.stored import Found
from dashboard.alerts.stored import Kind as AlertKind
from dashboard.mail import queue
from dashboard.web import create_app
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.config import Dashboard, Oidc
from tests.dashboard.checkers import axe, nu
from tests.dashboard.conftest import serving
from tests.dashboard.filling import Filling

TODAY = date(2022, 4, 20)
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "en lang nok setning"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Real, but not as slow as a password's hash should be: these tests sign in hundreds of times."""
HASH = QUICK.hash(PASSWORD)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(passwords, "_nobodys", "")


def test_a_password_is_hashed_as_slowly_as_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least what RFC 9106 recommends where memory is scarce."""
    monkeypatch.undo()
    stored = passwords.hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.is_right(stored, PASSWORD)
    assert not passwords.is_right(stored, PASSWORD + " ")
    assert not passwords.is_right(None, PASSWORD)


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2022, 4, 20, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def filled(filling: Filling) -> Filling:
    """Three sites, two of them in an area."""
    for name, place in (("Stua", "Pro Sentret"), ("Kafé", "Annet sted"), ("Bod", "Lageret")):
        filling.month(filling.terminal(name, place), "2022-03", (1, 2, 30, 40))
    with filling.engine.begin() as connection:
        areas.put(connection, ["Pro Sentret", "Annet sted"], "Oslo")
        ids = [site.id for site in places.sites(connection)]
    disclosure.publish_if_due(filling.engine, ids, VISIT, TODAY, 10)
    return filling


def add(engine: Engine, name: str, role: Role | None, at: dict[int, Role] | None = None, *, new: bool = False) -> int:
    with engine.begin() as connection:
        person = people.add(connection, name, HASH, role, at)
        if not new:
            people.set_password(connection, person.id, HASH, handed_over=False)
    return person.id


@pytest.fixture
def access(filled: Filling, clock: Clock) -> Access:
    return Access(filled.engine, clock)


@pytest.fixture
def app(filled: Filling, access: Access) -> Flask:
    engine = filled.engine
    add(engine, "Admin", Role.ADMINISTRATOR)
    add(engine, "Editor", Role.EDITOR)
    add(engine, "Viewer", Role.VIEWER)
    add(engine, "Colleague", None, {1: Role.EDITOR, 2: Role.VIEWER})
    add(engine, "Stranger", None, {3: Role.VIEWER})
    add(engine, "Nobody yet", None)
    with engine.begin() as connection:
        stored.put(connection, Found("stuck/1", AlertKind.STUCK, 1, "stua", {"name": "Stua", "cause": "button"}), TODAY)
        queue.put(connection, "test/1", "kari@example.org", "Subject: Hei\r\n\r\n", access.now(), person=None)
    return create_app(engine, Dashboard(), today=lambda: TODAY, access=access)


def sign_in(app: Flask, name: str, password: str = PASSWORD, query: str = "") -> FlaskClient:
    client = app.test_client()
    answer = client.post(f"/sign-in?lang=en{query}", data={"name": name, "password": password}, headers=FROM_HERE)
    assert answer.status_code == 303, answer.text
    return client


ADDRESSES = {
    "static": "/static/fjes.css",
    "font": "/static/noto-sans-bold.woff",
    "pages.front": "/",
    "pages.explained": "/explained",
    "pages.page": "/site-1/trend",
    "pages.file": "/site-1/overview/months.csv",
    "pages.report_pdf": "/site-1/report.pdf",
    "pages.enter_visits": "/site-1/visits",
    "pages.set_screen": "/site-1/screen",
    "pages.preview": "/previews/unknown.png",
    "upkeep.page": "/upkeep",
    "upkeep.back_up": "/upkeep/backup",
    "upkeep.restore": "/upkeep/restore",
    "upkeep.import_happyornot": "/upkeep/import",
    "pages.answer_alert": "/site-1/alerts/1",
    "pages.set_alert_level": "/site-1/alerts",
    "accounts.sign_in": "/sign-in",
    "accounts.sign_in_now": "/sign-in",
    "provider.go": "/sign-in/with",
    "provider.back": "/sign-in/back",
    "provider.leave": "/sign-in/out",
    "accounts.sign_out": "/sign-out",
    "accounts.account": "/account",
    "accounts.change_password": "/account/password",
    "accounts.everybody": "/people",
    "accounts.add": "/people",
    "accounts.arrange": "/people/3",
    "accounts.reset": "/people/3/password",
    "accounts.to_provider": "/people/3/provider",
    "accounts.remove": "/people/3/remove",
    "accounts.deeds": "/deeds",
    "tokens.everything": "/tokens",
    "tokens.add": "/tokens",
    "tokens.remove": "/tokens/1/remove",
    "health.look": "/healthz",
    "metrics.measured": "/metrics",
    "api.description": "/api/openapi.json",
    "api.rows": "/api/v1/totals?place=site-1&period=all",
    "terminals.everything": "/terminals",
    "terminals.add": "/terminals",
    "terminals.add_all": "/terminals-list",
    "terminals.one": "/terminals/stua",
    "terminals.rename": "/terminals/stua/name",
    "terminals.move": "/terminals/stua/site",
    "terminals.reissue": "/terminals/stua/file",
    "terminals.revoke": "/terminals/stua/revoke",
    "terminals.refused": "/refused",
    "terminals.retry": "/refused",
    "mail.wish": "/account/mail",
    "mail.waiting": "/mail",
    "mail.again": "/mail/1/again",
    "mail.forget": "/mail/1/forget",
}
"""An address of each route: what is of a place is of the first site."""

ALLOWED: dict[Rule, set[str]] = {
    Rule.ANYBODY: {"", "Admin", "Editor", "Viewer", "Colleague", "Stranger", "Nobody yet"},
    Rule.SIGNED_IN: {"Admin", "Editor", "Viewer", "Colleague", "Stranger", "Nobody yet"},
    Rule.SEES_THE_PLACE: {"Admin", "Editor", "Viewer", "Colleague"},
    Rule.EDITS_THE_PLACE: {"Admin", "Editor", "Colleague"},
    Rule.ADMINISTRATOR: {"Admin"},
    # Of a place, too: in place of signing in, a program shows a token (test_tokens.py).
    Rule.PROGRAM: {"Admin", "Editor", "Viewer", "Colleague"},
    Rule.MONITOR: set(),
}


def test_every_route_has_a_rule_and_an_address_that_is_tried(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert routes == RULES.keys() == ADDRESSES.keys()


def test_a_route_without_a_rule_lets_nobody_in(app: Flask) -> None:
    app.add_url_rule("/new", "new", lambda: "secret")
    assert sign_in(app, "Admin").get("/new").status_code == 403


@pytest.mark.parametrize("who", ["", "Admin", "Editor", "Viewer", "Colleague", "Stranger", "Nobody yet"])
def test_each_route_lets_in_whom_its_rule_lets_in(
    app: Flask, filled: Filling, access: Access, free_port: int, who: str
) -> None:
    # Nobody answers there: what goes through a rule fails otherwise.
    access.provider = Provider(Oidc(issuer=f"http://127.0.0.1:{free_port}", client_id="fjes"), "secret", access.now)
    methods = {rule.endpoint: "POST" if "POST" in (rule.methods or ()) else "GET" for rule in app.url_map.iter_rules()}
    with filled.engine.begin() as connection:
        tokens.add(connection, "Excel", tokens.Use.FIGURES, None, TODAY, TODAY)
    for endpoint, rule in RULES.items():
        client = sign_in(app, who) if who else app.test_client()
        answer = client.open(ADDRESSES[endpoint], method=methods[endpoint], headers=FROM_HERE, data={"role": "viewer"})
        answer.close()
        if who in ALLOWED[rule]:
            refused = answer.status_code in (401, 403, 404)
            # Signing in without a name is wrong for everybody; a picture is there once somebody had it drawn.
            assert refused == (endpoint in ("accounts.sign_in_now", "pages.preview")), (endpoint, answer.status_code)
            assert not answer.headers.get("Location", "").startswith("/sign-in") or endpoint == "accounts.sign_out"
        elif not who and methods[endpoint] == "GET" and rule not in (Rule.PROGRAM, Rule.MONITOR):
            assert answer.status_code == 303
            assert answer.headers["Location"].startswith("/sign-in")
        else:
            assert answer.status_code in (401, 403, 404), (endpoint, who)
            assert "73" not in answer.text


def test_whoever_sees_some_sites_sees_them_as_if_there_were_no_others(app: Flask) -> None:
    client = sign_in(app, "Colleague")
    assert client.get("/").headers["Location"] == "/all"
    page = client.get("/all/places?lang=en").text
    assert "Pro Sentret" in page
    assert "Annet sted" in page
    assert "Lageret" not in page
    assert "of 146" in page, "the sum of two sites"
    assert "of 219" not in page
    assert "of 219" in sign_in(app, "Viewer").get("/all/places?lang=en").text
    assert client.get("/site-3").status_code == 404
    assert client.get("/terminal-bod").status_code == 404
    stranger = sign_in(app, "Stranger")
    assert stranger.get("/").headers["Location"] == "/site-3"
    assert stranger.get("/area-1").status_code == 404
    assert stranger.get("/site-1/overview/months.csv").status_code == 404
    nothing = sign_in(app, "Nobody yet").get("/?lang=en")
    assert "There is nothing for you to see yet" in nothing.text


def test_whoever_may_not_enter_visits_gets_no_form_and_can_send_none(app: Flask, filled: Filling) -> None:
    sent = {"visits-2022-03": "210", "was-2022-03": ""}
    viewer, colleague = sign_in(app, "Viewer"), sign_in(app, "Colleague")
    for client, site, may in (
        (viewer, 1, False),
        (colleague, 1, True),
        (colleague, 2, False),
        (sign_in(app, "Editor"), 2, True),
    ):
        # The page may have been made for somebody else before.
        assert ("<form" in client.get(f"/site-{site}/visits?lang=en").text) is may
        answer = client.post(f"/site-{site}/visits", data=sent, headers=FROM_HERE)
        assert answer.status_code == (303 if may else 403)
    with store.reading(filled.engine) as connection:
        found = connection.execute(select(schema.visits.c.site_id).order_by(schema.visits.c.site_id)).scalars().all()
    assert found == [1, 2]


def test_signing_in_leads_to_where_one_was_going_and_never_elsewhere(app: Flask) -> None:
    asked = app.test_client().get("/site-1/trend?lang=en&from=2022-01")
    assert asked.headers["Location"] == "/sign-in?lang=en&next=/site-1/trend?lang%3Den%26from%3D2022-01"
    page = app.test_client().get(asked.headers["Location"]).text
    action = re.search(r'action="(/sign-in[^"]*)"', page)
    assert action
    answer = app.test_client().post(
        action[1].replace("&amp;", "&"), data={"name": "viewer", "password": PASSWORD}, headers=FROM_HERE
    )
    assert answer.headers["Location"] == "/site-1/trend?lang=en&from=2022-01"
    for evil in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "evil",
        "/\n/evil",
        "javascript:alert(1)",
    ):
        answer = app.test_client().post(
            "/sign-in", query_string={"next": evil}, data={"name": "Viewer", "password": PASSWORD}, headers=FROM_HERE
        )
        assert answer.headers["Location"] == "/"
    assert app.test_client().get("/sign-in", query_string={"next": "http://[::1"}).status_code == 200


def test_the_cookie_is_no_scripts_and_no_other_sites(app: Flask) -> None:
    data = {"name": "Viewer", "password": PASSWORD}
    cookie = app.test_client().post("/sign-in", data=data, headers=FROM_HERE).headers["Set-Cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Max-Age" not in cookie
    cookie = app.test_client().post("https://localhost/sign-in", data=data, headers=FROM_HERE).headers["Set-Cookie"]
    assert "Secure" in cookie.split("; ")


@pytest.mark.parametrize("proxy", [None, "127.0.0.1", "192.0.2.1"])
def test_only_the_proxy_that_is_named_is_believed(app: Flask, proxy: str | None) -> None:
    """On who asks, which is what tries are counted by, and on whether it was by https, as the cookie then is."""
    seen: list[tuple[str | None, bool, str]] = []
    app.before_request(lambda: seen.append((request.remote_addr, request.is_secure, request.host)))
    told = {
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "fjes.example",
        **FROM_HERE,
    }
    sent = urlencode({"name": "Viewer", "password": PASSWORD}).encode()
    with serving(app, proxy) as origin:
        asked = urllib.request.Request(f"{origin}/sign-in", sent, told)
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.build_opener(NoRedirect).open(asked, timeout=20)
        code, cookie = answer.value.code, answer.value.headers.get("Set-Cookie", "")
        answer.value.close()
    is_believed = proxy == "127.0.0.1"
    ((who, is_secure, host),) = seen
    assert (who, is_secure) == (("198.51.100.7", True) if is_believed else ("127.0.0.1", False))
    assert (host == "fjes.example") is is_believed
    assert (code, "Secure" in cookie.split("; ")) == (303, is_believed)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def test_another_sites_page_can_sign_nobody_in_or_out(app: Flask) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    data = {"name": "Viewer", "password": PASSWORD}
    assert app.test_client().post("/sign-in", data=data, headers=elsewhere).status_code == 403
    client = sign_in(app, "Admin")
    for address in ("/sign-out", "/people", "/people/3/remove", "/account/password"):
        assert client.post(address, headers=elsewhere).status_code == 403
    assert client.get("/people").status_code == 200


@pytest.mark.parametrize("word", ["", "x", "x" * 4_000, "æ", "0" * 43])
def test_a_made_up_cookie_is_nobody(app: Flask, word: str) -> None:
    client = app.test_client()
    client.set_cookie(COOKIE, word)
    assert client.get("/").headers["Location"].startswith("/sign-in")


def test_a_session_ends_when_it_is_not_used_when_it_is_old_and_when_somebody_signs_out(
    app: Flask, clock: Clock
) -> None:
    client = sign_in(app, "Viewer")
    for _ in range(20):
        clock.moment += sessions.IDLE - timedelta(minutes=1)
        if client.get("/site-1").status_code != 200:
            break
    else:
        pytest.fail("it never ends")
    client = sign_in(app, "Viewer")
    assert client.get("/site-1").status_code == 200
    clock.moment += sessions.IDLE + timedelta(seconds=1)
    assert client.get("/site-1").status_code == 303
    client = sign_in(app, "Viewer")
    stolen = client.get_cookie(COOKIE)
    assert stolen is not None
    assert client.post("/sign-out", headers=FROM_HERE).status_code == 303
    thief = app.test_client()
    thief.set_cookie(COOKIE, stolen.value)
    assert thief.get("/site-1").status_code == 303


def test_nothing_that_opens_a_door_is_in_the_database(app: Flask, filled: Filling) -> None:
    word = sign_in(app, "Viewer").get_cookie(COOKIE)
    assert word is not None
    with store.reading(filled.engine) as connection:
        rows = str([list(connection.execute(select(table))) for table in (schema.session, schema.person)])
    assert word.value not in rows
    assert PASSWORD not in rows
    assert "$argon2id$" in rows


NEW = "et helt annet passord"


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"old": "wrong", "new": NEW, "again": NEW}, 400, "The password that you have now is another one."),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, 400, "The two new passwords are not the same."),
        ({"old": PASSWORD, "new": "short", "again": "short"}, 400, "at least 12 characters"),
        ({"old": PASSWORD, "new": "a" * 30, "again": "a" * 30}, 400, "at least 12 characters"),
        ({"old": PASSWORD, "new": "x" * 201, "again": "x" * 201}, 400, "at least 12 characters"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, 400, "at least 12 characters"),
        ({"old": PASSWORD, "new": "viewer 1234567", "again": "viewer 1234567"}, 400, "not your name"),
        ({}, 400, "The password that you have now is another one."),
    ],
)
def test_a_password_is_changed_only_by_the_one_who_knows_it_and_for_a_good_one(
    app: Flask, fields: dict[str, str], status: int, said: str
) -> None:
    client = sign_in(app, "Viewer")
    answer = client.post("/account/password?lang=en", data=fields, headers=FROM_HERE)
    assert answer.status_code == status
    assert said in answer.text
    assert fields.get("new", "no password") not in answer.text
    # In the other language the page is asked for, and not sent.
    assert client.get("/account?lang=nb").status_code == 200
    assert 'href="/account?lang=nb"' in answer.text
    sign_in(app, "Viewer")


def test_a_stolen_session_ends_when_the_password_is_changed(app: Flask) -> None:
    client, thief = sign_in(app, "Viewer"), sign_in(app, "Viewer")
    fields = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert client.post("/account/password", data=fields, headers=FROM_HERE).status_code == 303
    assert client.get("/site-1").status_code == 200
    assert thief.get("/site-1").status_code == 303
    wrong = app.test_client().post("/sign-in", data={"name": "Viewer", "password": PASSWORD}, headers=FROM_HERE)
    assert wrong.status_code == 401
    sign_in(app, "Viewer", NEW)


def test_somebody_new_gets_a_password_for_once(app: Flask, filled: Filling) -> None:
    admin = sign_in(app, "Admin")
    thief_to_be = sign_in(app, "Editor")
    answer = admin.post("/people?lang=en", data={"name": " Kari  Nordmann ", "site-2": "viewer"}, headers=FROM_HERE)
    assert answer.status_code == 200
    given = re.search(r'<code id="password">([a-z0-9-]{19})</code>', answer.text)
    assert given
    kari = sign_in(app, "kari nordmann", given[1])
    # Nothing but to choose another.
    for address in ("/", "/site-2", "/explained"):
        assert kari.get(address).headers["Location"] == "/account"
    assert "is for once" in kari.get("/account?lang=en").text
    fields = {"old": given[1], "new": NEW, "again": NEW}
    assert kari.post("/account/password", data=fields, headers=FROM_HERE).status_code == 303
    assert kari.get("/site-2").status_code == 200
    # An administrator gives another one: whoever was signed in is not any more.
    editor = next(each for each in everybody(filled.engine) if each.name == "Editor")
    answer = admin.post(f"/people/{editor.id}/password?lang=en", headers=FROM_HERE)
    given = re.search(r'<code id="password">([a-z0-9-]{19})</code>', answer.text)
    assert given
    assert thief_to_be.get("/site-1").status_code == 303
    assert sign_in(app, "Editor", given[1]).get("/site-1").headers["Location"] == "/account"
    deeds = admin.get("/deeds?lang=en").text
    assert re.findall(r"<td>(.*?)</td>", deeds)[:6] == [
        "Admin", "new password", "Editor", "Admin", "added", "Kari Nordmann (site-2: viewer)",
    ]  # fmt: skip
    assert given[1] not in deeds


def everybody(engine: Engine) -> list[people.Person]:
    with store.reading(engine) as connection:
        return people.everybody(connection)


def test_what_somebody_may_is_changed_and_holds_at_once(app: Flask, filled: Filling) -> None:
    admin, viewer = sign_in(app, "Admin"), sign_in(app, "Viewer")
    number = next(each.id for each in everybody(filled.engine) if each.name == "Viewer")
    assert viewer.get("/site-1").status_code == 200
    sent = {"role": "", "site-2": "editor", "site-3": "administrator", "site-99": "viewer", "x": "y"}
    assert admin.post(f"/people/{number}", data=sent, headers=FROM_HERE).status_code == 303
    assert next(each for each in everybody(filled.engine) if each.id == number).at == ((2, Role.EDITOR),)
    assert viewer.get("/site-1").status_code == 404
    assert viewer.get("/site-2").status_code == 200
    assert admin.post(f"/people/{number}/remove", headers=FROM_HERE).status_code == 303
    assert viewer.get("/site-2").status_code == 303
    assert admin.post(f"/people/{number}/remove", headers=FROM_HERE).status_code == 404


def test_there_is_always_an_administrator(app: Flask, filled: Filling) -> None:
    admin = sign_in(app, "Admin")
    number = next(each.id for each in everybody(filled.engine) if each.name == "Admin")
    for address, data in ((f"/people/{number}", {"role": "viewer"}), (f"/people/{number}/remove", {})):
        answer = admin.post(f"{address}?lang=en", data=data, headers=FROM_HERE)
        assert answer.status_code == 400
        assert "There must be an administrator left." in answer.text
    assert admin.get("/people").status_code == 200


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "two\nlines", "\u202eevil", "ADMIN"])
def test_a_name_that_is_not_allowed_or_taken_is_refused(app: Flask, filled: Filling, name: str) -> None:
    before = everybody(filled.engine)
    answer = sign_in(app, "Admin").post("/people?lang=en", data={"name": name, "role": "viewer"}, headers=FROM_HERE)
    if name == "two\nlines":
        assert answer.status_code == 200, "it is one line"
        return
    assert answer.status_code == 400
    assert re.search("A name has 1 to 100 characters|There is already somebody", answer.text)
    assert everybody(filled.engine) == before


def test_a_hostile_name_is_text(app: Flask) -> None:
    admin = sign_in(app, "Admin")
    name = "<script>alert(1)</script>"
    answer = admin.post("/people?lang=en", data={"name": name, "role": "viewer"}, headers=FROM_HERE)
    for html in (answer.text, admin.get("/people").text, admin.get("/deeds").text):
        assert "<script>alert" not in html
        assert "&lt;script&gt;" in html


def test_a_thousand_tries_get_nowhere_and_lock_nobody_out_elsewhere(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def is_right(_stored: str | None, password: str) -> bool:
        tried.append(password)
        return password == PASSWORD

    monkeypatch.setattr(passwords, "is_right", is_right)
    client = app.test_client()
    codes = [
        client.post("/sign-in?lang=en", data={"name": "Viewer", "password": str(number)}, headers=FROM_HERE)
        for number in range(1000)
    ]
    assert [answer.status_code for answer in codes] == [401] * 5 + [429] * 995
    assert "Too many tries." in codes[-1].text
    assert len(tried) == 5
    # From there not even the right one; from elsewhere it works on.
    right = {"name": "Viewer", "password": PASSWORD}
    assert client.post("/sign-in", data=right, headers=FROM_HERE).status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    answer = app.test_client().post("/sign-in", data=right, headers=FROM_HERE, environ_overrides=elsewhere)
    assert answer.status_code == 303
    # Nor can one address try a password on everybody.
    for number in range(200):
        answer = client.post("/sign-in", data={"name": f"n{number}", "password": "x"}, headers=FROM_HERE)
    assert answer.status_code == 429
    assert len(tried) <= 5 + 40


def test_a_name_that_nobody_has_takes_as_long_to_refuse(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: Any, stored: str, password: str) -> bool:
        hashes.append(stored)
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    for name in ("Viewer", "Who"):
        answer = app.test_client().post("/sign-in?lang=en", data={"name": name, "password": "wrong"}, headers=FROM_HERE)
        assert (answer.status_code, "Name or password is wrong." in answer.text) == (401, True)
    assert len(hashes) == 2
    assert {each.split("$")[3] for each in hashes} == {HASH.split("$")[3]}


def test_before_there_is_anybody_it_says_what_to_do(filled: Filling) -> None:
    app = create_app(filled.engine, Dashboard(), today=lambda: TODAY, access=Access(filled.engine))
    assert "fjes dashboard user add NAME --role administrator" in app.test_client().get("/sign-in").text


def test_roles_that_make_no_sense_are_refused(filled: Filling) -> None:
    with filled.engine.begin() as connection, pytest.raises(PersonError, match="everywhere"):
        people.add(connection, "Kari", HASH, None, {1: Role.ADMINISTRATOR})


@contextmanager
def browsing(app: Flask, browser: Browser) -> Iterator[Callable[..., Any]]:
    """Serve an application; gives what opens a page of it in a browser, as somebody who has signed in there."""
    with serving(app) as origin:
        contexts = []

        def page(who: str, **more: Any) -> Any:
            context = browser.new_context(base_url=origin, **more)
            contexts.append(context)
            found = context.new_page()
            found.goto("/sign-in?lang=en")
            found.get_by_label("Name").fill(who)
            found.get_by_label("Password").fill(PASSWORD)
            found.get_by_role("button", name="Sign in").click()
            return found

        yield page
        for context in contexts:
            context.close()


@pytest.fixture
def browsed(app: Flask, browser: Browser) -> Iterator[Callable[..., Any]]:
    with browsing(app, browser) as page:
        yield page


NEW_PAGES = ("/account", "/people", "/deeds")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("code", ["nb", "en"])
def test_everybody_can_use_the_new_pages(browsed: Callable[..., Any], app: Flask, scheme: str, code: str) -> None:
    for width in (320, 1440):
        page = browsed("Admin", color_scheme=scheme, viewport={"width": width, "height": 900})
        assert page.url.endswith("/all")
        for address in (*NEW_PAGES, "/sign-in"):
            if address == "/sign-in":
                page.context.clear_cookies()
            page.goto(f"{address}?lang={code}")
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_new_pages_are_valid_html(app: Flask, tmp_path: Path) -> None:
    admin = sign_in(app, "Admin")
    admin.post("/people", data={"name": "Kari", "role": "viewer"}, headers=FROM_HERE)
    pages = {
        f"{address}?lang={code}": admin.get(f"{address}?lang={code}").text
        for address in NEW_PAGES
        for code in ("nb", "en")
    }
    pages["/sign-in"] = app.test_client().get("/sign-in").text
    pages["wrong"] = app.test_client().post("/sign-in", data={"name": "x"}, headers=FROM_HERE).text
    pages["handed over"] = admin.post("/people", data={"name": "Ola", "role": "viewer"}, headers=FROM_HERE).text
    pages["nothing"] = sign_in(app, "Nobody yet").get("/").text
    pages["visits"] = sign_in(app, "Viewer").get("/site-1/visits").text
    folder = tmp_path / "html"
    folder.mkdir()
    assert nu(pages, folder) == []


def test_first_sign_in_by_hand(browsed: Callable[..., Any], filled: Filling) -> None:
    """As an administrator and somebody new would: by keyboard and eye, without script."""
    admin = browsed("Admin", java_script_enabled=False)
    admin.get_by_role("link", name="Account").click()
    admin.get_by_role("link", name="People").click()
    form = admin.get_by_role("region", name="Add somebody")
    form.get_by_label("Name", exact=True).fill("Kari")
    form.get_by_label("At all sites").select_option("sees")
    form.get_by_role("button", name="Add").click()
    given = admin.locator("#password").inner_text()
    admin.get_by_role("link", name="People").click()
    assert admin.get_by_role("heading", name="Kari").is_visible()
    admin.goto("/account?lang=en")
    admin.get_by_role("button", name="Sign out").click()
    admin.get_by_label("Name").fill("Kari")
    admin.get_by_label("Password").fill(given)
    admin.get_by_role("button", name="Sign in").click()
    admin.get_by_label("The password that you have now").fill(given)
    admin.get_by_label("The new password", exact=True).fill(NEW)
    admin.get_by_label("The new password once more").fill(NEW)
    admin.get_by_role("button", name="Store").click()
    admin.get_by_role("link", name="To the front page").click()
    assert admin.get_by_role("heading", name="All sites").is_visible()
