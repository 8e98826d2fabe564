"""`fjes dashboard user`: the first administrator, and whoever else may sign in."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from dashboard import store
from dashboard.accounts import passwords, people
from fjes.cli import main
from tests.dashboard.filling import Filling


def user(filling: Filling, *arguments: str) -> Result:
    url = filling.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, ["dashboard", "user", *arguments, "--database", url], catch_exceptions=False)


def given(result: Result) -> str:
    assert result.exit_code == 0, result.output
    found = re.fullmatch(r"(.*:)\n((?:[a-z2-9]{4}-){3}[a-z2-9]{4})\n", result.output)
    assert found, result.output
    return found[2]


@pytest.fixture
def filling(database: Engine) -> Filling:
    return Filling(database)


def test_the_first_administrator_gets_a_password_for_once(filling: Filling) -> None:
    password = given(user(filling, "add", "Kari", "--role", "administrator"))
    with store.reading(filling.engine) as connection:
        found = people.named(connection, "kari")
    assert found is not None
    assert found[0].is_administrator
    assert found[0].new_password
    assert passwords.is_right(found[1], password)
    assert user(filling, "list").output == "Kari: administrator everywhere; has not chosen a password yet\n"


def test_roles_at_sites_new_passwords_and_an_end(filling: Filling) -> None:
    filling.terminal("Stua", "Pro Sentret")
    filling.terminal("Kafé", "Annet sted")
    first = given(user(filling, "add", "Ola", "--role", "editor", "--site", "Annet sted", "--site", "Pro Sentret"))
    assert user(filling, "list").output == (
        "Ola: editor of Pro Sentret, editor of Annet sted; has not chosen a password yet\n"
    )
    second = given(user(filling, "reset", "OLA"))
    assert first != second
    with store.reading(filling.engine) as connection:
        known = people.named(connection, "Ola")
        assert known is not None
        assert passwords.is_right(known[1], second)
        assert not passwords.is_right(known[1], first)
    assert user(filling, "remove", "Ola").output == "Ola may not sign in any more.\n"
    assert user(filling, "list").output == ""
    with store.reading(filling.engine) as connection:
        assert [(each.who, each.what) for each in people.deeds(connection)] == [
            ("fjes dashboard user", "removed"),
            ("fjes dashboard user", "password"),
            ("fjes dashboard user", "added"),
        ]


def test_whoever_signs_in_by_the_provider_needs_no_password(filling: Filling) -> None:
    added = user(filling, "add", "kari@oslo.no", "--role", "administrator", "--without-password")
    assert added.output == "kari@oslo.no may sign in by the OpenID provider.\n"
    assert user(filling, "list").output == "kari@oslo.no: administrator everywhere; signs in by the OpenID provider\n"
    given(user(filling, "reset", "kari@oslo.no"))
    assert user(filling, "list").output.endswith("; has not chosen a password yet\n")
    taken = user(filling, "reset", "kari@oslo.no", "--without-password")
    assert taken.output == "kari@oslo.no has no password any more, and signs in by the OpenID provider.\n"
    assert user(filling, "list").output.endswith("; signs in by the OpenID provider\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "Kari"), "There is already somebody of that name."),
        (("add", ""), "A name has 1 to 100 characters"),
        (("add", "Ola", "--site", "Hjemme"), "there is no site 'Hjemme'; there are: Pro Sentret"),
        (("add", "Ola", "--role", "administrator", "--site", "Pro Sentret"), "Administrators are administrators"),
        (("remove", "Kari"), "There must be an administrator left."),
        (("remove", "Ola"), "there is nobody called 'Ola'; there is: Kari"),
        (("reset", "Ola"), "there is nobody called 'Ola'; there is: Kari"),
    ],
)
def test_what_cannot_be_done_is_one_line(filling: Filling, arguments: tuple[str, ...], said: str) -> None:
    filling.terminal("Stua", "Pro Sentret")
    given(user(filling, "add", "Kari", "--role", "administrator"))
    result = user(filling, *arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert said in result.output
    assert result.output.count("\n") == 1
    assert user(filling, "list").output.count("\n") == 1
