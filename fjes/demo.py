"""The demo: the whole product on one machine, with parts that need no set-up, in a folder that is gone afterwards.

A broker of its own, ingest, pages and courier as processes started by the commands anyone would use, and the real
kiosk in this process, since a window wants the main thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Engine, select, update

from dashboard import reports, schema, store
from dashboard.language import words
from fjes import embedded_broker
from fjes.history import add_history
from fjes.visitors import DemoClock, Visitors, begin_of_last_month
from ratings import config
from ratings.config import Config
from ratings.scale import ZERO, Counts, Score
from ratings.table import Epoch, Slice
from terminal.ledger import Ledger

if TYPE_CHECKING:
    from terminal.kiosk.app import Kiosk

PROCESSES = (("dashboard", "ingest"), ("dashboard", "web"), ("terminal", "courier"))
"""What runs beside the kiosk: commands of `fjes`."""

TERMINAL, SITE = "Demo", "Fjes demo"
TERMINAL_ID = "demo"
WINDOW = "1280x800"
START_SECONDS = 60.0
ARRIVE_SECONDS = 60.0
STOP_SECONDS = 10.0
STROLL_SECONDS = 4.0
"""Without a screen, a simulated visitor comes by so often."""


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for: how many simulated visits, whether to end after them, and on which port the page is."""

    visits: int = 0
    once: bool = False
    port: int = 8080


def run(wishes: Wishes) -> bool:
    """Run the demo until it is stopped, or, with `once`, until its visitors' ratings have arrived.

    Returns whether every rating arrived. Raises DemoError.
    """
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(_stoppable())
        try:
            folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="fjes-demo-")))
            settings = _write_config(folder, cleanup.enter_context(embedded_broker.running()), _free_port(wishes.port))
            engine = store.open_engine(settings.dashboard.database)
            cleanup.callback(engine.dispose)
            _prepare(engine, settings, history=not wishes.once)
            clock = DemoClock()
            if wishes.visits:
                # Before the kiosk looks at the calendar: it closes what is over by then.
                clock.stand(begin_of_last_month(datetime.now(settings.terminal.zone)))
            ledger = Ledger.open(
                settings.terminal.store, settings.release, settings.terminal.zone, settings.kiosk.languages
            )
            cleanup.callback(ledger.close)
            for command in PROCESSES:
                cleanup.enter_context(_child(command, folder / "fjes.toml"))
            return _show(wishes, settings, clock, ledger, engine)
        except KeyboardInterrupt:
            click.echo("\nThe demo has ended.")
            return True


def _show(wishes: Wishes, settings: Config, clock: DemoClock, ledger: Ledger, engine: Engine) -> bool:
    from terminal.kiosk.app import Kiosk
    from terminal.kiosk.environment import DisplayError

    try:
        kiosk = Kiosk(settings, clock, ledger, offscreen=wishes.once)
    except DisplayError as error:
        raise DemoError(str(error)) from None
    try:
        page = _wait_for_page(settings)
        arrived = True
        _greet(kiosk, page, wishes)
        if wishes.visits:
            arrived = _visits(wishes.visits, kiosk, settings, clock, engine, ledger.epoch)
        if not wishes.once:
            with _strollers(kiosk):
                kiosk.run()
            click.echo("The window was closed; the demo has ended.")
        return arrived
    finally:
        kiosk.close()


def _greet(kiosk: Kiosk, page: str, wishes: Wishes) -> None:
    click.echo("Fjes, the demo. All figures are simulated but those you tap.")
    click.echo(
        f"  The page:  {page}" + ("" if page.endswith(f":{wishes.port}/") else f"  (port {wishes.port} was taken)")
    )
    if not kiosk.offscreen:
        click.echo("  The faces: in the window. Tap one: the page follows within seconds.")
    elif wishes.once:
        click.echo("  The faces: drawn offscreen, touched by simulated visitors.")
    else:
        click.echo("  The faces: drawn offscreen, for there is no screen here. A simulated visitor taps now and then.")
    if not wishes.once:
        click.echo("  Ctrl-C ends it all, and leaves nothing behind.")


def _visits(number: int, kiosk: Kiosk, settings: Config, clock: DemoClock, engine: Engine, epoch: Epoch) -> bool:
    """Let simulated visitors come, and see that all they pressed is in the dashboard's database."""
    from terminal.kiosk.driver import Driver

    zone = settings.terminal.zone
    now = datetime.now(zone)
    began = time.monotonic()
    visitors = Visitors(Driver(kiosk), clock, settings)
    visitors.come(number, begin_of_last_month(now), now)
    clock.go()
    click.echo(f"{number} simulated visitors have touched the kiosk, in {time.monotonic() - began:.1f} s.")
    until = time.monotonic() + ARRIVE_SECONDS
    while (found := _arrived(engine, settings, epoch)) != visitors.told and time.monotonic() < until:
        kiosk.step()
        time.sleep(0.02)
    click.echo(_compared(visitors.told, found))
    months = sorted(visitors.told)
    report = reports.report(
        engine,
        reports.months_between(months[0], months[-1]),
        threshold=settings.dashboard.threshold,
        terminal=None,
        site=None,
        question=None,
    )
    click.echo(reports.as_text(report, words("en")))
    if found != visitors.told:
        click.echo("Not every rating arrived: see the table above.", err=True)
    return found == visitors.told


