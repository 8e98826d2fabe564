"""One start: the file read and checked, secrets moved, everything written that services read, and the report.

Whatever fails, something runs: the file as it is, else as it last was, else the screen that says what is wrong.
"""

from __future__ import annotations

import contextlib
import grp
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from fjes.provision import card, generated, kept, machine, report, secret
from fjes.provision.card import Disk
from fjes.provision.generated import File
from fjes.provision.kept import Kept
from fjes.provision.machine import Own
from ratings import locating, networking
from ratings.config import Config, ConfigError, Kiosk, hanging
from ratings.config import is_certificate as _is_certificate
from ratings.config import read as read_config

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PROBLEM = "problem.json"
FACTS = "report.json"


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong with a file, for the screen; `hanging` is what of it says how that hangs."""

    file: str
    problem: str
    line: int | None = None
    hanging: Kiosk = msgspec.field(default_factory=Kiosk)


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is. `group` may read what services read."""

    boot: Path
    data: Path
    run: Path
    systemd: Path = Path("/run/systemd")
    group: str = "fjes"
    bundle: Path = BUNDLE
    machine: machine.Places = machine.PLACES


@dataclass(frozen=True, slots=True)
class Good:
    """A file without a mistake: its whole text, what it says, and the certificate that it names."""

    text: str
    config: Config
    authority: str | None


@dataclass(slots=True)
class Start:
    """What came of it. `good` is what the machine goes by, None where there is nothing; `problem` what is wrong."""

    good: Good | None = None
    problem: ConfigError | None = None
    notes: list[str] = field(default_factory=list)
    own: Own = field(default_factory=Own)
    hanging: Kiosk = field(default_factory=Kiosk)


def provision(places: Places, disk: Disk | None = None) -> Start:
    """Do all of it. Raises OSError only where what is to run cannot be written, which is in memory."""
    disk = disk or Disk()
    start = Start()
    known = kept.load(places.data)
    found = _file(places, known, disk, start)
    if found is not None:
        _keep(places, found, known, disk, start)
    elif known is not None:
        # Once a good one, it may be none for a newer version: then that is as if there were none.
        with contextlib.suppress(ConfigError):
            start.good = Good(known.text, read_config(known.text, card.NAME), known.authority)
    changed = start.problem is None and known is not None and start.good is not None and known.text != start.good.text
    start.own = machine.settle(places.data, places.machine, disk, changed=changed)
    if not start.own.kept:
        start.notes.append(
            "The data partition cannot be written: it is full or damaged. What this start made will be made again."
        )
    _write(places, start)
    return start


def tell(places: Places, start: Start, disk: Disk | None = None) -> bool:
    """Write the report, and remember what it says for `tell_later`. Returns whether it is there."""
    facts = facts_of(places, start)
    put(places.run / FACTS, msgspec.json.encode(facts), generated.ROOT, None)
    return card.report(places.boot, report.text(facts), disk or Disk())


def tell_later(places: Places, addresses: list[str], now: datetime, version: str, *, synchronised: bool) -> bool:
    """Write it once more, when the network had its time. Returns whether it is there."""
    try:
        facts = msgspec.json.decode((places.run / FACTS).read_bytes(), type=report.Facts)
    except (OSError, msgspec.MsgspecError):
        return False
    later = report.later(addresses, report.clock_of(now, synchronised=synchronised), version)
    return card.report(places.boot, report.text(facts), Disk(), later=later)


def facts_of(places: Places, start: Start) -> report.Facts:
    """What the report tells of a start."""
    config = start.good.config if start.good else None
    return report.Facts(
        model=machine.model(places.machine),
        memory=machine.memory(places.machine),
        cards=machine.cards(places.machine),
        host=generated.host_name(config or Config()),
        role=config.role if config else None,
        terminal=config.terminal.id if config else None,
        timezone=config.terminal.timezone if config else None,
        broker=f"{config.broker.host}:{config.broker.port}" if config else None,
        ssh=bool(config and config.ssh.authorized_keys),
        problem=start.problem.problem if start.problem else None,
        line=start.problem.line if start.problem else None,
        earlier=start.problem is not None and start.good is not None,
        notes=start.notes,
        moved=start.own.moved,
    )


def _file(places: Places, known: Kept | None, disk: Disk, start: Start) -> card.Found | None:
    """The file on the card, if there is no mistake in it: `start` then has what it says, and else what is wrong."""
    others = card.misnamed(places.boot)
    if others:
        start.notes.append(
            f"{others[0]} is not read: only {card.NAME} is. Windows hides the end of names; in the Explorer: View, "
            "Show, File name extensions. Then rename it, or remove it."
        )
    try:
        content = card.read(places.boot)
        if known and known.was and known.becomes and card.is_torn(content, known.was, known.becomes):
            with contextlib.suppress(OSError):
                disk.overwrite(places.boot / card.NAME, known.becomes)
            content = known.becomes
        if content is None:
            named = f"; there is {others[0]}, which is not read: rename it" if others else ""
            raise ConfigError.at(card.NAME, f"there is no {card.NAME} on the card{named}")
        found = card.decoded(content)
        start.hanging = hanging(found.text)
        start.good = _good(places, found.text, known)
    except ConfigError as error:
        start.problem = error
        return None
    return found


