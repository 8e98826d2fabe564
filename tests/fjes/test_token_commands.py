"""`fjes dashboard token`: made, listed and taken away on the machine of the dashboard."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from dashboard import store
from dashboard.accounts import people, tokens
from dashboard.accounts.tokens import Use
from fjes.cli import main
from tests.dashboard.filling import Filling

TODAY = datetime.now(UTC).date()


def token(filling: Filling, *arguments: str) -> Result:
    url = filling.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, ["dashboard", "token", *arguments, "--database", url], catch_exceptions=False)


def given(result: Result) -> str:
    assert result.exit_code == 0, result.output
    found = re.fullmatch(r"(.*:)\n(fjes_[\w-]{43})\n", result.output)
    assert found, result.output
    return found[2]


@pytest.fixture
def filling(database: Engine) -> Filling:
    filling = Filling(database)
    filling.terminal("Stua", "Pro Sentret")
    filling.terminal("Kafé", "Annet sted")
    return filling


def test_a_token_is_printed_once_and_listed_without(filling: Filling) -> None:
    everywhere = given(token(filling, "add", "Excel"))
    some = given(token(filling, "add", "Power BI", "--site", "Annet sted", "--until", str(TODAY + timedelta(days=3))))
    metrics = given(token(filling, "add", "Prometheus", "--metrics"))
    found = [tokens.shown(filling.engine, word) for word in (everywhere, some, metrics)]
    assert [(each.use, each.everywhere, each.sites) for each in found if each] == [
        (Use.FIGURES, True, ()),
        (Use.FIGURES, False, (2,)),
        (Use.METRICS, False, ()),
    ]
    year = TODAY + timedelta(days=365)
    assert token(filling, "list").output == (
        f"Excel: figures of all sites; until {year}; not used yet\n"
        f"Power BI: figures of Annet sted; until {TODAY + timedelta(days=3)}; not used yet\n"
        f"Prometheus: measurements; until {year}; not used yet\n"
    )


def test_one_that_is_removed_opens_nothing(filling: Filling) -> None:
    word = given(token(filling, "add", "Excel"))
    assert token(filling, "remove", "EXCEL").output == "Excel reads nothing any more.\n"
    assert tokens.shown(filling.engine, word) is None
    with store.reading(filling.engine) as connection:
        assert [(each.who, each.what) for each in people.deeds(connection)] == [
            ("fjes dashboard token", "token-removed"),
            ("fjes dashboard token", "token"),
        ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "Excel"), "There is already a token of that name."),
        (("add", "New", "--site", "Hjemme"), "there is no site 'Hjemme'; there are: Annet sted, Pro Sentret"),
        (("add", "New", "--until", "2020-01-01"), "The last day of a token is today or later"),
        (("remove", "New"), "there is no token 'New'; there is: Excel"),
    ],
)
def test_what_cannot_be_done_is_one_line(filling: Filling, arguments: tuple[str, ...], said: str) -> None:
    given(token(filling, "add", "Excel"))
    result = token(filling, *arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert said in result.output
    assert result.output.count("\n") == 1


def test_measurements_are_of_no_site(filling: Filling) -> None:
    result = token(filling, "add", "New", "--metrics", "--site", "Pro Sentret")
    assert result.exit_code == 2
    assert "leave out --site" in result.output
