"""The demo as its user runs it: the whole path with real parts, and nothing left when it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from fjes import processes
from ratings.sections import REASONS
from ratings.table import SKIPPED


def environment(folder: Path) -> dict[str, str]:
    """No screen, and a folder of its own for temporary files."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return kept | {"TMPDIR": str(folder)}


def processes_in(folder: Path) -> list[str]:
    """The command lines of processes that name a folder, or have it as their place for temporary files."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # It has ended meanwhile, or is another user's.
    return found


def test_simulated_visitors_touch_the_real_kiosk_and_every_rating_arrives(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fjes", "demo", "--visits", "40", "--once"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    rows = re.findall(r"^(\d{4}-\d\d) +(told|arrived)((?: +\d+){4})$", done.stdout, re.MULTILINE)
    told = {month: counts.split() for month, what, counts in rows if what == "told"}
    arrived = {month: counts.split() for month, what, counts in rows if what == "arrived"}
    assert told == arrived
    assert sum(int(count) for counts in told.values() for count in counts) == 40
    assert list(tmp_path.iterdir()) == [], "the demo left files behind"
    assert processes_in(tmp_path) == []


def test_simulated_visitors_give_reasons_or_none_and_every_one_arrives(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fjes", "demo", "--visits", "30", "--once", "--follow-up"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^([a-z]+) +(told|arrived)((?: +\d+){4})$", done.stdout, re.MULTILINE)
    told = [(reason, counts.split()) for reason, what, counts in rows if what == "told"]
    arrived = [(reason, counts.split()) for reason, what, counts in rows if what == "arrived"]
    assert told == arrived
    assert {reason for reason, _ in told} <= {*REASONS, SKIPPED}
    assert len({reason for reason, _ in told}) > 3
    assert sum(int(count) for _, counts in told for count in counts) == 30


def test_a_demo_whose_ratings_do_not_arrive_says_so_and_ends_with_1(tmp_path: Path) -> None:
    without_ingest = (
        "import sys, fjes.demo as demo\n"
        "demo.PROCESSES = ((('dashboard', 'web')), ('terminal', 'courier'))\n"
        "demo.ARRIVE_SECONDS = 1.0\n"
        "sys.exit(0 if demo.run(demo.Wishes(visits=3, once=True)) else 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", without_ingest],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1
    assert "Not every rating arrived" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_all_of_it_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fjes", "demo"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    assert "drawn offscreen, for there is no screen here" in said
    page = re.search(r"http://127\.0\.0\.1:\d+/\S*", said)
    assert page is not None
    with urllib.request.urlopen(f"{page[0]}?lang=en", timeout=20) as answer:
        text = answer.read().decode()
    assert "Simulated data" in text, "simulated ratings are not labelled"
    assert "Live." in text, "this is not the page that a tap moves"
    assert len(processes_in(tmp_path)) >= 5
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == [], "the demo left files behind"
    assert processes_in(tmp_path) == []


def test_a_check_that_was_stopped_half_way_does_not_claim_that_every_rating_arrived(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fjes", "demo", "--visits", "100000", "--once"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while "touched by simulated visitors" not in (line := process.stdout.readline()):
        assert line, "it ended by itself"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (1, "")
    assert list(tmp_path.iterdir()) == [], "the demo left files behind"
    assert processes_in(tmp_path) == []


def test_another_port_is_taken_where_the_wanted_one_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        assert processes.free_port(wanted) != wanted
