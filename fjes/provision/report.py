"""`fjes-report.txt`: what a start found, for whoever has the card in a PC. No rating, no count, nothing of a tap.

It is written only where it says something new: nothing in it moves by itself from start to start.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from fjes.provision import card
from terminal.trust import EARLIEST


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What it tells of. `problem` is what is wrong with the file, at `line`; `earlier`: an earlier one holds.

    `administrator` is a name, and a password that is for once.
    `role`, `terminal`, `timezone` and `broker` are None where it goes by none. `notes` are whole sentences; `memory` is
    in bytes; `cards` are names and addresses of network cards.
    """

    model: str
    memory: int | None
    cards: list[tuple[str, str]]
    host: str
    role: str | None = None
    terminal: str | None = None
    timezone: str | None = None
    broker: str | None = None
    ssh: bool = False
    problem: str | None = None
    line: int | None = None
    earlier: bool = False
    notes: list[str] = []
    moved: bool = False
    administrator: tuple[str, str] | None = None


def text(facts: Facts) -> str:
    """What is known at the start."""
    return "\n".join(_lines(facts)) + "\n"


def later(addresses: list[str], clock: str, version: str) -> str:
    """What is known only some minutes later, or takes its time to find, to be put behind it."""
    known = ", ".join(addresses) or "none. Check cable or Wi-Fi, and [network] in fjes.toml"
    return f"\nTwo minutes after the start\n  addresses: {known}\n  clock: {clock}\n  Fjes: {version}\n"


def _lines(facts: Facts) -> Iterator[str]:
    yield "Fjes: what this machine found when it started. Made anew at each start; changing it changes nothing."
    yield "Fjes: hva maskinen fant da den startet. Lages på nytt ved hver start; å endre den endrer ingenting."
    yield ""
    yield from _file(facts)
    for note in facts.notes:
        yield from ("", note)
    if facts.moved:
        yield from ("", *_moved(facts))
    if facts.administrator is not None:
        name, password = facts.administrator
        yield ""
        yield f"Sign in to the pages as {name} with {password}, which is for once: choose a password of your own."
        yield f"Logg inn på sidene som {name} med {password}, som gjelder én gang: velg et eget passord."
        yield "This stays here until the first start after that."
    yield from ("", "Machine", f"  board: {facts.model}")
    if facts.memory is not None:
        yield f"  memory: {facts.memory // 1024**2} MB"
    if facts.role is not None:
        yield f"  role: {facts.role}"
        if facts.role != "dashboard":
            yield f"  terminal: {facts.terminal}"
        yield f"  time zone: {facts.timezone}"
    yield from ("", "Network", f"  name: {facts.host}")
    yield from (f"  network card {name}: {address}" for name, address in facts.cards)
    if facts.role is not None:
        yield f"  broker: {facts.broker}"
        yield f"  SSH: {'on, by key' if facts.ssh else 'off'}"


def _file(facts: Facts) -> Iterator[str]:
    if facts.problem is None:
        yield f"{card.NAME}: no mistake was found."
        yield f"{card.NAME}: ingen feil ble funnet."
        return
    at, der = (f", line {facts.line}", f", linje {facts.line}") if facts.line is not None else ("", "")
    yield f"THERE IS A MISTAKE in {card.NAME}{at}:"
    yield f"DET ER EN FEIL i {card.NAME}{der}:"
    yield f"  {facts.problem}"
    yield "Correct it in Notepad, save, put the card back, and start the machine again."
    yield "Rett den i Notisblokk, lagre, sett kortet tilbake, og start maskinen på nytt."
    if facts.earlier:
        yield "Until then the machine goes by the file as it last was without a mistake."
        yield "Inntil da bruker maskinen fila slik den sist var uten feil."
    else:
        yield "Until then nothing is asked and nothing counted: the screen shows this mistake."
        yield "Inntil da spørres og telles ingenting: skjermen viser denne feilen."


def _moved(facts: Facts) -> Iterator[str]:
    yield "THIS CARD WAS IN ANOTHER BOARD BEFORE. From here on it counts in a new epoch, and nothing counts twice."
    yield "  Was it moved? Then all is well. (This stays here until fjes.toml is changed.)"
    yield "  Was it copied, and does the other board still run? Both count, and the dashboard adds both up. But to the"
    yield "  broker they are one and the same, and it lets in one at a time: make this one a terminal of its own, with"
    yield "  fjes dashboard terminal add, and put the file that it writes onto this card."


def clock_of(now: datetime, *, synchronised: bool) -> str:
    """How the clock is, in words that stay the same while it does."""
    if synchronised:
        return "set by the network"
    if now.astimezone(UTC).date() < EARLIEST:
        return (
            f"not set: it says {now.astimezone(UTC):%Y}. Ratings are kept until it is set. See that a time server can "
            "be reached ([time] servers), or give the board a battery clock"
        )
    return "not set by the network yet; a battery clock counts where there is one"
