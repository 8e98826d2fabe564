"""Signing in by OpenID Connect with a real provider: django-oauth-toolkit, in a process of its own.

It is at `localhost` and the pages are at 127.0.0.1: two sites, as a browser sees it.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from dashboard import disclosure, places, schema, store
from dashboard.accounts import people
from dashboard.accounts.access import Access
from dashboard.accounts.people import Role
from dashboard.accounts.provider import Provider
from dashboard.web import create_app
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.config import Dashboard, Group, Oidc
from tests.conftest import free_port, listens, wait
from tests.dashboard.checkers import axe, nu
from tests.dashboard.conftest import serving
from tests.dashboard.filling import Filling
from tests.provider.people import PASSWORD

TODAY = date(2022, 4, 20)
CLIENT, SECRET = "fjes", "only for tests"
HERE = "http://127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The provider, for all tests of this file."""
    folder, port = tmp_path_factory.mktemp("provider"), free_port()
    command = [sys.executable, "-m", "tests.provider", str(port), str(folder), CLIENT, SECRET]
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT)
    try:
        wait(lambda: listens(port) or process.poll() is not None, "the provider to listen", 60)
        assert process.poll() is None, (folder / "log").read_text()
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def filled(filling: Filling) -> Filling:
    for name, place in (("Stua", "Pro Sentret"), ("Kafé", "Annet sted")):
        filling.month(filling.terminal(name, place), "2022-03", (1, 2, 30, 40))
    with filling.engine.begin() as connection:
        ids = [site.id for site in places.sites(connection)]
        people.add(connection, "Kari", None, None, {1: Role.VIEWER})
    disclosure.publish_if_due(filling.engine, ids, VISIT, TODAY, 10)
    return filling


def application(engine: Engine, issuer: str, secret: str = SECRET, **more: Any) -> Flask:
    oidc = Oidc(issuer=issuer, client_id=CLIENT, client_secret=secret, name="Oslo kommune", **more)
    access = Access(engine, provider=Provider.of(oidc))
    return create_app(engine, Dashboard(), today=lambda: TODAY, access=access)


