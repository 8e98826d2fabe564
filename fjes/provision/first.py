"""A dashboard made from the image: its broker's login, its first administrator, and a terminal beside it.

Two steps at each start, after provisioning. `make` runs as the dashboard's user and makes, once, what is missing, into
a folder of its own. `complete` runs as root, and puts what was made into the file, in memory, that services read.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from fjes.provision import card, generated, report, work
from fjes.provision.secret import quoted
from ratings import config as configuration
from ratings import locating
from ratings.config import Broker, Config, ConfigError

STATE = Path("/var/lib/fjes")
BROKER = "broker"
FOLDER = "dashboard/first"
PASSWORD = "password"  # noqa: S105 - a file's name
TERMINAL = "terminal.toml"
ADMINISTRATOR = "administrator"
BY = "first start"
"""Who did it, as the list of what was arranged has it."""


def make(text: str, state: Path = STATE) -> None:
    """Make the first administrator, if there is nobody, and for a board that is both, the terminal's login.

    The password is for once: it is kept until its owner has chosen another one. Raises click.ClickException.
    """
    from dashboard.accounts import passwords, people
    from fjes.database import arranging

    config = configuration.read(text, card.NAME)
    folder = state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with arranging(config.dashboard.database) as connection:
        there = people.everybody(connection)
        if not there and config.dashboard.sign_in:
            password = passwords.made()
            # The file first: what was made and is nowhere written could never be used.
            work.put(folder / PASSWORD, f"{password}\n".encode(), generated.ROOT, None)
            person = people.add(connection, ADMINISTRATOR, passwords.hashed(password), people.Role.ADMINISTRATOR)
            people.note(connection, BY, "added", person.name)
        elif not any(each.name == ADMINISTRATOR and each.new_password for each in there):
            (folder / PASSWORD).unlink(missing_ok=True)
    if config.role == "both" and not _has_broker(text) and not (folder / TERMINAL).exists():
        _enrol(config, folder / TERMINAL, state / BROKER)


def complete(places: work.Places, state: Path = STATE) -> bool:
    """Put what was made into the file that services read, and what there is to do into the report.

    Returns whether the report is there. Raises ConfigError, OSError.
    """
    path = places.run / card.NAME
    text = path.read_text("utf-8")
    new = completed(text, state)
    broker = configuration.read(new, card.NAME).broker  # What cannot be read would stop what runs.
    if new != text:
        work.put(path, new.encode(), generated.SERVICES, places.group)
    password = None
    with contextlib.suppress(OSError):
        password = (state / FOLDER / PASSWORD).read_text("ascii").strip()
    facts = msgspec.json.decode((places.run / work.FACTS).read_bytes(), type=report.Facts)
    facts = msgspec.structs.replace(
        facts, administrator=(ADMINISTRATOR, password) if password else None, broker=f"{broker.host}:{broker.port}"
    )
    work.put(places.run / work.FACTS, msgspec.json.encode(facts), generated.ROOT, None)
    return card.report(places.boot, report.text(facts), card.Disk())


def completed(text: str, state: Path) -> str:
    """A file that names no broker, with the one on this machine. Raises ConfigError."""
    made = state / BROKER / "dashboard.toml"
    if _has_broker(text) or not made.exists():
        return text
    config = configuration.read(text, card.NAME)
    login = configuration.load(made).broker
    own = {"broker": str(state / BROKER)} if config.dashboard.broker is None else {}
    if config.role == "both":
        own |= {"broker_username": login.username or "", "broker_password": login.password or ""}
        terminal = state / FOLDER / TERMINAL
        login = configuration.load(terminal).broker if terminal.exists() else login
    return f"{added(text, 'dashboard', own).rstrip()}\n\n# The broker on this machine.\n{_section(login)}"


def added(text: str, section: str, values: dict[str, str]) -> str:
    """A text with more keys in a section, below its heading; with the section at its end, where there is none."""
    lines = "".join(f"{key} = {quoted(value)}\n" for key, value in values.items())
    spot = locating.spots(text).get((section,))
    if not lines:
        return text
    if spot is None or not text.startswith("[", spot.start):
        return f"{text.rstrip()}\n\n[{section}]\n{lines}"
    end = text.find("\n", spot.start) + 1 or len(text)
    return f"{text[:end]}{lines if end < len(text) or text.endswith(chr(10)) else chr(10) + lines}{text[end:]}"


def _section(broker: Broker) -> str:
    given = {"host": quoted(broker.host), "port": str(broker.port), "tls": str(broker.tls).lower()}
    for key in ("ca_text", "username", "password"):
        if (value := getattr(broker, key)) is not None:
            given[key] = quoted(value)
    return "[broker]\n" + "".join(f"{key} = {value}\n" for key, value in given.items())


def _has_broker(text: str) -> bool:
    return ("broker",) in locating.spots(text)


def _enrol(config: Config, path: Path, broker: Path) -> None:
    """Enrol this machine's own terminal. Raises click.ClickException."""
    import click

    from dashboard import cards, enrolment
    from dashboard.broker import BrokerError, Folder
    from fjes.database import opened

    terminal, folder = config.terminal, Folder(broker)
    site = config.questions[0].place or terminal.id
    newcomer = enrolment.Newcomer(terminal.id, site, terminal.timezone, tuple(config.kiosk.languages), id=terminal.id)
    mask = os.umask(0o077)
    try:
        with opened(config.dashboard.database) as engine:
            enrolment.enrol(engine, [newcomer], folder, cards.into_files(lambda _: path), BY)
    except (enrolment.EnrolmentError, BrokerError, ConfigError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        os.umask(mask)
