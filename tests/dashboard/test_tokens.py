"""Tokens: which programs get in, what they see, and how long; and the page on which administrators make them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard import schema, store
from dashboard.accounts import tokens
from dashboard.accounts.people import PersonError
from dashboard.accounts.tokens import Token, Use
from dashboard.web import create_app
from ratings.config import Dashboard
from tests.dashboard.checkers import axe, nu
from tests.dashboard.filling import Filling
from tests.dashboard.test_accounts import FROM_HERE, TODAY, Clock, sign_in
from tests.dashboard.test_accounts import _quick as _quick
from tests.dashboard.test_accounts import access as access
from tests.dashboard.test_accounts import app as app
from tests.dashboard.test_accounts import browsed as browsed
from tests.dashboard.test_accounts import clock as clock
from tests.dashboard.test_accounts import filled as filled

PLACES = "/api/v1/places"


def made(
    filled: Filling,
    name: str = "Excel",
    sites: list[int] | None = None,
    expires: date = TODAY,
    use: Use = Use.FIGURES,
) -> tuple[Token, str]:
    with filled.engine.begin() as connection:
        return tokens.add(connection, name, use, sites, expires, TODAY)


def bearer(word: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {word}"}


def basic(word: str, name: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{word}".encode()).decode()}


def names(answer: TestResponse) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {row["name"] for row in answer.json["rows"]}  # type: ignore[index]


def said(answer: TestResponse, code: int) -> str:
    """What a problem says, which is one as RFC 9457 has it."""
    assert answer.status_code == code, answer.text
    assert answer.content_type == "application/problem+json"
    found = answer.json
    assert found is not None
    assert found.keys() == {"type", "title", "status", "detail"}
    assert found["status"] == code
    return str(found["detail"])


@pytest.mark.parametrize("shows", [bearer, basic, lambda word: basic(word, ""), lambda word: basic(word, "Kåre")])
def test_a_token_opens_the_figures_as_bearer_and_as_password(
    app: Flask, filled: Filling, shows: Callable[[str], dict[str, str]]
) -> None:
    _, word = made(filled)
    assert "Lageret" in names(app.test_client().get(PLACES, headers=shows(word)))


def test_a_token_sees_its_sites_as_if_there_were_no_others(app: Flask, filled: Filling) -> None:
    _, word = made(filled, sites=[1, 2])
    asked, shown = app.test_client(), bearer(word)
    assert names(asked.get(PLACES, headers=shown)) == {"", "Oslo", "Pro Sentret", "Annet sted", "Stua", "Kafé"}
    (row,) = asked.get("/api/v1/totals?place=all&period=all", headers=shown).json["rows"]  # type: ignore[index]
    assert row["ratings"] == 146
    assert "does not see it" in said(asked.get("/api/v1/totals?place=site-3", headers=shown), 404)
    assert said(asked.get("/api/v1/totals?place=site-3", headers=shown), 404) == said(
        asked.get("/api/v1/totals?place=site-9", headers=shown), 404
    ).replace("site-9", "site-3")


def test_without_a_token_there_is_nothing_but_the_question_for_one(app: Flask) -> None:
    answer = app.test_client().get(PLACES)
    assert "Show a token" in said(answer, 401)
    assert answer.headers.getlist("WWW-Authenticate") == [
        'Bearer realm="Fjes dashboard"',
        'Basic realm="Fjes dashboard", charset=UTF-8',
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic",
        "Basic !",
        "Basic eA==",
        "Digest x",
        "",
        "Bearer \xe6",
        "Bearer " + "x" * 5000,
    ],
)
def test_what_is_no_token_is_a_wrong_one(app: Flask, header: str) -> None:
    assert "There is no such token" in said(app.test_client().get(PLACES, headers={"Authorization": header}), 401)


def test_a_token_ends_with_its_last_day(app: Flask, filled: Filling, clock: Clock) -> None:
    _, word = made(filled, expires=TODAY + timedelta(days=1))
    asked = app.test_client()
    clock.moment += timedelta(days=1)
    assert asked.get(PLACES, headers=bearer(word)).status_code == 200
    clock.moment += timedelta(days=1)
    assert "ended on 2022-04-21" in said(asked.get(PLACES, headers=bearer(word)), 401)


def test_a_token_that_was_removed_opens_nothing(app: Flask, filled: Filling) -> None:
    token, word = made(filled)
    asked = app.test_client()
    assert asked.get(PLACES, headers=bearer(word)).status_code == 200
    assert sign_in(app, "Admin").post(f"/tokens/{token.id}/remove", headers=FROM_HERE).status_code == 303
    assert "There is no such token" in said(asked.get(PLACES, headers=bearer(word)), 401)
    assert sign_in(app, "Admin").post(f"/tokens/{token.id}/remove", headers=FROM_HERE).status_code == 404


def test_a_token_opens_no_page_and_changes_nothing(app: Flask, filled: Filling) -> None:
    _, word = made(filled)
    asked = app.test_client()
    for address in ("/", "/site-1", "/people", "/tokens"):
        assert asked.get(address, headers=bearer(word)).status_code == 303
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = asked.open(PLACES, method=method, headers=bearer(word))
        assert "use GET" in said(answer, 405)
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_one_for_measurements_gets_no_figures(app: Flask, filled: Filling) -> None:
    _, word = made(filled, use=Use.METRICS)
    assert "for metrics, not for figures" in said(app.test_client().get(PLACES, headers=bearer(word)), 401)


def test_somebody_signed_in_sees_what_a_program_would_get(app: Flask) -> None:
    assert names(sign_in(app, "Stranger").get(PLACES)) == {"", "Lageret", "Bod"}
    # A token is what counts where there is one.
    said(sign_in(app, "Stranger").get(PLACES, headers=bearer("x")), 401)


def test_whoever_has_to_choose_a_password_first_gets_nothing(app: Flask, filled: Filling) -> None:
    answer = sign_in(app, "Admin").post("/people", data={"name": "Kari", "role": "viewer"}, headers=FROM_HERE)
    given = re.search(r'<code id="password">([a-z0-9-]{19})</code>', answer.text)
    assert given
    assert "Choose one of your own" in said(sign_in(app, "Kari", given[1]).get(PLACES), 403)


def test_wrong_tokens_are_counted_and_shut_out_no_other_program(app: Flask, filled: Filling) -> None:
    _, word = made(filled)
    asked = app.test_client()
    # One program whose token is wrong asks on and on: it is told to wait, and the others go on.
    codes = [asked.get(PLACES, headers=bearer("old")).status_code for _ in range(60)]
    assert codes == [401] * 5 + [429] * 55
    answer = asked.get(PLACES, headers=bearer("old"))
    assert "Wait five minutes" in said(answer, 429)
    assert answer.headers["Retry-After"] == "300"
    assert asked.get(PLACES, headers=bearer(word)).status_code == 200
    # Whoever tries many is shut out with all of them, and nobody elsewhere is.
    codes = [asked.get(PLACES, headers=bearer(str(number))).status_code for number in range(100)]
    assert codes == [401] * 35 + [429] * 65
    assert asked.get(PLACES, headers=bearer(word)).status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert asked.get(PLACES, headers=bearer(word), environ_overrides=elsewhere).status_code == 200


def test_no_token_is_in_the_database_and_no_moment_of_its_use(app: Flask, filled: Filling, clock: Clock) -> None:
    _, word = made(filled, expires=TODAY + timedelta(days=9))
    asked = app.test_client()

    def stored() -> list[Any]:
        with store.reading(filled.engine) as connection:
            return [tuple(row) for row in connection.execute(select(schema.token))]

    assert stored()[0][-1] is None
    asked.get(PLACES, headers=bearer(word))
    first = stored()
    assert first[0][-1] == TODAY
    clock.moment += timedelta(hours=5)
    asked.get(PLACES, headers=bearer(word))
    assert stored() == first
    clock.moment += timedelta(days=1)
    asked.get(PLACES, headers=bearer(word))
    assert stored()[0][-1] == TODAY + timedelta(days=1)
    assert word not in str(stored())
    assert word.removeprefix(tokens.BEGINS) not in str(stored())


def test_words_are_long_and_never_the_same(filled: Filling) -> None:
    words = {made(filled, str(number))[1] for number in range(20)}
    assert len(words) == 20
    assert all(re.fullmatch(r"fjes_[A-Za-z0-9_-]{43}", word) for word in words)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "sites", "last", "why"),
    [
        ("", None, 1, "1 to 100 characters"),
        ("x" * 101, None, 1, "1 to 100 characters"),
        ("\u202eevil", None, 1, "1 to 100 characters"),
        (" EXCEL ", None, 1, "already a token"),
        ("New", [], 1, "Choose the sites"),
        ("New", None, -1, "today or later"),
        ("New", None, 5 * 366 + 1, "at most five years"),
    ],
)
def test_what_cannot_be_made_is_refused(
    filled: Filling, name: str, sites: list[int] | None, last: int, why: str
) -> None:
    made(filled)
    with pytest.raises(PersonError, match=why):
        made(filled, name, sites, TODAY + timedelta(days=last))
    with store.reading(filled.engine) as connection:
        assert [each.name for each in tokens.everything(connection)] == ["Excel"]


def on_the_page(client: FlaskClient, **fields: str) -> TestResponse:
    usual = {"name": "Power BI", "use": "figures", "expires": "2023-04-20"}
    return client.post("/tokens?lang=en", data=usual | fields, headers=FROM_HERE)


def test_an_administrator_makes_one_on_the_page_and_it_is_shown_once(app: Flask, filled: Filling) -> None:
    admin = sign_in(app, "Admin")
    answer = on_the_page(admin, **{"site-2": "yes", "site-99": "yes"})
    assert answer.status_code == 200
    word = re.search(r'<code id="token">(fjes_[\w-]{43})</code>', answer.text)
    assert word
    assert names(app.test_client().get(PLACES, headers=bearer(word[1]))) == {"", "Oslo", "Annet sted", "Kafé"}
    page = admin.get("/tokens?lang=en").text
    assert word[1] not in page
    assert "Sees: Annet sted" in page
    assert "Ends on 20 April 2023." in page
    assert "Last used on 20 April 2022." in page
    on_the_page(admin, name="<script>alert(1)</script>", sites="all")
    on_the_page(admin, name="Prometheus", use="metrics")
    page = admin.get("/tokens?lang=en").text
    assert "<script>alert" not in page
    assert "Sees all sites." in page
    assert "Reads measurements for monitoring, and no figures." in page
    admin.post("/tokens/1/remove", headers=FROM_HERE)
    deeds = admin.get("/deeds?lang=en").text
    assert "removed a token" in deeds
    assert "Power BI (figures: site-2; 2023-04-20)" in deeds
    assert word[1] not in deeds


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "Choose the sites that it may see."),
        ({"sites": "all", "expires": "soon"}, "Give the last day as a date"),
        ({"sites": "all", "expires": "2022-04-19"}, "The last day of a token is today or later"),
        ({"sites": "all", "name": " "}, "A name has 1 to 100 characters"),
    ],
)
def test_what_is_filled_in_wrongly_is_said(app: Flask, filled: Filling, fields: dict[str, str], why: str) -> None:
    answer = on_the_page(sign_in(app, "Admin"), **fields)
    assert answer.status_code == 400
    assert why in answer.text
    # In the other language the page is asked for, and not sent.
    assert 'href="/tokens?lang=nb"' in answer.text
    with store.reading(filled.engine) as connection:
        assert tokens.everything(connection) == []


def test_where_nobody_signs_in_no_program_needs_a_token(filled: Filling) -> None:
    asked = create_app(filled.engine, Dashboard(), today=lambda: TODAY).test_client()
    assert "Lageret" in names(asked.get(PLACES))
    assert asked.get("/tokens").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("scheme", "code"), [("light", "nb"), ("dark", "en")])
def test_everybody_can_use_the_page(
    browsed: Callable[..., Any], filled: Filling, clock: Clock, scheme: str, code: str
) -> None:
    made(filled, "Regneark", [1, 2])
    made(filled, "Prometheus", use=Use.METRICS, expires=TODAY + timedelta(days=99))
    clock.moment += timedelta(days=2)
    page = browsed("Admin", color_scheme=scheme, viewport={"width": 320, "height": 900})

    def judge() -> None:
        for width in (320, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert axe(page, colours=width == 320) == []

    page.goto(f"/tokens?lang={code}")
    judge()
    page.locator("#name").fill("Power BI")
    page.locator("input[name=sites]").check()
    page.get_by_role("button", name="Lag en nøkkel" if code == "nb" else "Make a token").click()
    assert page.locator("#token").inner_text().startswith("fjes_")
    judge()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_pages_are_valid_html(app: Flask, filled: Filling, tmp_path: Path) -> None:
    admin = sign_in(app, "Admin")
    made(filled)
    pages = {
        "tokens": admin.get("/tokens?lang=nb").text,
        "wrong": on_the_page(admin).text,
        "made": on_the_page(admin, sites="all").text,
    }
    folder = tmp_path / "html"
    folder.mkdir()
    assert nu(pages, folder) == []
