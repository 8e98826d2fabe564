"""The staff menu's PIN: what is taken, how it is hashed, how often it may be tried."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from fjes.cli import main
from ratings import config
from terminal import pin
from terminal.clock import SystemClock
from terminal.pin import Attempts, PinError, Tries, hashed, matches, problem

QUICK = {"cost": 1024, "parallel": 1}


class Stopwatch(SystemClock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Stopwatch:
    return Stopwatch()


def test_only_the_pin_that_was_hashed_matches_and_no_two_hashes_are_alike() -> None:
    one, other = hashed("483920", **QUICK), hashed("483920", **QUICK)
    assert one != other
    for stored in (one, other):
        assert matches("483920", stored)
        for wrong in ("483921", "48392", "4839200", "", "٤٨٣٩٢٠"):
            assert not matches(wrong, stored)
        assert "483920" not in stored


def test_what_is_hashed_goes_into_the_file_as_it_is() -> None:
    stored = hashed("483920")
    assert stored.startswith("scrypt$16384$8$5$")
    assert config.read(f'[staff]\npin = "{stored}"').staff.pin == stored


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "483920",
        "scrypt$16384$8$5$only",
        hashed("483920", **QUICK).replace("scrypt", "bcrypt"),
        hashed("483920", **QUICK).replace("1024", "1000"),
        hashed("483920", **QUICK).replace("1024", "99999999999"),
        hashed("483920", **QUICK)[:-1] + "==",
        hashed("483920", **QUICK)[:-1] + "ø",
    ],
    # A hash is another one in each process of the run.
    ids=["empty", "pin", "unfinished", "method", "odd-cost", "dear", "padding", "letter"],
)
def test_what_is_no_hash_is_refused_when_the_file_is_read_and_never_matches(stored: str) -> None:
    with contextlib.suppress(PinError):
        assert not matches("483920", stored)
    with pytest.raises(config.ConfigError, match=r"\[staff\] pin: not in a form that is allowed; .*fjes terminal pin"):
        config.read(f"[staff]\npin = '{stored}'")


@pytest.mark.parametrize(
    "easy",
    ["000000", "111111", "123456", "654321", "012345", "890123", "9876543210", "121212", "123123", "112233", "147258"],
)
def test_a_pin_that_everybody_tries_first_is_refused(easy: str) -> None:
    assert (problem(easy) or "").startswith("too easy to guess")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [("12345", "6 to 12"), ("", "digits only"), ("48392O", "digits only"), ("٤٨٣٩٢٠", "digits only"), ("4" * 13, "12")],
)
def test_a_pin_that_the_pad_cannot_take_is_refused(wrong: str, why: str) -> None:
    assert why in (problem(wrong) or "")


def test_any_other_pin_is_taken() -> None:
    assert [problem(good) for good in ("483920", "010203", "135792", "483920483921", "900000")] == [None] * 5


def test_three_may_be_wrong_and_then_the_waits_double_up_to_an_hour(clock: Stopwatch) -> None:
    attempts = Attempts(clock)
    waits = []
    for _ in range(12):
        assert attempts.begin()
        waits.append(attempts.free_at - clock.seconds)
        clock.seconds = attempts.free_at
    assert waits == [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_while_locked_no_try_is_made_nor_counted(clock: Stopwatch) -> None:
    told: list[int] = []
    attempts = Attempts(clock, remember=told.append)
    for _ in range(3):
        attempts.begin()
    until = attempts.free_at
    clock.seconds = until - 0.01
    assert attempts.locked
    assert not attempts.begin()
    assert (attempts.free_at, told) == (until, [1, 2, 3])
    clock.seconds = until
    assert attempts.begin()


def test_the_right_pin_wipes_the_slate(clock: Stopwatch) -> None:
    told: list[int] = []
    attempts = Attempts(clock, remember=told.append)
    for _ in range(3):
        attempts.begin()
    clock.seconds += 30
    attempts.begin()
    attempts.right()
    assert told == [1, 2, 3, 4, 0]
    assert not attempts.locked
    assert attempts.begin()
    assert not attempts.locked


def test_a_power_cut_is_no_way_round(clock: Stopwatch, tmp_path: Path) -> None:
    """Cut in the middle of a try, again and again: the wait begins anew, and goes on doubling."""
    waits = []
    for _ in range(6):
        tries = Tries(tmp_path)
        attempts = Attempts(clock, tries.read(), tries.write)
        waits.append(attempts.free_at - clock.seconds)
        clock.seconds = attempts.free_at
        assert attempts.begin()
    assert waits == [0, 0, 0, 30, 60, 120]
    attempts.right()
    assert list(tmp_path.iterdir()) == []
    assert not Attempts(clock, Tries(tmp_path).read()).locked


def test_of_wrong_tries_the_card_holds_a_number_and_no_more(tmp_path: Path) -> None:
    tries = Tries(tmp_path)
    for number in (7, 12, 3):
        tries.write(number)
        assert tries.read() == number
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == b"       3"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"many", b"\xff\x00"])
def test_a_damaged_number_makes_one_wait(content: bytes, tmp_path: Path) -> None:
    (tmp_path / pin.TRIES_FILE).write_bytes(content)
    assert Tries(tmp_path).read() == pin.FREE_TRIES


def test_where_nothing_can_be_written_tries_are_counted_all_the_same(clock: Stopwatch, tmp_path: Path) -> None:
    tries = Tries(tmp_path / "gone")
    attempts = Attempts(clock, tries.read(), tries.write)
    assert [attempts.begin() for _ in range(4)] == [True, True, True, False]


def ask(*typed: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["terminal", "pin"], input="".join(f"{each}\n" for each in typed))
    return result.exit_code, result.output


def test_the_command_prints_what_the_file_takes_and_never_the_pin() -> None:
    code, printed = ask("483920", "483920")
    assert code == 0
    assert "483920" not in printed
    lines = printed.splitlines()
    stored = config.read("\n".join(lines[lines.index("[staff]") :])).staff.pin
    assert stored is not None
    assert matches("483920", stored)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("111111",), "repeats itself"),
        (("4839",), "6 to 12 digits"),
        (("hunter2",), "digits only"),
        (("483920", "483921"), "the two are not the same"),
    ],
)
def test_the_command_says_what_is_wrong_and_prints_no_hash(typed: tuple[str, ...], why: str) -> None:
    code, printed = ask(*typed)
    assert code == 1
    assert why in printed
    assert "scrypt" not in printed
    assert not any(each in printed for each in typed)


def test_what_is_no_hash_says_so() -> None:
    with pytest.raises(PinError, match="not a hash that `fjes terminal pin` printed"):
        matches("483920", "483920")


def test_a_hash_is_not_cheap() -> None:
    """OWASP's scrypt setting for 16 MiB, or dearer."""
    assert pin.COST * pin.PARALLEL >= 2**14 * 5
