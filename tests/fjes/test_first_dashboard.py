"""A dashboard made from the image: it finds its broker, has one administrator, and on one board with it a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import store
from dashboard.accounts import passwords, people
from fjes.provision import first
from ratings import config
from tests.closed import Closed, let_in, made
from tests.fjes.provisioning import Board, board

UNITS = Path(__file__).resolve().parents[2] / "systemd"


@pytest.fixture
def here(tmp_path: Path) -> Board:
    return board(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """What is /var/lib/fjes on the image."""
    (tmp_path / "state/dashboard").mkdir(parents=True)
    return tmp_path / "state"


@pytest.fixture
def broker(state: Path) -> Iterator[Closed]:
    closed = made(state / first.BROKER)
    yield closed
    closed.stop()


def text(role: str, state: Path) -> str:
    database = f"sqlite:///{state}/dashboard/fjes.db"
    return f'role = "{role}"\n[terminal]\nid = "stua"\n[dashboard]\nport = 8081\ndatabase = "{database}"\n'


def start(here: Board, state: Path) -> None:
    """As the units do it, one after the other."""
    here.start()
    first.make(here.run("fjes.toml"), state)
    assert first.complete(here.places, state)


def everybody(here: Board) -> list[people.Person]:
    engine = store.open_engine(here.config.dashboard.database)
    try:
        with engine.begin() as connection:
            return people.everybody(connection)
    finally:
        engine.dispose()


def test_it_finds_its_broker_and_the_report_says_how_to_sign_in(here: Board, state: Path, broker: Closed) -> None:
    here.put(text("dashboard", state))
    start(here, state)
    found = here.config
    assert found.dashboard.port == 8081
    assert found.dashboard.broker == state / "broker"
    assert found.dashboards_broker == broker.dashboard
    assert f"broker: {found.broker.host}:{found.broker.port}\n" in here.report
    assert (here.places.run / "fjes.toml").stat().st_mode & 0o777 == 0o640
    (somebody,) = everybody(here)
    assert (somebody.name, somebody.role, somebody.new_password) == ("administrator", "administrator", True)
    password = (state / first.FOLDER / first.PASSWORD).read_text().strip()
    assert (state / first.FOLDER / first.PASSWORD).stat().st_mode & 0o777 == 0o600
    assert f"Sign in to the pages as administrator with {password}, which is for once" in here.report
    assert password not in here.file.read_text()
    start(here, state)
    assert (state / first.FOLDER / first.PASSWORD).read_text().strip() == password
    assert password in here.report


def test_once_a_password_was_chosen_the_first_one_is_nowhere(here: Board, state: Path, broker: Closed) -> None:
    here.put(text("dashboard", state))
    start(here, state)
    password = (state / first.FOLDER / first.PASSWORD).read_text().strip()
    (somebody,) = everybody(here)
    engine = store.open_engine(here.config.dashboard.database)
    with engine.begin() as connection:
        people.set_password(connection, somebody.id, passwords.hashed("my very own words"), handed_over=False)
    engine.dispose()
    start(here, state)
    assert not (state / first.FOLDER / first.PASSWORD).exists()
    assert password not in here.report
    assert len(everybody(here)) == 1


def test_on_a_board_that_is_both_each_has_a_login_of_its_own(here: Board, state: Path, broker: Closed) -> None:
    here.put(text("both", state))
    start(here, state)
    terminal, dashboard = here.config.broker, here.config.dashboards_broker
    assert terminal.username == "stua"
    assert dashboard.username == broker.dashboard.username
    broker.start()
    for each in (terminal, dashboard):
        assert each.username is not None
        assert each.password is not None
        with let_in(broker, each.username, each.password):
            pass
    before = here.run("fjes.toml")
    start(here, state)
    assert here.run("fjes.toml") == before, "enrolled once"


def test_a_broker_that_the_file_names_is_left_alone(here: Board, state: Path, broker: Closed) -> None:
    here.put(text("dashboard", state) + '[broker]\nhost = "broker.example.org"\n')
    start(here, state)
    assert here.config.dashboards_broker.host == "broker.example.org"
    assert here.config.dashboard.broker is None


def test_before_there_is_a_broker_nothing_is_added(here: Board, state: Path) -> None:
    here.put(text("dashboard", state))
    start(here, state)
    assert here.config.broker == config.Broker()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\n", 'a = 1\n\n[dashboard]\nx = "y"\n'),
        ("[dashboard]\r\nport = 1\r\n", '[dashboard]\r\nx = "y"\nport = 1\r\n'),
        ("[dashboard] # b", '[dashboard] # b\nx = "y"\n'),
        ("[dashboard]\n", '[dashboard]\nx = "y"\n'),
    ],
)
def test_a_key_is_added_below_its_heading(before: str, after: str) -> None:
    assert first.added(before, "dashboard", {"x": "y"}) == after
    assert first.added(before, "dashboard", {}) == before


def test_the_unit_makes_first_and_completes_then_before_what_reads_it() -> None:
    lines = (UNITS / "fjes-first.service").read_text("utf-8")
    assert lines.index("provision --first") < lines.index("provision --complete")
    before = next(line for line in lines.splitlines() if line.startswith("Before="))
    assert {"fjes-ingest.service", "fjes-web.service", "fjes-courier.service"} <= set(before[7:].split())
    assert "fjes-broker-setup.service" in lines
    assert "fjes-first.service" in (UNITS / "fjes-dashboard.target").read_text("utf-8")
