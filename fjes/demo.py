"""The demo: the whole product on one machine, with parts that need no set-up, in a folder that is gone afterwards.

A broker of its own, ingest, pages and courier as processes started by the commands anyone would use, and the real
kiosk in this process, since a window wants the main thread.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import Connection, Engine, select

from dashboard import disclosure, places, reports, schema, sentences, store
from dashboard.language import words
from dashboard.statistics import figures
from fjes import embedded_broker, history
from fjes.processes import DemoError, child, free_port, stoppable, wait_for_page
from fjes.visitors import DemoClock, Visitors, begin_of_last_month
from ratings import config
from ratings.config import DEFAULT_QUESTION, Config
from ratings.scale import ZERO, Counts, Score
from ratings.sections import REASONS
from ratings.table import Cells, Epoch, Slice
from terminal.ledger import Ledger

if TYPE_CHECKING:
    from terminal.kiosk.app import Kiosk

PROCESSES = (("dashboard", "ingest"), ("dashboard", "web"), ("terminal", "courier"))
"""What runs beside the kiosk: commands of `fjes`."""

WINDOW = "1280x800"
ARRIVE_SECONDS = 60.0
STROLL_SECONDS = 4.0
"""Without a screen, a simulated visitor comes by so often."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for: how many simulated visits, whether to end after them, on which port the page is, and whether
    visitors are asked for a reason."""

    visits: int = 0
    once: bool = False
    port: int = 8080
    follow_up: bool = False


def run(wishes: Wishes) -> bool:
    """Run the demo until it is stopped, or, with `once`, until its visitors' ratings have arrived.

    Returns whether every rating arrived. Raises DemoError.
    """
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(stoppable())
        try:
            folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="fjes-demo-")))
            broker = cleanup.enter_context(embedded_broker.running())
            settings = _write_config(folder, broker, free_port(wishes.port), follow_up=wishes.follow_up)
            engine = store.open_engine(settings.dashboard.database)
            cleanup.callback(engine.dispose)
            _prepare(engine, settings, empty=wishes.once)
            clock = DemoClock()
            if wishes.visits:
                # Before the kiosk looks at the calendar: it closes what is over by then.
                clock.stand(begin_of_last_month(datetime.now(settings.terminal.zone)))
            ledger = Ledger.open(
                settings.terminal.store,
                settings.release,
                settings.terminal.zone,
                settings.kiosk.languages,
                [reason.id for reason in settings.follow_up.reasons],
            )
            cleanup.callback(ledger.close)
            for command in PROCESSES:
                cleanup.enter_context(child(command, folder / "fjes.toml"))
            return _show(wishes, settings, clock, ledger, engine)
        except KeyboardInterrupt:
            click.echo("\nThe demo has ended.")
            return not wishes.once  # Then it was to see that every rating arrives, and did not.


def _show(wishes: Wishes, settings: Config, clock: DemoClock, ledger: Ledger, engine: Engine) -> bool:
    from terminal.kiosk.app import Kiosk
    from terminal.kiosk.environment import DisplayError

    try:
        kiosk = Kiosk(settings, clock, ledger, offscreen=wishes.once)
    except DisplayError as error:
        raise DemoError(str(error)) from None
    try:
        front = wait_for_page(settings.dashboard.port)
        with store.reading(engine) as connection:
            page = front + _site(connection).key
        arrived = True
        _greet(kiosk, page, wishes, is_wanted_port=settings.dashboard.port == wishes.port)
        if wishes.visits:
            arrived = _visits(wishes.visits, kiosk, settings, clock, engine, ledger.epoch)
        if not wishes.once:
            with _strollers(kiosk):
                kiosk.run()
            click.echo("The window was closed; the demo has ended.")
        return arrived
    finally:
        kiosk.close()


def _greet(kiosk: Kiosk, page: str, wishes: Wishes, *, is_wanted_port: bool) -> None:
    click.echo("Fjes, the demo. All figures are simulated but those you tap.")
    click.echo(f"  The page:  {page}" + ("" if is_wanted_port else f"  (port {wishes.port} was taken)"))
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
    told = Told(visitors.told, visitors.reasons)
    while (found := _arrived(engine, settings, epoch)) != told and time.monotonic() < until:
        kiosk.step()
        time.sleep(0.02)
    click.echo(_compared("month", told.months, found.months))
    for period in sorted(told.reasons | found.reasons):
        click.echo("\n" + _compared(period, told.reasons.get(period, {}), found.reasons.get(period, {})))
    months = sorted(visitors.told)
    report = reports.report(
        engine,
        reports.months_between(months[0], months[-1]),
        threshold=settings.dashboard.threshold,
        terminal=None,
        site=history.KIOSK.site,
        question=None,
    )
    click.echo(sentences.as_text(report, words("en")))
    click.echo(_so_far(engine, settings))
    if found != told:
        click.echo("Not every rating arrived: see the table above.", err=True)
    return found == told


def _site(connection: Connection) -> places.Site:
    """Where the kiosk stands."""
    return next(each for each in places.sites(connection) if each.name == history.KIOSK.site)


def _so_far(engine: Engine, settings: Config) -> str:
    """The running month as the page shows it."""
    with store.reading(engine) as connection:
        site = _site(connection)
        today = places.today(site)
        so_far = disclosure.month_so_far(connection, site, DEFAULT_QUESTION, today, settings.dashboard.threshold)
    month = f"{so_far.month.first:%B %Y}"
    satisfied = figures(so_far.counts).satisfied if so_far.counts else None
    if satisfied is None:
        return f"\nThe month so far, {month}: hidden to protect visitors."
    interval = f"{satisfied.low:.1f}–{satisfied.high:.1f}%"
    return (
        f"\nThe month so far, {month}: {satisfied.percent:.1f}% of {satisfied.n} ratings are satisfied"
        f" (95% interval {interval})."
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What simulated visitors were told, or what arrived of it: by month, and by period and reason."""

    months: dict[str, Counts]
    reasons: dict[str, Cells]


