"""Five years offline, caught up: the real courier, mosquitto and ingest as processes, over TLS on loopback.

By itself: `python -m bench.catching_up`. Timed from the courier's start until it knows that the dashboard has committed
everything, on SQLite and on a PostgreSQL of its own; and what courier and ingest hold in memory. Beside it, the plain
way (`bench/plain.py`) with the same ratings.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median

from msgspec import structs
from sqlalchemy import func, select

from bench import brokers, cards, plain, postgres, processes
from bench.cards import Place
from bench.figures import verdict
from dashboard import broker_files, schema, store
from dashboard.broker import Folder
from ratings import config
from ratings.table import Slice
from terminal import connection, delivery
from terminal.connection import Standing

ROUNDS = 5
AIM_SECONDS = 1.0
LIMIT_SECONDS = 120.0
LOOK_SECONDS = 0.002
SETTLE_SECONDS = 1.0
PASSWORD = "only-for-the-bench"


@dataclass(slots=True)
class Caught:
    """Of each round: seconds from the courier's start and from its connection; MB (PSS) of the processes."""

    whole: list[float] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)
    courier: list[float] = field(default_factory=list)
    ingest_idle: list[float] = field(default_factory=list)
    ingest: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{median(self.whole):.2f} s from the courier's start (slowest {max(self.whole):.2f}), "
            f"{median(self.connected):.2f} s from its connection"
        )


def main(folder: Path) -> None:
    """Measure and print all of it."""
    if brokers.program() is None:
        print("  Nothing is measured: Debian's package mosquitto is missing")
        return
    for place in cards.PLACES:
        cards.make(folder / place.name, place)
    terminals = [f"stua-{number}" for number in range(ROUNDS)]
    logins = dict[str, str | None].fromkeys([*terminals, *plain.LOGINS], PASSWORD)
    with brokers.closed(folder / "broker", logins) as broker:
        found = list(_everywhere(folder, broker, terminals))
        idle = [_idle_courier(folder, broker, terminal) for terminal in terminals]
        after, ingest_idle, ingest = (
            median(chain.from_iterable(getattr(each, name) for each in found))
            for name in ("courier", "ingest_idle", "ingest")
        )
        print(
            f"  memory, MB (PSS, medians): courier {median(idle):.0f} with nothing to send, {after:.0f} after catching "
            f"up; ingest {ingest_idle:.0f} before any terminal came, {ingest:.0f} afterwards"
        )
        slowest = max(median(each.whole) for each in found)
        print(verdict("five years caught up, the slowest", "below 1 s", f"{slowest:.2f} s", met=slowest < AIM_SECONDS))
        print("  The plain way: a message and a row a rating", flush=True)
        plain.main(folder, broker, PASSWORD)


def _everywhere(folder: Path, broker: Folder, terminals: list[str]) -> Iterator[Caught]:
    """Every place on every database."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres.running()) if postgres.is_installed() else None
        for number, place in enumerate(cards.PLACES):
            revision, size = cards.pending(folder / place.name)
            print(f"  {place.name}: {place.ratings:,} ratings are {revision:,} tables, {size:,} bytes")
            databases = {"SQLite": f"sqlite:///{folder / f'dashboard-{number}.db'}"}
            if server is not None:
                databases["PostgreSQL"] = postgres.new_database(server, f"place_{number}")
            for name, url in databases.items():
                caught = _catch_up(folder, broker, place, url, terminals)
                print(f"    {name:<12}{caught}", flush=True)
                yield caught


def _catch_up(folder: Path, broker: Folder, place: Place, url: str, terminals: list[str]) -> Caught:
    """One terminal after the other brings the same five years to one dashboard."""
    found = Caught()
    engine = store.open_engine(url)
    try:
        store.upgrade(engine)
        with engine.begin() as opened:
            for terminal in terminals:
                store.add_terminal(opened, terminal, "Bench", "Europe/Oslo", terminal_id=terminal)
        with _ingest(folder, broker, url) as ingest:
            found.ingest_idle.append(processes.memory([ingest]).pss)
            for terminal in terminals:
                _bring(folder, broker, place, terminal, found)
                found.ingest.append(processes.memory([ingest]).pss)
        held = select(func.sum(schema.released.c.n)).where(schema.released.c.slice == str(Slice.TOTAL))
        with store.reading(engine) as opened:
            arrived = opened.scalar(held)
        if arrived != len(terminals) * place.ratings:
            raise SystemExit(f"{arrived} ratings arrived, not {len(terminals) * place.ratings}")
    finally:
        engine.dispose()
    return found


def _bring(folder: Path, broker: Folder, place: Place, terminal: str, found: Caught) -> None:
    revision, _ = cards.pending(folder / place.name)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        state = Path(name)
        settings = _courier_settings(state, broker, folder / place.name, terminal)
        began = time.monotonic()
        with _process("terminal", "courier", settings) as (pid, _):
            _until(lambda: connection.read(state) in (Standing.BROKER, Standing.DASHBOARD))
            connected = time.monotonic()
            _until(lambda: revision in delivery.confirmed(state).values())
            found.whole.append(time.monotonic() - began)
            found.connected.append(time.monotonic() - connected)
            time.sleep(SETTLE_SECONDS)
            found.courier.append(processes.memory([pid]).pss)


def _idle_courier(folder: Path, broker: Folder, terminal: str) -> float:
    """MB of a courier that is connected and has nothing to send: its card is new."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        state = Path(name)
        cards.make_empty(state / "card")
        settings = _courier_settings(state, broker, state / "card", terminal)
        with _process("terminal", "courier", settings) as (pid, _):
            _until(lambda: connection.read(state) is Standing.BROKER)
            time.sleep(SETTLE_SECONDS)
            return processes.memory([pid]).pss


def _courier_settings(state: Path, broker: Folder, card: Path, terminal: str) -> Path:
    path = state / "fjes.toml"
    login = structs.replace(broker.section(), username=terminal, password=PASSWORD)
    path.write_text(
        f'[terminal]\nid = "{terminal}"\nstore = "{card}"\nstate = "{state}"\n\n{broker_files.section(login)}'
    )
    return path


@contextlib.contextmanager
def _ingest(folder: Path, broker: Folder, url: str) -> Iterator[int]:
    """The ingest, connected and at rest; gives its process id."""
    path = folder / "ingest.toml"
    own = config.load(broker.dashboard).broker
    path.write_text(f'{broker_files.section(own)}\n[dashboard]\ndatabase = "{url}"\n')
    with _process("dashboard", "ingest", path) as (pid, said):
        _until(lambda: "connected to the broker" in said.read_text())
        time.sleep(SETTLE_SECONDS)
        yield pid


@contextlib.contextmanager
def _process(room: str, command: str, settings: Path) -> Iterator[tuple[int, Path]]:
    """One of the product's processes; gives its process id and the file of what it says."""
    said = settings.with_suffix(f".{command}.log")
    line = [sys.executable, "-m", "fjes", room, command, "--config", str(settings)]
    with said.open("wb") as out, processes.running(line, stderr=out, cwd=processes.HERE) as process:
        yield process.pid, said


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"not done in {LIMIT_SECONDS:g} seconds")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-", dir=processes.HERE / ".cache") as main_folder:
        main(Path(main_folder))