class Visitor:
    """Somebody with a browser without a window, at the provider; and at the pages by Flask's client."""

    def __init__(self, app: Flask) -> None:
        self.pages: FlaskClient = app.test_client()
        self.there = requests.Session()

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.there.close()

    def go(self, query: str = "?lang=en") -> str:
        answer = self.pages.get(f"/sign-in/with{query}", base_url=HERE)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def log_in(self, address: str, who: str, password: str = PASSWORD) -> requests.Response:
        """The provider's form, filled in; returns the page after it. It remembers who has."""
        form = self.there.get(address)
        if "username" not in form.text:
            return form
        return self._send(form, {"username": who, "password": password})

    def agree(self, page: requests.Response, *, allow: bool = True) -> str:
        """Say whether Fjes may know; returns where the provider sends one to."""
        answer = self._send(page, {"allow": "yes"} if allow else {}, follow=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def back(self, address: str) -> TestResponse:
        assert address.startswith(f"{HERE}/sign-in/back?")
        return self.pages.get(address.removeprefix(HERE), base_url=HERE)

    def sign_in(self, who: str) -> TestResponse:
        return self.back(self.agree(self.log_in(self.go(), who)))

    def _send(self, page: requests.Response, fields: dict[str, str], *, follow: bool = True) -> requests.Response:
        hidden = {
            (re.search(r'name="([^"]+)"', each) or [""] * 2)[1]: (re.search(r'value="([^"]*)"', each) or [""] * 2)[1]
            for each in re.findall(r'<input type="hidden"[^>]*>', page.text)
        }
        sent = {name: html.unescape(value) for name, value in hidden.items()} | fields
        return self.there.post(urljoin(page.url, ""), data=sent, allow_redirects=follow)


def test_there_and_back_by_hand(filled: Filling, issuer: str, browser: Browser) -> None:
    """By keyboard and eye, without script: from a page that was asked for, over the provider, to it; and out."""
    with serving(application(filled.engine, issuer)) as origin:
        context = browser.new_context(base_url=origin, java_script_enabled=False)
        page = context.new_page()
        page.goto("/site-1/trend?lang=en")
        page.get_by_role("link", name="Sign in with Oslo kommune").click()
        log_in(page, "kari")
        page.get_by_role("button", name="Yes").click()
        assert page.url == f"{origin}/site-1/trend?lang=en"
        assert "Pro Sentret" in page.get_by_role("main").inner_text()
        # What the role allows, and no more.
        for address, code in (("/site-1", 200), ("/site-2", 404), ("/people", 403)):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == code
        page.goto("/account?lang=en")
        assert page.get_by_text("With Oslo kommune. There is no password here.").is_visible()
        page.get_by_role("button", name="Sign out").click()
        assert page.get_by_text("At Oslo kommune you are still signed in.").is_visible()
        # The next one at this computer is asked who it is, though the provider still knows the last one.
        page.get_by_role("link", name="Sign in with Oslo kommune").click()
        assert page.get_by_role("heading", name="The municipality").is_visible()
        page.goto("/sign-in?lang=en&left=yes")
        page.get_by_role("link", name="Sign out there, too").click()
        page.get_by_role("button", name="Log out").click()
        assert page.url.startswith(f"{origin}/sign-in")
        # Neither here nor there.
        page.get_by_role("link", name="Sign in with Oslo kommune").click()
        assert page.get_by_role("heading", name="The municipality").is_visible()
        context.close()


def log_in(page: Page, who: str) -> None:
    assert page.get_by_role("heading", name="The municipality").is_visible()
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_whoever_says_no_is_not_signed_in(
    filled: Filling, issuer: str, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(application(filled.engine, issuer)) as origin:
        context = browser.new_context(base_url=origin, java_script_enabled=False)
        page = context.new_page()
        page.goto("/sign-in?lang=en")
        page.get_by_role("link", name="Sign in with Oslo kommune").click()
        log_in(page, "kari")
        with page.expect_response(lambda answer: "/sign-in/back" in answer.url) as answer:
            page.get_by_role("button", name="No").click()
        assert answer.value.status == 403
        assert page.get_by_text("Signing in with Oslo kommune was cancelled.").is_visible()
        # The other language is another page, not the answer sent again.
        page.get_by_role("link", name="Norsk").click()
        assert urlsplit(page.url).path == "/sign-in"
        context.close()
    assert sessions(filled.engine) == 0
    assert "access_denied" in caplog.text


def sessions(engine: Engine) -> int:
    with store.reading(engine) as connection:
        return len(connection.execute(select(schema.session)).all())


def test_a_stranger_is_nobody_here(filled: Filling, issuer: str, caplog: pytest.LogCaptureFixture) -> None:
    with Visitor(application(filled.engine, issuer)) as visitor:
        answer = visitor.sign_in("stranger")
    assert answer.status_code == 403
    assert "Oslo kommune knows you as stranger, but there is no account of that name here." in answer.text
    assert sessions(filled.engine) == 0
    assert "stranger" not in caplog.text


def test_groups_open_accounts(filled: Filling, issuer: str) -> None:
    groups = [
        Group(name="fjes-admins", role="administrator"),
        Group(name="stua", role="editor", sites=["Pro Sentret"]),
    ]
    app = application(filled.engine, issuer, groups=groups)
    with Visitor(app) as berit, Visitor(app) as nils, Visitor(app) as ola:
        assert berit.sign_in("berit").status_code == 303
        assert nils.sign_in("nils").status_code == 303
        assert ola.sign_in("ola").status_code == 403
        deeds = berit.pages.get("/deeds?lang=en", base_url=HERE).text
        assert re.findall(r"<td>(.*?)</td>", deeds) == [
            "Oslo kommune", "added", "nils (site-1: editor)", "Oslo kommune", "added", "berit (administrator)",
        ]  # fmt: skip
        listed = berit.pages.get("/people?lang=en", base_url=HERE).text
        assert "Has not signed in with Oslo kommune yet." in listed, "Kari"
        assert listed.count("follows the groups there") == 2
        assert nils.pages.get("/site-1", base_url=HERE).status_code == 200
        assert nils.pages.get("/people", base_url=HERE).status_code == 403


def test_a_code_opens_one_door_once(filled: Filling, issuer: str, caplog: pytest.LogCaptureFixture) -> None:
    app = application(filled.engine, issuer)
    with Visitor(app) as kari, Visitor(app) as thief:
        address = kari.agree(kari.log_in(kari.go(), "kari"))
        assert kari.back(address).status_code == 303
        assert kari.back(address).status_code == 400
        assert sessions(filled.engine) == 1
        # The code of one with the state of another: to the provider it is used, and of another verifier.
        state = parse_qs(urlsplit(thief.go()).query)["state"][0]
        swapped = re.sub(r"state=[^&]+", f"state={state}", address)
        answer = thief.back(swapped)
        assert answer.status_code == 400
        assert "Begin again." in answer.text
        assert "the code was used, or is too old (invalid_grant)" in caplog.text
        assert sessions(filled.engine) == 1


def test_a_code_that_was_not_used_is_of_no_use_to_another_browser(filled: Filling, issuer: str) -> None:
    app = application(filled.engine, issuer)
    with Visitor(app) as kari, Visitor(app) as thief:
        address = kari.agree(kari.log_in(kari.go(), "kari"))
        state = parse_qs(urlsplit(thief.go()).query)["state"][0]
        assert thief.back(re.sub(r"state=[^&]+", f"state={state}", address)).status_code == 400
    assert sessions(filled.engine) == 0


def test_a_wrong_secret_is_said_to_those_who_can_put_it_right(
    filled: Filling, issuer: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Visitor(application(filled.engine, issuer, "wrong")) as visitor:
        answer = visitor.sign_in("kari")
    assert answer.status_code == 502
    assert "Those who run this page find the reason in its log." in answer.text
    assert "invalid_client; see [oidc] client_id and client_secret" in caplog.text
    assert sessions(filled.engine) == 0


def test_behind_a_proxy_the_address_to_come_back_to_is_the_one_outside(filled: Filling, issuer: str) -> None:
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "fjes.example.org"}
    app = application(filled.engine, issuer)
    with serving(app, "127.0.0.1") as origin:
        answer = requests.get(f"{origin}/sign-in/with", headers=told, allow_redirects=False, timeout=20)
        (back,) = parse_qs(urlsplit(answer.headers["Location"]).query)["redirect_uri"]
        assert back == "https://fjes.example.org/sign-in/back"
        assert "Secure" in answer.headers["Set-Cookie"].split("; ")
    # An address that the provider was not told of: it sends nobody there.
    with Visitor(app) as kari:
        page = kari.log_in(answer.headers["Location"], "kari")
        assert (page.status_code, urlsplit(page.url).hostname) == (400, "localhost")


def test_the_pages_send_no_form_elsewhere(filled: Filling, issuer: str) -> None:
    """`form-action` needs no exception, since a link leads to the provider."""
    client = application(filled.engine, issuer).test_client()
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert client.post("/sign-in/with").status_code in (403, 405)


@pytest.mark.parametrize(("width", "scheme", "code"), [(320, "dark", "nb"), (1440, "light", "en")])
def test_everybody_can_use_the_pages_that_it_changes(
    sqlite: Filling, issuer: str, browser: Browser, width: int, scheme: Any, code: str
) -> None:
    app, admin = whole(sqlite, issuer)
    cookie = admin.get_cookie("fjes", "127.0.0.1")
    assert cookie is not None
    with serving(app) as origin:
        context = browser.new_context(base_url=origin, color_scheme=scheme, viewport={"width": width, "height": 900})
        page = context.new_page()
        for address in ("/sign-in?left=yes&", "/sign-in/back?", "/account?", "/people?"):
            if address == "/account?":
                context.add_cookies([{"name": "fjes", "value": cookie.value, "url": origin}])
            page.goto(f"{address}lang={code}")
            page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        context.close()


def test_the_pages_that_it_changes_are_valid_html(sqlite: Filling, issuer: str, tmp_path: Path) -> None:
    app, admin = whole(sqlite, issuer)
    stranger = app.test_client()
    pages = {
        address: client.get(address, base_url=HERE).text
        for client, addresses in (
            (stranger, ("/sign-in", "/sign-in?left=yes", "/sign-in/back?lang=en")),
            (admin, ("/account", "/people", "/people?lang=en", "/deeds")),
        )
        for address in addresses
    }
    folder = tmp_path / "html"
    folder.mkdir()
    assert nu(pages, folder) == []


def whole(sqlite: Filling, issuer: str) -> tuple[Flask, FlaskClient]:
    """The pages with everybody whom they can show: by group, without and with a password; and an administrator."""
    for name, place in (("Stua", "Pro Sentret"), ("Kafé", "Annet sted")):
        sqlite.month(sqlite.terminal(name, place), "2022-03", (1, 2, 30, 40))
    with sqlite.engine.begin() as connection:
        people.add(connection, "Kari", None, None, {1: Role.VIEWER})
        people.add(connection, "Ola", "$argon2id$", Role.EDITOR)
    groups = [Group(name="fjes-admins", role="administrator")]
    app = application(sqlite.engine, issuer, groups=groups)
    with Visitor(app) as berit:
        assert berit.sign_in("berit").status_code == 303
        return app, berit.pages


def test_an_administrator_takes_a_password_away_and_gives_one(sqlite: Filling, issuer: str) -> None:
    app, admin = whole(sqlite, issuer)
    from_here = {"Sec-Fetch-Site": "same-origin"}

    def person(name: str) -> people.Person:
        with store.reading(sqlite.engine) as connection:
            found = people.named(connection, name)
        assert found is not None
        return found[0]

    ola = person("Ola")
    sent = admin.post(f"/people/{ola.id}/provider", headers=from_here, base_url=HERE)
    assert (sent.status_code, person("Ola").has_password) == (303, False)
    with Visitor(app) as visitor:
        assert visitor.sign_in("ola").status_code == 303
        assert admin.post(f"/people/{ola.id}/password", headers=from_here, base_url=HERE).status_code == 200
        assert person("Ola").has_password
        # Both ways are open then. By the provider there is no password to choose first.
        assert visitor.sign_in("ola").status_code == 303
        assert visitor.pages.get("/site-1", base_url=HERE).status_code == 200
    answer = admin.post(
        "/people", data={"name": "Ny", "role": "viewer", "without": "yes"}, headers=from_here, base_url=HERE
    )
    assert (answer.status_code, person("Ny").has_password) == (303, False)
    answer = admin.post("/people", data={"name": "Ny to", "role": "viewer"}, headers=from_here, base_url=HERE)
    assert (answer.status_code, person("Ny to").has_password) == (200, True)
    assert admin.post("/people/999/provider", headers=from_here, base_url=HERE).status_code == 404
