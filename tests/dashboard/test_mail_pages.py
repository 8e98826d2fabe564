"""The pages about mail: what waits and what was refused, for administrators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import text

from dashboard import store
from dashboard.accounts import passwords
from dashboard.accounts.access import Access
from dashboard.accounts.people import Role
from dashboard.mail import queue
from dashboard.web import create_app
from ratings.config import Dashboard
from ratings.sections import Mail
from tests.dashboard.checkers import axe, nu
from tests.dashboard.filling import Filling
from tests.dashboard.test_accounts import FROM_HERE, QUICK, TODAY, Clock, add, browsing, sign_in

MAIL = Mail(host="smtp.example.org", from_="Fjes <fjes@example.org>", page="https://fjes.example.org")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(passwords, "_nobodys", "")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(sqlite: Filling, clock: Clock) -> Flask:
    """Three mails: one that waits, one that was tried, one that was refused, with an answer to stumble on."""
    engine = sqlite.engine
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (1, 2, 30, 40))
    add(engine, "Admin", Role.ADMINISTRATOR)
    with engine.begin() as connection:
        for number, to in enumerate(("ny@example.org", "senere@example.org", "kari.nordmann@langt-navn.example.org")):
            queue.put(connection, f"report/{number}/site-1/2022-03", to, "Subject: Hei\r\n\r\n", clock(), person=None)
        waiting = queue.due(connection, clock())
        queue.later(connection, waiting[1], "the mail server smtp.example.org, port 587, is not there", clock())
        queue.refused(connection, waiting[2].id, f"550 5.1.1 {HOSTILE}: no such user")
    return create_app(engine, Dashboard(), today=lambda: TODAY, access=Access(engine, clock), mail=MAIL)


def test_administrators_see_what_waits_and_why(app: Flask) -> None:
    page = sign_in(app, "Admin").get("/mail?lang=en").text
    assert page.count("<h2") == 3
    assert "Refused for good." in page
    assert "Tried once. Next try: 2022-04-20 08:01 UTC." in page
    assert "Not tried yet." in page
    assert "is not there" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "no mail server is set up" not in page
    assert 'href="/mail?lang=en"' in sign_in(app, "Admin").get("/account?lang=en").text


def test_a_mail_is_tried_again_or_forgotten_and_that_is_noted(app: Flask, sqlite: Filling, clock: Clock) -> None:
    admin = sign_in(app, "Admin")
    assert admin.post("/mail/3/again?lang=en", headers=FROM_HERE).headers["Location"] == "/mail?lang=en&saved=yes"
    assert admin.post("/mail/2/forget", headers=FROM_HERE).status_code == 303
    assert admin.post("/mail/2/forget", headers=FROM_HERE).status_code == 404
    assert admin.post("/mail/2/again", headers=FROM_HERE).status_code == 404
    assert admin.post("/mail/99/again", headers=FROM_HERE).status_code == 404
    with store.reading(sqlite.engine) as connection:
        rows = [tuple(row) for row in connection.execute(text("SELECT state, tries, recipient FROM mail ORDER BY id"))]
    assert rows == [
        ("waits", 0, "ny@example.org"), ("dropped", 1, ""), ("waits", 0, "kari.nordmann@langt-navn.example.org"),
    ]  # fmt: skip
    deeds = admin.get("/deeds?lang=en").text
    assert "had a mail tried again" in deeds
    assert "forgot a mail" in deeds
    assert "report/1/site-1/2022-03" in deeds
    assert "example.org" not in deeds


def test_it_says_where_no_server_is_set_up(sqlite: Filling, clock: Clock) -> None:
    add(sqlite.engine, "Admin", Role.ADMINISTRATOR)
    app = create_app(sqlite.engine, Dashboard(), today=lambda: TODAY, access=Access(sqlite.engine, clock))
    page = sign_in(app, "Admin").get("/mail?lang=en").text
    assert "no mail server is set up" in page
    assert "Nothing waits, and nothing was refused." in page


@pytest.fixture
def browsed(app: Flask, browser: Browser) -> Iterator[Callable[..., Any]]:
    with browsing(app, browser) as page:
        yield page


PAGES = ("/mail",)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(browsed: Callable[..., Any], scheme: str) -> None:
    for width in (320, 1440):
        page = browsed("Admin", color_scheme=scheme, viewport={"width": width, "height": 900})
        for address in PAGES:
            for code in ("nb", "en"):
                page.goto(f"{address}?lang={code}")
                assert axe(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_pages_are_valid_html(app: Flask, tmp_path: Path) -> None:
    admin = sign_in(app, "Admin")
    found = {
        f"{address} {code}": admin.get(f"{address}?lang={code}").text for address in PAGES for code in ("nb", "en")
    }
    folder = tmp_path / "html"
    folder.mkdir()
    assert nu(found, folder) == []
