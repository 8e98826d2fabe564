"""The power goes at any write of a tap: afterwards the files are, byte for byte, those of the same taps in any order.

A real process is killed by strace as it asks the kernel for its Nth write or its Nth wait for the disk.
"""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from ratings.scale import Score
from ratings.table import Slice
from terminal.cells import HELD
from terminal.ledger import Ledger
from terminal.storage import JOURNAL_BYTES
from tests.terminal.board import Board
from tests.terminal.visitors import Plan, Visitor, board, come, open_ledger, release, start

CALLS = "pwrite64,fdatasync,fsync,ftruncate"
STRACE = ["strace", "-f", "-qq", "-e", f"trace=write,{CALLS}", "-o"]

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None
    or subprocess.run([*STRACE, "/dev/null", "true"], capture_output=True, check=False).returncode != 0,
    reason="strace is missing, or may trace nothing here",
)

VISITORS = [
    Visitor(Score.HAPPY, "nb"),
    Visitor(Score.VERY_UNHAPPY, "th", "staff", 13),
    Visitor(Score.UNHAPPY, None, "waiting", 13),
    Visitor(Score.UNHAPPY, repeat=True),
    Visitor(Score.VERY_HAPPY, "nb", None, 9),
]
KILLED = 1
"""The visitor during whose rating or choice the power goes."""


@dataclass(frozen=True)
class Moment:
    """The Nth time that the process asks for one call of the kernel."""

    call: str
    number: int
    phase: str
    """What was said last."""