def _arrived(engine: Engine, settings: Config, epoch: Epoch) -> dict[str, Counts]:
    """The months of the terminal's card in the dashboard's database (the simulated year has an epoch of its own)."""
    row = schema.released.c
    with store.reading(engine) as connection:
        rows = connection.execute(
            select(row.period, row.very_unhappy, row.unhappy, row.happy, row.very_happy).where(
                row.terminal_id == settings.terminal.id,
                row.slice == Slice.TOTAL,
                row.epoch == epoch,
            )
        ).all()
    return {period: (a, b, c, d) for period, a, b, c, d in rows if a + b + c + d}


def _compared(told: dict[str, Counts], found: dict[str, Counts]) -> str:
    lines = [f"{'month':<9}{'':>10}{'very unhappy':>14}{'unhappy':>9}{'happy':>7}{'very happy':>12}"]
    for month in sorted(told | found):
        for what, counts in (("told", told.get(month, ZERO)), ("arrived", found.get(month, ZERO))):
            a, b, c, d = counts
            lines.append(f"{month:<9}{what:>10}{a:>14}{b:>9}{c:>7}{d:>12}")
    return "\n".join(lines)


def _prepare(engine: Engine, settings: Config, *, history: bool) -> None:
    """Make the database, with the demo's terminal in it, and its simulated year."""
    store.upgrade(engine)
    with engine.begin() as connection:
        store.add_terminal(
            connection, TERMINAL, SITE, settings.terminal.timezone, terminal_id=settings.terminal.id, simulated=True
        )
        # As its status will say: the page is true from the first moment on.
        connection.execute(update(schema.terminal).values(release=settings.release.mode))
        if history:
            add_history(connection, settings.terminal.id, datetime.now(settings.terminal.zone))


def _write_config(folder: Path, broker_port: int, page_port: int) -> Config:
    """The demo's fjes.toml: the one file that the commands are given, as IT would give it to them."""
    (folder / "fjes.toml").write_text(
        f"""# Made by `fjes demo`; gone when it ends.
[terminal]
id = "{TERMINAL_ID}"
timezone = "{ZoneInfo("Europe/Oslo").key}"
store = "{folder / "card"}"
state = "{folder / "courier"}"

[kiosk]
size = "{WINDOW}"

[release]
mode = "live"

[broker]
host = "{embedded_broker.HOST}"
port = {broker_port}

[dashboard]
database = "sqlite:///{folder / "dashboard.db"}"
port = {page_port}
""",
        "utf-8",
    )
    return config.load(folder / "fjes.toml")


def _free_port(wanted: int) -> int:
    """The wanted port on the loopback address, or any other where it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise DemoError("no port of 127.0.0.1 can be had for the page; end what holds them, or try again")


@contextlib.contextmanager
def _child(command: tuple[str, str], settings: Path) -> Iterator[None]:
    """One of the product's processes, in a session of its own, so that Ctrl-C reaches it through us, in order."""
    child = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "fjes", *command, "--quiet", "--config", str(settings)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _die_with_parent() -> None:
    """Ask Linux to end this process when the demo is killed and cannot do it (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _wait_for_page(settings: Config) -> str:
    url = f"http://127.0.0.1:{settings.dashboard.port}/"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
            return url
        time.sleep(0.1)
    raise DemoError(f"the page at {url} did not answer in {START_SECONDS:g} s; see the lines above for the reason")


@contextlib.contextmanager
def _strollers(kiosk: Kiosk) -> Iterator[None]:
    """Without a screen nobody can tap: a simulated visitor does, as if on a hardware button."""
    ended = threading.Event()

    def stroll() -> None:
        while not ended.wait(STROLL_SECONDS):
            kiosk.press(random.choices(list(Score), (1, 2, 6, 16))[0])  # noqa: S311 - a simulation

    walker = threading.Thread(target=stroll, name="strollers", daemon=True)
    if kiosk.offscreen:
        walker.start()
    try:
        yield
    finally:
        ended.set()


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the demo in order, once: a second Ctrl-C does not hurt the tidying."""
    caught = False

    def stop(number: int, _frame: object) -> None:
        nonlocal caught
        if not caught:
            caught = True
            raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
