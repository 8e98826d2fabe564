"""What a tap leaves behind, wherever it may be: `open.db` and its journal are written, and nothing else on the machine.

The real kiosk on a real X server, the real courier at a real broker, and strace, which sees whatever they ask of the
kernel. What is written to standard output and error is what systemd keeps in its journal.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ratings.scale import Score
from terminal import connection
from terminal.connection import Standing
from terminal.kiosk import theme
from terminal.storage import JOURNAL_BYTES, journal_of
from tests.conftest import Mosquitto
from tests.terminal.kiosk.test_process import spots
from tests.terminal.kiosk.xserver import LIMIT, Place, Server, colours, wait
from tests.terminal.kiosk.xserver import place as place
from tests.terminal.kiosk.xserver import server as server

# Whoever is not root may have a network of their own only where they are the root of their own.
ALONE = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--net"]
STRACE = ["strace", "-D", "-f", "-qq", "-y", "-e", "trace=%file,%desc,%network", "-o"]


def works(*command: str) -> bool:
    return (
        shutil.which(command[0]) is not None
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


pytestmark = pytest.mark.skipif(not works(*ALONE, "true"), reason="no network namespace may be made here")
needs_strace = pytest.mark.skipif(
    not works(*ALONE, *STRACE, "/dev/null", "true"), reason="strace is missing, or may trace nothing here"
)

WRITES = re.compile(
    r"write|pwrite64|writev|pwritev2?|sendfile|splice|copy_file_range|f?truncate|fallocate|send(to|m?msg)"
    r"|f?chmod(at2?)?|f?chown(at)?|lchown|utime\w*|futimes\w*|rename\w*|unlink\w*|(sym)?link\w*|mkdir\w*|rmdir|mknod\w*"
    r"|f?(set|remove)xattr\w*|creat|openat|open"
)
NETWORK = re.compile(r"socket|connect|bind|listen|accept4?|send(to|m?msg)")


@dataclass(frozen=True)
class Call:
    """One call of the kernel, as strace writes it."""

    name: str
    text: str

    @property
    def paths(self) -> list[str]:
        """The files that it names, or has open."""
        text = re.sub(r"AT_FDCWD<[^>]*>", "", self.text)
        named = [] if re.search(r"read|write|recv|send", self.name) else re.findall(r'"(/[^"]*)"', text)
        return [*named, *re.findall(r"\d<(/[^>]*)>", text)]

    @property
    def writes(self) -> bool:
        """Whether it may change a file, or say something to somebody."""
        if not WRITES.fullmatch(self.name):
            return False
        if self.name in ("openat", "open"):
            return re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", self.text) is not None
        # SQLite makes a journal belong to whom the database belongs; where it does already, nothing changes.
        return self.name != "fchown"


class Log:
    """What strace has written of a process so far."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def calls(self, start: int = 0) -> list[Call]:
        lines = self.path.read_text("utf-8", "replace")[start:].splitlines()
        found = (re.match(r"\d+ +([a-z0-9_]+)\((.*)", line) for line in lines)
        return [Call(match[1], match[2]) for match in found if match]

    def length(self) -> int:
        return len(self.path.read_text("utf-8", "replace"))


def is_kept(path: str) -> bool:
    """Whether a file is one that is still there when the power is gone, or that somebody else reads."""
    return not path.startswith(("/dev/", "/proc/", "/sys/"))


def is_on_screen(kiosk: subprocess.Popen[str], server: Server) -> None:
    fill = theme.SKINS[Score.VERY_HAPPY].fill.rgb
    wait(lambda: kiosk.poll() is not None or fill in colours(server.picture()), "the faces on the screen")
    assert kiosk.poll() is None, kiosk.communicate()


class Visitor:
    """Somebody who chooses another language and rates, and waits until the question is there again, and all is done."""

    def __init__(self, server: Server, here: Place) -> None:
        self.server, self.journal = server, journal_of(here.store / "open.db")
        self.faces, self.languages = spots(server.size, 0)
        self.asking = server.picture()
        self.english = self._step(lambda: server.click(*self.languages[1]))
        self._step(lambda: server.click(*self.languages[0]))

    def _step(self, action: Callable[[], None]) -> object:
        before = self.server.picture()
        action()
        wait(lambda: not self.server.shows(before), "another picture")
        return self.server.picture()

    def rates(self, score: Score, *, in_english: bool) -> None:
        if in_english:
            self._step(lambda: self.server.click(*self.languages[1]))
        self._step(lambda: self.server.click(*self.faces[score]))
        wait(lambda: self.server.shows(self.asking), "the question after the thank-you")
        wait(lambda: self.journal.read_bytes() == bytes(JOURNAL_BYTES), "the journal to be wiped")


