"""How the terminal is: what the staff menu shows. Looks when it is asked, and only reads.

Nothing here moves with a tap: of ratings it knows how many *released tables* wait to be sent, never a count of ratings,
and it does not look into `open.db`. Where running counts are released (`live`), not even that is told. Knows no window.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ratings.config import Config
from ratings.table import Revision
from ratings.wire import Room
from terminal import connection, delivery, machine
from terminal.connection import Standing
from terminal.outbox import Outbox
from terminal.storage import StoreError
from terminal.trust import is_synchronised

NETWORK = Path("/proc/net")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence in English, to be looked up in a catalogue, and what is put into its `%(name)s`."""

    text: str
    values: tuple[tuple[str, str], ...] = ()


VERBATIM = "%(value)s"
"""A phrase that is the same in every language: names, numbers and times."""


def phrase(text: str, **values: object) -> Phrase:
    """Make a phrase; what is put in is shown as it is."""
    return Phrase(text, tuple((name, str(value)) for name, value in values.items()))


def verbatim(text: str) -> Phrase:
    """A phrase that is not translated."""
    return phrase(VERBATIM, value=text)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is well or not. `todo` says what to do; None: all is well."""

    name: Phrase
    value: Phrase
    todo: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What only the kiosk knows. `buttons` is whether hardware buttons answer.

    `mistake` is the file that has one now, and in which line: the terminal goes by it as it last was.
    """

    window_system: str
    width: int
    height: int
    buttons: bool
    mistake: tuple[str, int | None] | None = None


def look(config: Config, now: datetime, around: Around) -> list[Line]:
    """How the terminal is now. Takes a few milliseconds; an error is a line, never an exception."""
    return list(_lines(config, now, around))


def _lines(config: Config, now: datetime, around: Around) -> Iterator[Line]:
    # Only now: it takes a hundredth of a second, which the kiosk's start can do without.
    from importlib.metadata import version

    if around.mistake is not None:
        yield _configuration(*around.mistake)
    standing = connection.read(config.terminal.state)
    yield _connection(config, standing)
    if config.release.mode == "closed":
        yield _waiting(config, standing)
        yield _acknowledged(config)
    yield _network()
    yield _clock(config, now)
    yield _storage(config.terminal.store)
    if config.buttons.factory != "none":
        yield _buttons(around.buttons)
    yield Line(phrase("Screen"), verbatim(f"{around.window_system}, {around.width} × {around.height}"))
    yield Line(phrase("Terminal"), verbatim(f"{config.terminal.id}, Fjes {version('fjes')}"))


def _configuration(file: str, line: int | None) -> Line:
    at = phrase("A mistake in %(file)s.", file=file)
    if line is not None:
        at = phrase("A mistake in %(file)s, line %(line)s.", file=file, line=line)
    todo = phrase("The file goes on as it was before. Correct it on the card: fjes-report.txt says what is wrong.")
    return Line(phrase("Configuration"), at, todo)


def _connection(config: Config, standing: Standing | None) -> Line:
    name = phrase("Connection")
    match standing:
        case Standing.DASHBOARD:
            return Line(name, phrase("The dashboard answers."))
        case Standing.BROKER:
            return Line(
                name,
                phrase("The broker answers, the dashboard does not."),
                phrase("See that the dashboard runs and that this terminal is enrolled."),
            )
        case Standing.SILENT:
            return Line(
                name,
                phrase("No broker answers at %(where)s.", where=f"{config.broker.host}:{config.broker.port}"),
                phrase("Check the network, and [broker] in fjes.toml. Ratings are kept."),
            )
        case Standing.REFUSED:
            return Line(
                name,
                phrase("The broker refuses this terminal."),
                phrase("Check username and password in fjes.toml. Ratings are kept."),
            )
        case Standing.STARTING:
            return Line(
                name, phrase("Not connected yet."), phrase("Wait a minute, and open this menu again. Ratings are kept.")
            )
        case None:
            return Line(
                name,
                phrase("The courier is not running."),
                phrase("Start the service fjes-courier. Ratings are kept."),
            )


