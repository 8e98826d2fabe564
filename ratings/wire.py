"""What travels over MQTT: topics and payloads (JSON, UTF-8), decoded strictly.

DO NOT change names or meanings: terminals of several versions speak to one dashboard. New fields need a default; those
of a newer version are left alone, but in a batch, where they might change what its tables mean.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from ratings.scale import Counts
from ratings.table import Epoch, Revision, Slice, Table, is_name

MOST_BYTES = 64 * 1024
"""The largest payload that is sent or read."""

STATUS_BYTES = 1024
"""A status is filled up with blanks to this, or to a multiple of it: its size tells nothing of what is in it."""

REFUSAL_LENGTH = 120
"""So many characters of why a configuration was refused are told."""

DASHBOARD = "fjes/v1/dashboard"

# \Z, since $ would let a line end pass.
_UUID = r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"
_TOPIC = re.compile(r"fjes/v1/([^/]+)/(tables|ack|status|config)")

Uuid = Annotated[str, msgspec.Meta(pattern=_UUID)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0)]
# One of a few. Those of a terminal that is newer may be others: they are unknown, and stop nothing.
Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{1,20}\Z")]


class WireError(ValueError):
    """A payload or topic that is not of this protocol; the text says why."""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up: tables of one epoch, all those with a revision above `after` up to `upto`, in order.

    `batch` is a random id. Tables stay raw until each is read by itself, so that a bad one does not hide a good one.
    """

    epoch: Uuid
    batch: Uuid
    after: Number
    upto: Number
    tables: list[msgspec.Raw]


class Ack(msgspec.Struct, frozen=True):
    """Down: all tables of `epoch` up to revision `upto` are committed in the dashboard's database.

    `batch` is the last batch merged in order, None before the first.
    """

    epoch: Uuid
    upto: Number
    batch: Uuid | None


class ClockState(StrEnum):
    """What vouches for the terminal's clock."""

    NETWORK = "network"
    BATTERY = "battery"
    SYSTEM = "system"
    """Believed unseen: the file on the card says so, or there is nothing on the machine to ask."""
    WRONG = "wrong"
    """Not known to be right: taps are kept apart, and nothing is released."""
    UNKNOWN = "unknown"


class Room(StrEnum):
    """Free space where the ratings are kept."""

    PLENTY = "plenty"
    ENOUGH = "enough"
    LITTLE = "little"
    LOCKED = "locked"
    """Nothing can be written."""
    GONE = "gone"
    UNKNOWN = "unknown"


class Condition(StrEnum):
    """How a part of the machine is, as far as it tells."""

    WELL = "well"
    TROUBLE = "trouble"
    MISSING = "missing"
    """It is configured, and cannot be used."""
    UNKNOWN = "unknown"


class Status(msgspec.Struct, frozen=True):
    """Up, retained, and as last will: coarse, and nothing in it moves with a tap. DO NOT add what would.

    `hour` is the terminal's clock, `2026-11-23T14` in UTC. `day` is the last on which the kiosk looked at what has
    closed; `pending`, how many released tables have not been acknowledged; `assumed`, the last released month in which
    something was placed by assumption, for want of a clock. Each is empty where there is nothing to tell. `heat` and
    `power` are in trouble when the machine is too hot, or its power supply too weak. `pounding` is the last day whose
    first release told that some had been set aside, and `buttons` are in trouble where one was stuck until then, or
    missing where they are configured and cannot be used. `config` is the fingerprint of the configuration in force that
    came from the dashboard, `config_refused` why the last that came is not.
    """

    state: Literal["online", "offline"]
    version: Annotated[str, msgspec.Meta(max_length=40)]
    epoch: Uuid
    revision: Number
    release: Literal["closed", "live"]
    retired: bool = False
    hour: Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2})?\Z")] = ""
    day: Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")] = ""
    pending: Number | None = None
    assumed: Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{4}-[0-9]{2})?\Z")] = ""
    clock: Word = ClockState.UNKNOWN
    room: Word = Room.UNKNOWN
    store: Word = Condition.UNKNOWN
    heat: Word = Condition.UNKNOWN
    power: Word = Condition.UNKNOWN
    pounding: Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")] = ""
    buttons: Word = Condition.UNKNOWN
    config: Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{16})?\Z")] = ""
    config_refused: Annotated[str, msgspec.Meta(max_length=REFUSAL_LENGTH)] = ""