@needs_strace
def test_a_tap_writes_to_open_db_and_its_journal_and_to_nothing_else_on_the_machine(
    place: Callable[[str], Place], server: Server, broker: Mosquitto, tmp_path: Path
) -> None:
    here = place(f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\n')
    seen, carried = Log(tmp_path / "kiosk.strace"), Log(tmp_path / "courier.strace")
    kiosk = here.start("kiosk", under=[*ALONE, *STRACE, str(seen.path)])
    started = [kiosk]
    try:
        is_on_screen(kiosk, server)
        started.append(here.start("courier", under=[*STRACE, str(carried.path)]))
        wait(lambda: connection.read(here.state) is Standing.BROKER, "the courier at the broker")
        visitor, first = Visitor(server, here), seen.length()
        # Letters that nobody has seen yet are read from the font once.
        visitor.rates(Score.UNHAPPY, in_english=False)
        visitor.rates(Score.UNHAPPY, in_english=True)
        since, since_then = seen.length(), carried.length()
        ratings = [Score.HAPPY, Score.VERY_UNHAPPY, Score.VERY_HAPPY, Score.HAPPY]
        for number, score in enumerate(ratings):
            visitor.rates(score, in_english=number % 2 == 1)
        first_too = seen.calls(first)
        tapped, idle = seen.calls(since), carried.calls(since_then)
    finally:
        for each in started:
            each.send_signal(signal.SIGTERM)
        said = [each.communicate(timeout=LIMIT) for each in started]
    assert [each.returncode for each in started] == [0, 0]
    assert said == [("", ""), ("", f"connected to the broker at 127.0.0.1:{broker.port}\n")]
    assert sum(here.ratings().values()) == 2 + len(ratings)

    card = str(here.store)
    ledger = {f"{card}/open.db", f"{card}/open.db-journal"}
    assert {path for call in tapped if call.writes for path in call.paths if is_kept(path)} == ledger
    # Nor is any other file as much as read, which its time of last access might tell; on the card not by the first tap.
    near = ledger | {card, f"{card}/open.db-wal"}
    assert {path for call in tapped for path in call.paths if is_kept(path)} <= near
    assert {path for call in first_too for path in call.paths if path.startswith(card)} <= near
    # What waits for the disk does not ask for the files' times to be written with it.
    assert [call for call in tapped if call.name in ("fsync", "sync", "syncfs", "sync_file_range")] == []
    assert [call for call in tapped if NETWORK.fullmatch(call.name)] == []
    assert [call for call in tapped if call.name in ("execve", "execveat", "memfd_create")] == []
    # Of all this the courier does not know.
    assert [call for call in idle if call.writes or NETWORK.fullmatch(call.name)] == []
    assert [call for call in carried.calls() if any("open.db" in path for path in call.paths)] == []
    # And from start to end:
    families = {re.split("[ ,]", call.text)[0] for call in seen.calls() if call.name == "socket"}
    assert families <= {"AF_UNIX", "AF_NETLINK"}
    written = {path for call in seen.calls() if call.writes for path in call.paths if is_kept(path)}
    temporary = str(here.empty[1])
    assert {path for path in written if not path.startswith((card, temporary))} == set()
    assert here.files() == []


def test_the_kiosk_counts_without_a_network_and_leaves_no_core_when_it_crashes(
    place: Callable[[str], Place], server: Server
) -> None:
    here = place("")
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    unlimited = "unlimited" if most == resource.RLIM_INFINITY else str(most)
    kiosk = here.start("kiosk", under=[*ALONE, "prlimit", f"--core={unlimited}:{unlimited}"])
    try:
        is_on_screen(kiosk, server)
        interfaces = Path(f"/proc/{kiosk.pid}/net/dev").read_text().splitlines()[2:]
        assert {line.partition(":")[0].strip() for line in interfaces} == {"lo"}
        visitor = Visitor(server, here)
        visitor.rates(Score.HAPPY, in_english=False)
        visitor.rates(Score.VERY_UNHAPPY, in_english=True)
        assert resource.prlimit(kiosk.pid, resource.RLIMIT_CORE) == (0, 0)
        assert most != 0, "the machine allows no core dumps: nothing is shown"
    finally:
        kiosk.send_signal(signal.SIGSEGV)
        said, complained = kiosk.communicate(timeout=LIMIT)
    assert (kiosk.returncode, said, complained) == (-signal.SIGSEGV, "", "")
    assert here.files() == []
    assert here.ratings() == {Score.HAPPY: 1, Score.VERY_UNHAPPY: 1}