def run(card: Path, plan: Plan, *options: str) -> tuple[int, list[str]]:
    """Let the plan's visitors come, in a process of their own under strace; its exit code, and what it said."""
    written = card.with_suffix(".plan")
    written.write_bytes(msgspec.json.encode(plan))
    command = [*STRACE, str(card.with_suffix(".strace")), *options]
    command += [sys.executable, "-m", "tests.terminal.visitors", str(card), str(written)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def moments(card: Path, plan: Plan, phases: set[str]) -> list[Moment]:
    """All moments in some phases at which a write may be cut."""
    code, _ = run(card, plan)
    assert code == 0
    phase, counted, found = "", dict.fromkeys(CALLS.split(","), 0), []
    for line in card.with_suffix(".strace").read_text().splitlines():
        if said := re.search(r'write\(1, "(.*?)\\n"', line):
            phase = said[1]
        for call in counted:
            if re.match(rf"\d+ +{call}\(", line):
                counted[call] += 1
                if phase in phases:
                    found.append(Moment(call, counted[call], phase))
    assert {each.phase for each in found} == phases
    assert {each.call for each in found} >= {"pwrite64", "fdatasync"}
    return found


def cut(card: Path, plan: Plan, moment: Moment) -> None:
    """Run the plan until the power goes."""
    code, said = run(card, plan, "-e", f"inject={moment.call}:signal=KILL:when={moment.number}")
    assert (code, said[-1]) == (-signal.SIGKILL, moment.phase), "it was killed somewhere else"


def are_wiped(card: Path) -> bool:
    """Whether the journals say nothing."""
    return all((card / f"{name}.db-journal").read_bytes() == bytes(JOURNAL_BYTES) for name in ("open", "released"))


def held(ledger: Ledger, slice_: Slice, period: str) -> dict[str, int]:
    return {key: sum(four) for key, four in ledger.cells.read(ledger.epoch, "visit", slice_, period).items()}


def finish(card: Path, on: Board, ledger: Ledger) -> dict[str, bytes]:
    """The files as they are, and when all has been released."""
    assert are_wiped(card)
    before = {path.name: path.read_bytes() for path in sorted(card.iterdir())}
    release(ledger, on)
    assert are_wiped(card)
    ledger.close()
    return before | {f"{path.name} released": path.read_bytes() for path in sorted(card.iterdir())}


def never_cut(card: Path, right: bool, visitors: Sequence[Visitor], seed: int) -> dict[str, bytes]:
    """The same visitors in another order; once the kiosk was started anew, in peace."""
    order = random.Random(seed)
    visitors = order.sample(visitors, len(visitors))
    on = board(card, right=right)
    half = order.randrange(len(visitors) + 1)
    ledger = open_ledger(card, on)
    come(ledger, on, visitors[:half])
    ledger.close()
    ledger = open_ledger(card, on)
    come(ledger, on, visitors[half:])
    return finish(card, on, ledger)


def prepared(card: Path, *, right: bool) -> Path:
    """A card whose periods have begun, as they have when the day's first visitor comes."""
    ledger = start(card, board(card, right=right))
    ledger.close()
    return card


@pytest.mark.parametrize("right", [True, False], ids=["counted", "held"])
def test_whenever_the_power_goes_in_a_rating_or_a_choice_the_files_tell_no_order(tmp_path: Path, right: bool) -> None:
    plan, first = Plan(VISITORS, right), prepared(tmp_path / "first", right=right)

    def copy(name: str) -> Path:
        shutil.copytree(first, tmp_path / name)
        return tmp_path / name

    found = moments(copy("dry"), plan, {f"comes {KILLED}", f"rated {KILLED}"})
    # Some of them, for the sake of time; all of them hold.
    found = [*found[:: 3 if right else 9], found[-1]]
    whole: dict[tuple[Visitor, ...], dict[str, bytes]] = {}
    outcomes = set()
    for number, moment in enumerate(found):
        cut(card := copy(f"cut {number}"), plan, moment)
        # The power is back.
        ledger = open_ledger(card, on := board(card, right=right))
        assert are_wiped(card)
        counted = sum(held(ledger, Slice.TOTAL, "2026-09" if right else HELD).values())
        assert counted in ((KILLED, KILLED + 1) if moment.phase.startswith("comes") else (KILLED + 1,))
        skipped = held(ledger, Slice.REASON, "2026-Q3" if right else HELD).get("skipped", 0)
        effective = list(VISITORS)
        if counted > KILLED and skipped > KILLED:
            # The choice came too late: nobody can make it any more.
            effective[KILLED] = msgspec.structs.replace(VISITORS[KILLED], reason=None)
        outcomes.add((counted, skipped))
        come(ledger, on, VISITORS[counted:])
        after = finish(card, on, ledger)
        key = tuple(effective)
        if key not in whole:
            whole[key] = never_cut(copy(f"whole {number}"), right, effective, number)
        assert [name for name in after if after[name] != whole[key][name]] == [], f"killed at {moment}"
    # Before and after the rating was on the disk, and before and after the choice was.
    assert outcomes == {(KILLED, KILLED), (KILLED + 1, KILLED + 1), (KILLED + 1, KILLED)}


def test_whenever_the_power_goes_in_a_release_nothing_is_left_of_the_taps_in_it(tmp_path: Path) -> None:
    first, visitors = prepared(tmp_path / "first", right=True), [Visitor(Score.HAPPY, "nb", "staff") for _ in range(6)]
    plan = Plan(visitors, release=True)

    def copy(name: str) -> Path:
        shutil.copytree(first, tmp_path / name)
        return tmp_path / name

    found = moments(copy("dry"), plan, {"done"})
    whole = never_cut(copy("whole"), True, visitors, 1)
    for number, moment in enumerate([*found[::13], found[-1]]):
        cut(card := copy(f"cut {number}"), plan, moment)
        ledger = open_ledger(card, on := board(card, right=True))
        assert are_wiped(card)
        release(ledger, on)
        assert are_wiped(card)
        ledger.close()
        for name in ("open.db", "released.db"):
            assert _but_counters((card / name).read_bytes()) == _but_counters(whole[f"{name} released"]), moment


def _but_counters(file: bytes) -> bytes:
    """An SQLite file without what counts its changes and those of its schema: a start more, or less, moves them."""
    return file[:24] + file[28:40] + file[44:92] + file[96:]
