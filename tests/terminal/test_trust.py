"""Whether the clock is known to be right, from what the machine says of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from terminal import trust
from terminal.trust import Places, Source, Trust

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
YESTERDAY = date(2027, 2, 28)


class Machine:
    """A machine made of files; a board without a battery clock and without a network until something is added."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "synchronized", folder / "rtc", folder / "device-tree", folder / "boot_id")
        self.places.board.mkdir()
        self.kernel = False

    def trust(self, setting: str = "checked") -> Trust:
        return Trust(setting, self.places, lambda: self.kernel)  # type: ignore[arg-type]

    def battery_clock(self, moment: datetime | None) -> None:
        """One that says so, or (None) one that lost its power and refuses to say anything."""
        clock = self.places.hardware / "rtc0"
        clock.mkdir(parents=True, exist_ok=True)
        (clock / "since_epoch").unlink(missing_ok=True)
        if moment is not None:
            (clock / "since_epoch").write_text(f"{int(moment.timestamp())}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_board_that_nothing_has_told_the_time_does_not_know_it(machine: Machine) -> None:
    assert not machine.trust().is_right(NOW, YESTERDAY)
    assert machine.trust().source(NOW) is Source.NOBODY


def test_the_clock_is_right_when_timesyncd_has_set_it(machine: Machine) -> None:
    judge = machine.trust()
    assert not judge.is_right(NOW, YESTERDAY)
    machine.places.synchronised.touch()
    assert judge.is_right(NOW, YESTERDAY)
    assert trust.is_synchronised(machine.places.synchronised, lambda: False)


def test_the_clock_is_right_when_the_kernel_says_so_and_stays_right_though_the_network_goes(machine: Machine) -> None:
    judge = machine.trust()
    machine.kernel = True
    assert judge.is_right(NOW, YESTERDAY)
    machine.kernel = False  # The kernel takes it back after some hours without a network.
    assert judge.is_right(NOW, YESTERDAY)


def test_a_battery_clock_that_has_set_the_system_clock_is_believed(machine: Machine) -> None:
    machine.battery_clock(NOW + timedelta(seconds=20))
    assert machine.trust().is_right(NOW, YESTERDAY)
    assert machine.trust().is_right(NOW, None)


@pytest.mark.parametrize(
    "says",
    [None, datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), NOW + timedelta(hours=1)],
    ids=["lost its power", "1970", "2000", "another time than the system's"],
)
def test_a_battery_clock_that_cannot_have_set_the_system_clock_is_not(machine: Machine, says: datetime | None) -> None:
    machine.battery_clock(says)
    assert not machine.trust().is_right(NOW, YESTERDAY)


@pytest.mark.parametrize("text", ["", "soon", "9" * 40, "-9" * 9])
def test_a_battery_clock_that_speaks_nonsense_is_not_believed(machine: Machine, text: str) -> None:
    machine.battery_clock(NOW)
    (machine.places.hardware / "rtc0" / "since_epoch").write_text(text)
    assert not machine.trust().is_right(NOW, YESTERDAY)


def test_a_machine_where_no_clock_can_be_seen_and_that_is_no_board_has_its_hosts(machine: Machine) -> None:
    machine.places.board.rmdir()
    assert machine.trust().is_right(NOW, YESTERDAY)
    assert machine.trust().source(NOW) is Source.UNSEEN
    assert not machine.trust().is_right(datetime(1970, 1, 1, tzinfo=UTC), None)


def test_1970_is_never_right_whoever_says_so(machine: Machine) -> None:
    machine.places.synchronised.touch()
    machine.battery_clock(datetime(1970, 1, 1, tzinfo=UTC))
    assert not machine.trust().is_right(datetime(1970, 1, 1, 0, 1, tzinfo=UTC), None)
    assert not machine.trust().is_right(datetime(1970, 1, 1, 0, 1, tzinfo=UTC), YESTERDAY)


@pytest.mark.parametrize(
    ("years", "by_battery", "by_network"), [(0.9, True, True), (3, False, True), (19, False, True), (72, False, False)]
)
def test_a_leap_into_the_future_is_believed_so_far(
    machine: Machine, years: float, by_battery: bool, by_network: bool
) -> None:
    later = NOW + timedelta(days=365 * years)
    machine.battery_clock(later)
    assert machine.trust().is_right(later, YESTERDAY) is by_battery
    machine.places.synchronised.touch()
    assert machine.trust().is_right(later, YESTERDAY) is by_network


def test_2099_is_not_believed_on_a_new_card_either(machine: Machine) -> None:
    machine.battery_clock(datetime(2099, 1, 1, tzinfo=UTC))
    assert not machine.trust().is_right(datetime(2099, 1, 1, tzinfo=UTC), None)


def test_a_clock_that_goes_back_is_believed(machine: Machine) -> None:
    machine.places.synchronised.touch()
    assert machine.trust().is_right(NOW, date(2027, 9, 1))


def test_whoever_sets_it_so_gets_the_system_clock_as_it_is(machine: Machine) -> None:
    assert machine.trust("system").is_right(datetime(2099, 1, 1, tzinfo=UTC), YESTERDAY)


def test_this_machine_can_be_asked() -> None:
    judge = Trust()
    assert judge.boot() == judge.boot() != ""
    assert 0 < judge.uptime() <= judge.uptime()
    assert isinstance(judge.source(datetime.now(UTC)), Source)