class DashboardState(msgspec.Struct, frozen=True):
    """Down, retained, and as last will."""

    state: Literal["online", "offline"]


# Made once: to make them costs more than to read a table.
_TABLE_ROW = msgspec.json.Decoder(tuple[str, str, str, dict[str, tuple[Count, Count, Count, Count]]])
_READER = json.JSONDecoder(object_pairs_hook=list, parse_int=str, parse_float=str, strict=False)
_M = TypeVar("_M", Batch, Ack, Status, DashboardState)


def topic(terminal: str, kind: Literal["tables", "ack", "status", "config"]) -> str:
    """The topic of one kind of message of one terminal; `+` for all terminals."""
    if terminal != "+" and not is_name(terminal):
        raise WireError(f"{terminal!r} is not a terminal's id: a–z, 0–9 and hyphens, at most 64")
    return f"fjes/v1/{terminal}/{kind}"


def terminal_of(topic_: str) -> tuple[str, str]:
    """The terminal's id and the kind of message of a topic. Raises WireError."""
    found = _TOPIC.fullmatch(topic_)
    if not found or not is_name(found[1]):
        raise WireError(f"{topic_!r} is not a topic of Fjes")
    return found[1], found[2]


def encode(message: Batch | Ack | Status | DashboardState) -> bytes:
    """The payload of a message."""
    payload = msgspec.json.encode(message)
    if isinstance(message, Status):
        payload = payload.ljust(-(-len(payload) // STATUS_BYTES) * STATUS_BYTES)
    return payload


def decode(payload: bytes, kind: type[_M]) -> _M:
    """Read a payload of a known kind. Raises WireError, saying where it is wrong."""
    if len(payload) > MOST_BYTES:
        raise WireError(f"payload of {len(payload)} bytes; at most {MOST_BYTES} are read")
    try:
        message = msgspec.json.decode(payload, type=kind)
        # Tables stay raw, whatever they hold: one that is no UTF-8 must not take the batch with it.
        _refuse_doubles(_read(payload.decode("latin-1")))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a {kind.__name__.lower()}: {error}") from None
    if isinstance(message, Batch) and message.upto < message.after:
        raise WireError(f"not a batch: it goes from {message.after} back to {message.upto}")
    return message


def encode_table(table: Table) -> bytes:
    """One table as it stands in a batch, keys in order: the same table always gives the same bytes."""
    cells = {key: table.cells[key] for key in sorted(table.cells)}
    return msgspec.json.encode((table.question, table.slice, table.period, cells))


def decode_table(raw: bytes | msgspec.Raw) -> Table:
    """Read one table of a batch. Raises WireError. Whether it is well formed is `ratings.table.check`'s to say."""
    try:
        question, slice_, period, cells = _TABLE_ROW.decode(raw)
        _refuse_doubles(_read(bytes(raw).decode())[3])
        return Table(question, Slice(slice_), period, dict[str, Counts](cells))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a table: {error}") from None


def _read(text: str) -> Any:
    """JSON with each object as the list of its members; numbers stay texts, since msgspec has read them."""
    return _READER.decode(text)


def _refuse_doubles(members: list[tuple[str, object]]) -> None:
    """Of two members of one name a decoder keeps either: which counts were meant, nobody could say. ValueError."""
    if len(dict(members)) == len(members):
        return
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise ValueError(f"{name!r} stands in it twice")
        seen.add(name)


def pack(
    epoch: Epoch, batch: str, after: Revision, tables: list[tuple[Revision, bytes]], most_bytes: int = MOST_BYTES
) -> Batch:
    """The next batch: as many encoded tables, in order of revision, as fit into one payload.

    `tables` are those above `after`, by revision. With none of them the batch is empty and ends where it begins.
    """
    room = most_bytes - len(encode(Batch(epoch, batch, 2**53, 2**53, [])))
    taken: list[msgspec.Raw] = []
    upto = after
    for revision, encoded in tables:
        room -= len(encoded) + 1
        if room < 0 and taken:
            break
        taken.append(msgspec.Raw(encoded))
        upto = revision
    return Batch(epoch, batch, after, upto, taken)
