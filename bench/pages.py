"""How quickly the pages of a large place are there: 1,000 terminals, five years, the real command on one core.

On SQLite and, where that is installed, PostgreSQL. Beside it, where `make bench` could install it: Datasette, asked for
the same counts of the same database.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import quantiles

from bench import postgres, processes, thousand
from bench.figures import spread, verdict
from dashboard import places, store

DATASETTE = processes.HERE / ".cache/datasette/bin/datasette"
START_SECONDS = 60.0
PLACES, ROUNDS = 60, 5
THROUGHPUT_SECONDS, CLIENTS = 6.0, 2

# A year of a site's months, as the overview shows it, in SQL over the released counts.
COUNTS = """
SELECT t.first_day, sum(t.very_unhappy), sum(t.unhappy), sum(t.happy), sum(t.very_happy)
FROM released t JOIN terminal ON terminal.id = t.terminal_id
WHERE terminal.site_id = {site} AND t.slice = 'total' GROUP BY t.first_day ORDER BY t.first_day DESC LIMIT 13
"""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each request, megabytes, requests a second and percent of a core meanwhile."""

    cold: dict[str, float]
    first: list[float]
    overview: list[float]
    report: list[float]
    everything: list[float]
    memory: float
    per_second: float


def main(folder: Path) -> None:
    today = datetime.now(UTC).date()
    with contextlib.ExitStack() as stack:
        urls = {"SQLite": f"sqlite:///{folder / 'pages.db'}"}
        if postgres.is_installed():
            urls["PostgreSQL"] = stack.enter_context(postgres.running())
        for name, url in urls.items():
            began = time.perf_counter()
            made = _fill(url, today)
            took = time.perf_counter() - began
            print(f"  {name}: {made.tables:,} tables of {made.ratings:,} ratings, filled in {took:.0f} s")
            _print(name, measure(folder, url))
    _beside(folder)


def _fill(url: str, today: date) -> thousand.Made:
    engine = store.open_engine(url)
    try:
        store.upgrade(engine)
        return thousand.fill(engine, today)
    finally:
        engine.dispose()


def measure(folder: Path, url: str, *, number: int = PLACES, rounds: int = ROUNDS) -> Times:
    """Ask the real command for pages of some places, each several times."""
    engine = store.open_engine(url)
    with store.reading(engine) as connection:
        sites = places.sites(connection)
    engine.dispose()
    keys = [place.key for site in sites[: number // 2] for place in (site, site.terminals[-1])]
    with serving(folder, url) as (port, pid):
        cold = {key: _get(port, f"/{key}") for key in ("all", keys[0])}
        cold["the report of all"] = _get(port, "/all/report")
        _warm_up(port)
        first = [_get(port, f"/{key}") for key in keys]
        overview = [_get(port, f"/{key}") for _ in range(rounds) for key in keys]
        for key in keys:
            _get(port, f"/{key}/report")
        report = [_get(port, f"/{key}/report") for _ in range(rounds) for key in keys]
        everything = [_get(port, "/all") for _ in range(rounds * number)]
        per_second = _throughput(port, [f"/{key}" for key in keys])
        return Times(cold, first, overview, report, everything, processes.memory([pid]).pss, per_second)


def _print(name: str, times: Times) -> None:
    cold = ", ".join(f"{what} {took:.0f}" for what, took in times.cold.items())
    print(f"    the first requests of a new process, ms: {cold}")
    for what, took in (
        ("an overview for the first time", times.first),
        ("overview", times.overview),
        ("overview of all 200 sites", times.everything),
        ("report", times.report),
    ):
        print(f"    {what}, ms (median/p95/p99): {spread(took)}")
    p95 = max(quantiles(some, n=20)[18] for some in (times.overview, times.report, times.everything))
    coldest = max(*times.cold.values(), *times.first)
    print(verdict(f"{name}: overview and report, p95", "under 20 ms", f"{p95:.1f} ms", met=p95 < 20))
    print(verdict(f"{name}: cold", "under 400 ms", f"{coldest:.0f} ms", met=coldest < 400))
    print(verdict(f"{name}: memory (PSS)", "under 250 MB", f"{times.memory:.0f} MB", met=times.memory < 250))
    print(verdict(f"{name}: overviews a second, one core", "50", f"{times.per_second:.0f}", met=times.per_second >= 50))


@contextlib.contextmanager
def serving(folder: Path, url: str) -> Iterator[tuple[int, int]]:
    """`fjes dashboard web` on one core and a free port: gives the port and the process."""
    port = processes.free_port()
    config = folder / "pages.toml"
    config.write_text(f'[dashboard]\ndatabase = "{url}"\nport = {port}\nsign_in = false\n')
    with processes.running(
        [sys.executable, "-m", "fjes", "dashboard", "web", "--config", str(config)],
        cwd=processes.HERE,
        stdout=subprocess.DEVNULL,
    ) as process:
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        _wait(port, process)
        yield port, process.pid


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError):
            _get(port, "/static/fjes.css")
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing is served on port {port}")


def _get(port: int, path: str) -> float:
    """Milliseconds from the request to the last byte of the answer."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    took = 1000 * (time.perf_counter() - began)
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return took


def _warm_up(port: int) -> None:
    """What is imported once only."""
    _get(port, "/all/hours")


def _throughput(port: int, paths: Sequence[str]) -> float:
    """Requests a second while several clients ask without a pause."""
    until = time.perf_counter() + THROUGHPUT_SECONDS
    done = [0] * CLIENTS

    def ask(client: int) -> None:
        while time.perf_counter() < until:
            _get(port, paths[done[client] % len(paths)])
            done[client] += 1

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / THROUGHPUT_SECONDS


def _beside(folder: Path) -> None:
    """Datasette on the same file: the counts of a site's thirteen months, as JSON."""
    if not DATASETTE.is_file():
        print("  Nothing beside it: Datasette is not installed (make bench installs it where it can).")
        return
    port = processes.free_port()
    command = [str(DATASETTE), "serve", str(folder / "pages.db"), "-h", "127.0.0.1", "-p", str(port)]
    with processes.running(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                _get(port, "/-/versions.json")
                break
            time.sleep(0.1)
        paths = [f"/pages.json?{urllib.parse.urlencode({'sql': COUNTS.format(site=site)})}" for site in range(1, 31)]
        took = [_get(port, path) for _ in range(ROUNDS) for path in paths]
        memory = processes.memory([process.pid]).pss
        print(f"  Datasette, the counts alone, ms (median/p95/p99): {spread(took)}; {memory:.0f} MB")