def _arrived(engine: Engine, settings: Config, epoch: Epoch) -> Told:
    """What the dashboard's database has of the terminal's card (the simulated history has an epoch of its own)."""
    row = schema.released.c
    with store.reading(engine) as connection:
        tables = connection.execute(
            select(row.slice, row.period, row.cells, row.very_unhappy, row.unhappy, row.happy, row.very_happy).where(
                row.terminal_id == settings.terminal.id, row.epoch == epoch
            )
        ).all()
    reasons = {
        table.period: {key: (a, b, c, d) for key, (a, b, c, d) in json.loads(table.cells).items()}
        for table in tables
        if table.slice == Slice.REASON
    }
    months = {table.period: (table[3], table[4], table[5], table[6]) for table in tables if table.slice == Slice.TOTAL}
    return Told({month: counts for month, counts in months.items() if sum(counts)}, reasons)


def _compared(of: str, told: dict[str, Counts], found: dict[str, Counts]) -> str:
    """What was told beside what arrived, a month or a reason at a time."""
    lines = [f"{of:<12}{'':>7}{'very unhappy':>14}{'unhappy':>9}{'happy':>7}{'very happy':>12}"]
    for each in sorted(told | found):
        for what, counts in (("told", told.get(each, ZERO)), ("arrived", found.get(each, ZERO))):
            a, b, c, d = counts
            lines.append(f"{each:<12}{what:>7}{a:>14}{b:>9}{c:>7}{d:>12}")
    return "\n".join(lines)


def _prepare(engine: Engine, settings: Config, *, empty: bool) -> None:
    """Make the database, with the simulated history in it, or with nothing but the kiosk's terminal."""
    if not empty:
        history.fill(engine, datetime.now(settings.terminal.zone), live=True)
        return
    store.upgrade(engine)
    with engine.begin() as connection:
        history.enrol(connection, history.KIOSK, live=True)


def _write_config(folder: Path, broker_port: int, page_port: int, *, follow_up: bool) -> Config:
    """The demo's fjes.toml: the one file that the commands are given, as IT would give it to them."""
    reasons = "".join(f'\n[[follow_up.reasons]]\nid = "{reason}"\n' for reason in REASONS) if follow_up else ""
    (folder / "fjes.toml").write_text(
        f"""# Made by `fjes demo`; gone when it ends.
[terminal]
id = "{history.KIOSK.id}"
timezone = "{history.ZONE.key}"
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
# Only this machine reaches it.
sign_in = false
{reasons}""",
        "utf-8",
    )
    return config.load(folder / "fjes.toml")


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