def _waiting(config: Config, standing: Standing | None) -> Line:
    name = phrase("Waiting to be sent")
    confirmed, outbox = delivery.confirmed(config.terminal.state), Outbox(config.terminal.store)
    try:
        waiting = sum(outbox.count(epoch, confirmed.get(epoch, Revision(0))) for epoch, _ in outbox.epochs())
    except StoreError:
        return Line(
            name,
            phrase("It cannot be read just now."),
            phrase("Open this menu again. If it stays so, look into the log of the kiosk."),
        )
    if not waiting:
        return Line(name, phrase("Nothing: all has arrived."))
    todo = None if standing is Standing.DASHBOARD else phrase("They are sent when there is a connection again.")
    return Line(name, phrase("Released tables: %(count)s", count=waiting), todo)


def _acknowledged(config: Config) -> Line:
    name = phrase("Last acknowledged")
    try:
        written = (config.terminal.state / delivery.STATE_FILE).stat().st_mtime
    except OSError:
        return Line(name, phrase("Never yet."))
    when = datetime.fromtimestamp(written, UTC).astimezone(config.terminal.zone)
    return Line(name, verbatim(f"{when:%Y-%m-%d %H:%M}"))


def _network() -> Line:
    name, host, found = phrase("Network"), os.uname().nodename, addresses()
    if not found:
        return Line(
            name,
            phrase("%(host)s has no address.", host=host),
            phrase("Check the cable or the wireless network. Ratings are kept."),
        )
    # What people type: the long ones only where there is no other.
    short = [each for each in found if "." in each][:2] or found[:1]
    return Line(name, verbatim(f"{host}: {', '.join(short)}"))


def _clock(config: Config, now: datetime) -> Line:
    local = f"{now.astimezone(config.terminal.zone):%Y-%m-%d %H:%M}"
    name, value = phrase("Clock"), verbatim(f"{local}, {config.terminal.timezone}")
    if is_synchronised():
        return Line(name, value)
    todo = phrase("Not set by the network. If it is wrong, ratings count in the wrong month: connect it.")
    return Line(name, value, todo)


def _storage(folder: Path) -> Line:
    name = phrase("Storage")
    found = machine.room(folder)
    if found is Room.GONE:
        return Line(
            name,
            phrase("%(folder)s is not there.", folder=folder),
            phrase("No rating can be kept. See that the card is in its place, and [terminal] store in fjes.toml."),
        )
    if found is Room.LOCKED or not os.access(folder, os.W_OK):
        return Line(
            name,
            phrase("The card cannot be written."),
            phrase("No rating can be kept. Start the terminal again; if it stays so, replace the card."),
        )
    if found is Room.PLENTY:
        return Line(name, phrase("Plenty of room."))
    if found is Room.ENOUGH:
        return Line(name, phrase("Enough room."))
    return Line(
        name,
        phrase("Almost full."),
        phrase("Remove from the card what does not belong to Fjes, or replace it by a larger one."),
    )


def _buttons(found: bool) -> Line:
    if found:
        return Line(phrase("Buttons"), phrase("All four are there."))
    return Line(
        phrase("Buttons"),
        phrase("They cannot be used."),
        phrase("Check their wires, and [buttons] in fjes.toml. The log of the kiosk says why."),
    )


def addresses(folder: Path = NETWORK) -> list[str]:
    """This machine's addresses but for those that only it can reach, as the kernel lists them.

    Read from files, since the kiosk may open no network socket.
    """
    found: list[str] = []
    last = ""
    with contextlib.suppress(OSError):
        for line in (folder / "fib_trie").read_text("ascii", "replace").splitlines():
            words = line.split()
            if words[:1] == ["|--"]:
                last = words[1]
            elif words[:3] == ["/32", "host", "LOCAL"] and last not in found:
                found.append(last)
    with contextlib.suppress(OSError):
        for line in (folder / "if_inet6").read_text("ascii", "replace").splitlines():
            address, _, _, scope, *_ = line.split()
            if scope == "00":
                found.append(str(ipaddress.IPv6Address(bytes.fromhex(address))))
    return [each for each in found if not ipaddress.ip_address(each).is_loopback]
