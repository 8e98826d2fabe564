"""The wire: what is sent is read as it was meant, and nothing else is read at all."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.scale import MAX_COUNT
from ratings.table import COUNTED, OTHER, REPEAT, Cells, Epoch, Revision, Slice, Table, all_hours, check
from ratings.wire import (
    MOST_BYTES,
    REFUSAL_LENGTH,
    STATUS_BYTES,
    Ack,
    Batch,
    ClockState,
    Condition,
    DashboardState,
    Room,
    Status,
    WireError,
    decode,
    decode_table,
    encode,
    encode_table,
    pack,
    terminal_of,
    topic,
)

EPOCH, BATCH = "00000000-0000-4000-8000-000000000000", "11111111-1111-4111-8111-111111111111"
Message = type[Batch] | type[Ack] | type[Status] | type[DashboardState]
GOOD: dict[Message, dict[str, Any]] = {
    Batch: {"epoch": EPOCH, "batch": BATCH, "after": 3, "upto": 5, "tables": [["visit", "total", "2020-09", {}]]},
    Ack: {"epoch": EPOCH, "upto": 5, "batch": None},
    Status: {
        "state": "online",
        "version": "0.1.0",
        "epoch": EPOCH,
        "revision": 5,
        "release": "closed",
        "retired": False,
        "hour": "2026-11-23T14",
        "day": "2026-11-23",
        "pending": 2,
        "assumed": "",
        "clock": "network",
        "room": "plenty",
        "store": "well",
        "heat": "well",
        "power": "unknown",
        "pounding": "2026-11-20",
        "buttons": "well",
        "config": "0123456789abcdef",
        "config_refused": "[hours] monday: …",
    },
    DashboardState: {"state": "offline"},
}
OLD_STATUS = ("state", "version", "epoch", "revision", "release")
"""What a status had from the first version on."""
kinds = pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
counts = st.tuples(*[st.integers(0, MAX_COUNT)] * 4)
tables = st.builds(
    Table,
    st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
    st.sampled_from(Slice),
    st.sampled_from(["2020-09", "2020-Q3", "2020", "2020-09-07/2020-09-13"]),
    st.dictionaries(st.text(max_size=10), counts, max_size=8),
)


def payload(kind: Message, **other: Any) -> bytes:
    """A good message but for what is given."""
    return json.dumps(GOOD[kind] | other).encode()


@kinds
def test_what_is_sent_is_read_as_it_was_meant(kind: Message) -> None:
    message = decode(payload(kind), kind)  # type: ignore[type-var]
    sent = encode(message)
    assert json.loads(sent) == GOOD[kind]
    assert decode(sent, kind) == message or kind is Batch  # type: ignore[type-var]


@kinds
def test_a_message_with_less_or_doubled_members_is_refused(kind: Message) -> None:
    for name, value in GOOD[kind].items():
        less = {each: GOOD[kind][each] for each in GOOD[kind] if each != name}
        if kind is not Status or name in OLD_STATUS:
            with pytest.raises(WireError, match=f"missing required field `{name}`"):
                decode(json.dumps(less).encode(), kind)  # type: ignore[type-var]
        doubled = payload(kind)[:-1] + f', "{name}": {json.dumps(value)}}}'.encode()
        with pytest.raises(WireError, match=f"'{name}' stands in it twice"):
            decode(doubled, kind)  # type: ignore[type-var]


@kinds
def test_what_a_newer_version_adds_is_left_alone_but_in_a_batch(kind: Message) -> None:
    newer = payload(kind, more={"of": [1, None]})
    if kind is Batch:
        with pytest.raises(WireError, match="unknown field `more`"):
            decode(newer, kind)
    else:
        assert decode(newer, kind) == decode(payload(kind), kind)  # type: ignore[type-var]


def test_the_status_of_an_old_terminal_is_read_and_says_nothing_of_what_it_does_not_know() -> None:
    status = decode(json.dumps({name: GOOD[Status][name] for name in OLD_STATUS}).encode(), Status)
    assert (status.hour, status.day, status.pending, status.assumed) == ("", "", None, "")
    assert not status.retired
    assert {status.clock, status.room, status.store, status.heat, status.power} == {"unknown"}


def test_a_word_that_a_newer_terminal_has_is_read() -> None:
    assert decode(payload(Status, clock="satellite"), Status).clock == "satellite"


@given(
    st.builds(
        Status,
        state=st.sampled_from(["online", "offline"]),
        version=st.text("0123456789.", max_size=40),
        epoch=st.just(EPOCH),
        revision=st.integers(0, 2**53),
        release=st.sampled_from(["closed", "live"]),
        retired=st.booleans(),
        hour=st.sampled_from(["", "2026-11-23T14"]),
        day=st.sampled_from(["", "2026-11-23"]),
        pending=st.none() | st.integers(0, 2**53),
        assumed=st.sampled_from(["", "2026-11"]),
        clock=st.sampled_from(ClockState),
        room=st.sampled_from(Room),
        store=st.sampled_from(Condition),
        heat=st.sampled_from(Condition),
        power=st.sampled_from(Condition),
        pounding=st.sampled_from(["", "2026-11-20"]),
        buttons=st.sampled_from(Condition),
        config=st.sampled_from(["", "0123456789abcdef"]),
        config_refused=st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=REFUSAL_LENGTH),
    )
)
def test_every_status_has_one_size_and_is_read_as_it_was_meant(status: Status) -> None:
    assert len(encode(status)) == STATUS_BYTES
    assert decode(encode(status), Status) == status


@kinds
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"0",
        b'"online"',
        b"{",
        b"{} {}",
        b"\xff",
        b'{"state":"\xc3\x28"}',
        b"\xef\xbb\xbf{}",
        b"[" * 60_000,
        b'{"state":' * 7000,
        b'{"state":NaN}',
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_what_is_no_message_is_refused(kind: Message, raw: bytes) -> None:
    with pytest.raises(WireError, match=f"not a {kind.__name__.lower()}: "):
        decode(raw, kind)  # type: ignore[type-var]


NOT_NUMBERS: list[object] = [-1, 1.0, 0.5, True, "1", None, [], 2**53 + 1, 10**30, float("nan"), float("inf")]
WRONG: list[object] = ["", "Online", 1, None, True, {}]
NOT_UUIDS: list[object] = [
    "",
    EPOCH[:-1],
    EPOCH + "\n",
    EPOCH.upper().replace("0", "A"),
    f"{{{EPOCH}}}",
    EPOCH.replace("-", ""),
    7,
]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        *((Batch, "after", value) for value in NOT_NUMBERS),
        *((Batch, "upto", value) for value in NOT_NUMBERS),
        *((Ack, "upto", value) for value in NOT_NUMBERS),
        *((Status, "revision", value) for value in NOT_NUMBERS),
        *((Batch, "epoch", value) for value in [*NOT_UUIDS, None]),
        *((Batch, "batch", value) for value in [*NOT_UUIDS, None]),
        *((Ack, "epoch", value) for value in NOT_UUIDS),
        *((Ack, "batch", value) for value in NOT_UUIDS),
        (Ack, "epoch", None),
        *((Status, "epoch", value) for value in [*NOT_UUIDS, None]),
        *((Status, "state", value) for value in WRONG),
        *((Status, "release", value) for value in WRONG),
        *((Status, "version", value) for value in (*WRONG[2:], "x" * 41)),
        *((Status, "hour", value) for value in (*WRONG[1:], "2026-11-23T14:05", "2026-11-23T14\n")),
        *((Status, "day", value) for value in (*WRONG[1:], "2026-11-23T14")),
        *((Status, "pending", value) for value in NOT_NUMBERS if value is not None),
        *((Status, "clock", value) for value in (*WRONG, "x" * 21)),
        *((DashboardState, "state", value) for value in WRONG),
        *((Batch, "tables", value) for value in WRONG),
        (Batch, "upto", 2),
    ],
)
def test_a_member_of_another_kind_or_beyond_its_bounds_is_refused(kind: Message, name: str, value: object) -> None:
    with pytest.raises(WireError, match=f"not a {kind.__name__.lower()}: "):
        decode(payload(kind, **{name: value}), kind)  # type: ignore[type-var]


def test_more_than_64_kib_is_not_even_looked_at() -> None:
    state = b'{"state":"online"}'
    assert decode(state + b" " * (MOST_BYTES - len(state)), DashboardState) == DashboardState("online")
    with pytest.raises(WireError, match="payload of 65537 bytes; at most 65536 are read"):
        decode(state + b" " * (MOST_BYTES - len(state) + 1), DashboardState)


@given(st.binary(max_size=200), st.sampled_from([Batch, Ack, Status, DashboardState]))
def test_no_bytes_make_it_stumble(raw: bytes, kind: type[Ack]) -> None:
    with pytest.raises(WireError):
        decode(raw, kind)


# Tables.


@given(tables)
def test_a_table_is_read_as_it_was_written(table: Table) -> None:
    assert decode_table(encode_table(table)) == table


@given(tables, st.randoms(use_true_random=False))
def test_the_same_table_gives_the_same_bytes_in_whatever_order_its_keys_came(table: Table, random: Any) -> None:
    keys = list(table.cells)
    random.shuffle(keys)
    shuffled = Table(table.question, table.slice, table.period, {key: table.cells[key] for key in keys})
    assert encode_table(shuffled) == encode_table(table)


def test_the_bytes_of_a_table_are_those_of_the_agreement() -> None:
    table = Table("visit", Slice.TOTAL, "2020-09", {REPEAT: (0, 0, 0, 1), COUNTED: (1, 2, 3, 4)})
    assert encode_table(table) == b'["visit","total","2020-09",{"counted":[1,2,3,4],"repeat":[0,0,0,1]}]'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b'["visit","total","2020-09"]',
        b'["visit","total","2020-09",{},1]',
        b'["visit","sum","2020-09",{}]',
        b'["visit",1,"2020-09",{}]',
        b'[null,"total","2020-09",{}]',
        b'["visit","total","2020-09",[]]',
        b'["visit","total","2020-09",{"counted":1}]',
        b'["visit","total","2020-09",{"counted":[1,2,3]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,4,5]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,-4]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,4.0]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,4e0]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,true]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,"4"]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,null]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,NaN]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,Infinity]}]',
        b'["visit","total","2020-09",{"counted":[1,2,3,04]}]',
        b'["visit","total","2020-09",{"counted":[1,0,0,0],"counted":[9,0,0,0]}]',
        b'["visit","total","2020-09",{"counted":[1,0,0,0],"\\u0063ounted":[9,0,0,0]}]',
        b'["visit","total","2020-09",{"\xff":[1,0,0,0]}]',
        b'["visit","total","2020-09",{"\\ud800":[1,0,0,0]}]',
        b'["visit","total","2020-09",{}] x',
        b"[" * 60_000,
        b'["visit","total","2020-09",' + b'{"a":' * 9000,
    ],
    ids=lambda raw: repr(raw[26:60]),
)
def test_what_is_no_table_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError, match="not a table: "):
        decode_table(raw)


@pytest.mark.parametrize("digits", [11, 21, 400, 4000, 6000])
def test_an_absurd_count_is_refused_at_the_latest_by_the_check(digits: int) -> None:
    number = b"9" * digits
    raw = b'["visit","total","2020-09",{"counted":[%s,0,0,0]}]' % number
    with pytest.raises(ValueError, match=r"not a table|are not four numbers|integer string conversion"):
        check(decode_table(raw))


@pytest.mark.parametrize("bad", [b'["\xff"]', b"[1e999]", b"[%s]" % (b"9" * 5000), b"[[[[]]]]", b"{}"])
def test_a_bad_table_in_a_batch_hides_no_good_one(bad: bytes) -> None:
    good = encode_table(Table("visit", Slice.TOTAL, "2020-09", {COUNTED: (1, 2, 3, 4)}))
    batch = Batch(EPOCH, BATCH, 0, 2, [msgspec.Raw(bad), msgspec.Raw(good)])
    read = decode(encode(batch), Batch)
    assert [bytes(raw) for raw in read.tables] == [bad, good]
    assert decode_table(read.tables[1]).n == 10
    with pytest.raises(WireError):
        decode_table(read.tables[0])


# Batches.


@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.binary(min_size=2, max_size=400)), max_size=60, unique_by=lambda t: t[0]
    ),
    st.integers(300, 3000),
)
def test_a_batch_is_filled_in_order_and_the_next_goes_on_where_it_ended(
    sizes: list[tuple[int, bytes]], most: int
) -> None:
    pending = [
        (Revision(number), encode_table(Table("a" * len(text), Slice.TOTAL, "2020-09"))) for number, text in sizes
    ]
    pending.sort()
    after, arrived = Revision(0), []
    while rest := [each for each in pending if each[0] > after]:
        batch = pack(Epoch(EPOCH), BATCH, after, rest, most)
        assert batch.after == after
        assert batch.upto > after, "each batch gets on"
        taken = [bytes(raw) for raw in batch.tables]
        assert len(encode(batch)) <= most or len(taken) == 1
        if len(taken) < len(rest):
            # The next one would not have fitted in, but for the few digits that revisions may be longer by.
            assert len(encode(batch)) + 1 + len(rest[len(taken)][1]) > most - 2 * len(str(2**53))
        arrived += taken
        after = Revision(batch.upto)
    assert arrived == [encoded for _, encoded in pending]


def test_a_batch_of_nothing_ends_where_it_begins() -> None:
    assert pack(Epoch(EPOCH), BATCH, Revision(7), []) == Batch(EPOCH, BATCH, 7, 7, [])


def test_many_tables_fill_64_kib_and_no_more() -> None:
    pending = [
        (Revision(number), encode_table(Table("visit", Slice.TOTAL, "2020-09", {COUNTED: (number, 0, 0, 0)})))
        for number in range(1, 3000)
    ]
    size = len(encode(pack(Epoch(EPOCH), BATCH, Revision(0), pending)))
    assert MOST_BYTES - 150 < size <= MOST_BYTES


def test_the_largest_table_that_a_terminal_can_make_fits_into_a_batch() -> None:
    cells: Cells = dict.fromkeys([*all_hours(), OTHER], (MAX_COUNT,) * 4)
    table = encode_table(Table("q" * 64, Slice.HOUR, "2020-Q3", cells))
    batch = pack(Epoch(EPOCH), BATCH, Revision(0), [(Revision(1), table)])
    assert decode(encode(batch), Batch).upto == 1


# Topics.


@pytest.mark.parametrize("kind", ["tables", "ack", "status", "config"])
def test_a_topic_says_whose_message_it_is_and_of_which_kind(kind: Any) -> None:
    assert terminal_of(topic("stua-2", kind)) == ("stua-2", kind)


def test_topics_are_those_of_the_agreement() -> None:
    assert topic("stua", "tables") == "fjes/v1/stua/tables"
    assert topic("+", "status") == "fjes/v1/+/status"


@pytest.mark.parametrize("terminal", ["", "a/b", "#", "++", "Stua", "a\0", "$SYS", "a" * 65])
def test_a_terminal_whose_id_is_no_name_has_no_topic(terminal: str) -> None:
    with pytest.raises(WireError, match="is not a terminal's id: a–z, 0–9 and hyphens, at most 64"):
        topic(terminal, "tables")


@pytest.mark.parametrize(
    "text",
    ["", "fjes/v1/dashboard", "fjes/v2/stua/tables", "fjes/v1/stua/taps", "fjes/v1/+/tables", "fjes/v1/stua/tables\n"],
)
def test_a_foreign_topic_is_refused(text: str) -> None:
    with pytest.raises(WireError, match="is not a topic of Fjes"):
        terminal_of(text)
