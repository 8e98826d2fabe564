"""Processes that a bench starts, watches and ends: talking by lines, and what they cost by Linux's own books.

Knows nothing of what runs in them.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

END_SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")
HERE = Path(__file__).resolve().parent.parent


class Child:
    """A Python module of ours in a process of its own: a line goes in, a line of JSON comes out.

    It ends when its standard input does, so that nothing stays when the bench is killed.
    """

    def __init__(self, module: str, *words: str, environment: dict[str, str] | None = None) -> None:
        self._module = module
        # Shown only when something is wrong.
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the child
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=HERE,
            env=environment,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def ask(self, line: str) -> Any:
        """Say a line, and hear the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        """The next line of the child. Ends the bench where there is none."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._said.seek(0)
            raise SystemExit(f"{self._module} ended:\n{self._said.read()}")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        end(self._process)
        self._process.stdout.close()
        self._said.close()


def end(process: subprocess.Popen[Any], seconds: float = END_SECONDS) -> None:
    """Wait for a process that has been asked to end; insist when it does not."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def die_with_parent() -> None:
    """Ask Linux to end this process when the bench is killed (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextlib.contextmanager
def running(command: Sequence[str], **more: Any) -> Iterator[subprocess.Popen[Any]]:
    """A program of the system, which is asked to end (SIGTERM) afterwards."""
    process = subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent, **more)
    try:
        yield process
    finally:
        process.terminate()
        end(process)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """A process and all that came from it and still run."""
    parents: dict[int, list[int]] = {}
    for each in map(int, filter(str.isdecimal, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            parents.setdefault(int(_stat(each)[1]), []).append(each)
    found = [pid]
    for one in found:  # It grows while it is walked.
        found += parents.get(one, [])
    return found


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from the state on: the name before it may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time that processes have used so far, in user and system mode (proc(5): utime, stime)."""
    spent = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            spent += sum(map(int, _stat(pid)[11:13]))
    return spent / TICKS


def sleeps(pids: Iterable[int]) -> int:
    """How often threads of processes have gone to sleep so far, and so woken (proc(5): voluntary_ctxt_switches)."""
    slept = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for status in Path(f"/proc/{pid}/task").glob("*/status"):
                lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
                slept += int(lines["voluntary_ctxt_switches"])
    return slept


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of processes in MB (10^6 bytes).

    `pss`: pages that several processes share are divided among them; `rss`: counted in each; `own`: not shared;
    `anonymous`: of no file, such as the heap. Only the last does not depend on what else uses the same libraries.
    """

    pss: float
    rss: float
    anonymous: float
    own: float


def memory(pids: Iterable[int | str]) -> Memory:
    """What processes hold now (proc(5): smaps_rollup)."""
    sums = dict.fromkeys(("Pss", "Rss", "Anonymous", "Private_Clean", "Private_Dirty"), 0)
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in sums:
                    sums[name] += int(rest.split()[0])
    pss, rss, anonymous, *own = (1024 * number / 1e6 for number in sums.values())
    return Memory(pss, rss, anonymous, sum(own))


def mapped(pid: int, names: Sequence[str]) -> float:
    """MB (PSS) that a process holds of files with one of these names in theirs (proc(5): smaps)."""
    held, counts = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if not line[0].isupper():  # The head of a mapping: addresses first, its file last.
            counts = any(name in line.rpartition("/")[2] for name in names)
        elif counts and line.startswith("Pss:"):
            held += int(line.split()[1])
    return 1024 * held / 1e6