def _good(places: Places, text: str, known: Kept | None) -> Good:
    """What a text says, with the secrets that are kept. Raises ConfigError."""
    if not text.strip():
        raise ConfigError.at(
            card.NAME, "the file is empty; copy the one that the dashboard made onto the card once more"
        )
    try:
        whole = secret.restored(text, known.text if known else None, card.NAME)
    except ConfigError:
        raise
    except (ValueError, RecursionError):
        whole = text  # It is no TOML: `read_config` has the words for that.
    config = read_config(whole, card.NAME)
    if config == Config():
        raise ConfigError.at(
            card.NAME, "the file says nothing; copy the one that the dashboard made onto the card once more"
        )
    memory = machine.memory(places.machine)
    if config.role == "both" and memory is not None and memory < machine.LEAST_FOR_BOTH:
        raise _at(
            text,
            ("role",),
            f"role: both needs a board with 1 GB of memory, and this one has {memory // 1024**2} MB; "
            "allowed here: terminal, dashboard",
        )
    return Good(whole, config, _authority(places, text, config))


def _authority(places: Places, text: str, config: Config) -> str | None:
    """The text of the certificate that the file names. Raises ConfigError."""
    named = config.network.certificate_authority
    if named is None or not networking.is_file_name(named):
        return named
    where = ("network", "certificate_authority")
    try:
        path = places.boot / named
        if not path.is_file() or path.stat().st_size > card.MOST_BYTES:
            raise FileNotFoundError
        content = path.read_bytes()
    except OSError:
        what = f"there is no file {named} beside {card.NAME}, or it is no certificate"
        raise _at(text, where, f"[network] certificate_authority: {what}; put it there") from None
    # Windows saves certificates in either form.
    found = content.decode("ascii", "replace") if b"-----BEGIN" in content else _pem(content)
    if found is None or not _is_certificate(found):
        what = f"{named} is no certificate; allowed: the authority's certificate (PEM or DER)"
        raise _at(text, where, f"[network] certificate_authority: {what}")
    return found.replace("\r\n", "\n")


def _pem(content: bytes) -> str | None:
    import ssl  # Only here: it takes its time, and few files need it.

    return ssl.DER_cert_to_PEM_cert(content) if content[:1] == b"\x30" else None


def _at(text: str, path: locating.Path, problem: str) -> ConfigError:
    return ConfigError.at(card.NAME, problem, locating.line_of(locating.spots(text), path))


def _keep(places: Places, found: card.Found, known: Kept | None, disk: Disk, start: Start) -> None:
    """Keep the whole text, then take its secrets off the card. In this order: at no moment is a secret nowhere."""
    assert start.good is not None
    new = Kept(start.good.text, start.good.authority)
    becomes = found.written(secret.redacted(found.text))
    moves = becomes != found.content
    try:
        if moves:
            kept.save(places.data, msgspec.structs.replace(new, was=found.content, becomes=becomes), disk)
        elif known != new:
            kept.save(places.data, new, disk)
    except OSError as error:
        start.notes.append(
            f"The data partition cannot be written ({error.strerror}): passwords stay in {card.NAME}, readable by "
            "whoever has the card, and a mistake in the file would stop the machine. Is the card full, or broken?"
        )
        return
    if not moves:
        return
    try:
        disk.overwrite(places.boot / card.NAME, becomes)
    except OSError as error:
        start.notes.append(
            f"{card.NAME} cannot be written ({error.strerror}): passwords stay in it, readable by whoever has the "
            "card. Is the card locked? The machine runs all the same."
        )
        return
    with contextlib.suppress(OSError):  # Else the next start does it.
        kept.save(places.data, new, disk)


def _write(places: Places, start: Start) -> None:
    """Put everything into memory that services and other programs read."""
    wanted: list[File] = []
    if start.problem is not None:
        told = Problem(card.NAME, start.problem.problem, start.problem.line, start.hanging)
        wanted.append(File("run", PROBLEM, msgspec.json.encode(told).decode()))
    config = start.good.config if start.good else Config()
    if start.good is not None:
        wanted.append(File("run", "fjes.toml", secret.served(start.good.text), generated.SERVICES))
        units = generated.wanted(config)
    else:
        units = ["fjes-kiosk.service"]  # It shows what is wrong.
    if "ssh.service" in units and not machine.host_key(places.data, generated.host_name(config)):
        units.remove("ssh.service")
        start.notes.append("SSH stays off: its key cannot be written to the data partition.")
    usual = ""
    if start.good is not None and start.good.authority is not None:
        with contextlib.suppress(OSError):
            usual = places.bundle.read_text("utf-8", "replace")
    authority = start.good.authority if start.good else None
    wanted += generated.files(config, places.run, authority=authority, usual=usual)
    wanted.append(File("run", "wanted", "".join(f"{unit}\n" for unit in units)))
    for each in wanted:
        group = places.group if each.mode == generated.SERVICES else None
        put(_path(places, each.root, each.name), each.link or each.content.encode(), each.mode, group)
    there = {(each.root, each.name) for each in wanted}
    for root, name in generated.NAMES:
        if (root, name) not in there:
            _path(places, root, name).unlink(missing_ok=True)


def _path(places: Places, root: str, name: str) -> Path:
    return (places.run if root == "run" else places.systemd) / name


def put(path: Path, content: bytes | Path, mode: int, group: str | None) -> None:
    """Put a file or a link in place, whole: nobody reads half of it, and nobody who may not reads it for a moment."""
    for folder in reversed([each for each in (path.parent, *path.parent.parents) if not each.exists()]):
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    if isinstance(content, Path):
        new.symlink_to(content)
    else:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            if group is not None:
                with contextlib.suppress(
                    KeyError, PermissionError
                ):  # Where the group is not there, root alone reads it.
                    os.fchown(file.fileno(), -1, grp.getgrnam(group).gr_gid)
            os.fchmod(file.fileno(), mode)
    os.replace(new, path)
