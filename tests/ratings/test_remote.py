"""Remote configuration: what may be set from afar may be set by the file's rules, and nothing else may."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from ratings import config, remote
from ratings.config import Config, ConfigError
from ratings.remote import Remote
from ratings.sections import Opening
from ratings.wire import MOST_BYTES

WHOLE = """
[[questions]]
id = "visit"
place = "Pro Sentret"
[[questions]]
id = "help"
from = "2027-01"
texts = { nb = "Fikk du hjelp?", en = "Did you get help?" }
[kiosk]
languages = ["nb", "en"]
[hours]
monday = ["10:00-16:00"]
tuesday = []
closed = ["2026-12-24"]
[[follow_up.reasons]]
id = "waiting"
[[follow_up.reasons]]
id = "staff"
texts = { nb = "De som jobber her" }
[said]
texts = { nb = ["Nå åpner vi klokka ni."] }
"""

CARD = """
[terminal]
id = "stua"
timezone = "Europe/Sofia"
store = "/data/store"
[kiosk]
languages = ["bg"]
thanks_seconds = 4
[follow_up]
seconds = 12
[hours]
saturday = ["00:00-02:00"]
screen = "off"
[release]
trend = "none"
source_minimum = 9
[broker]
host = "broker.example"
username = "stua"
password = "secret"
"""

# One of each kind of what must not come from afar, as a member of the message.
FORBIDDEN: list[dict[str, Any]] = [
    {"release": {"mode": "live"}},
    {"release": {}},
    {"release": {"source_minimum": 5}},
    {"release": {"trend": "day"}},
    {"terminal": {"id": "other"}},
    {"terminal": {"timezone": "UTC"}},
    {"terminal": {"store": "/tmp"}},
    {"terminal": {"clock": "system"}},
    {"broker": {"host": "elsewhere"}},
    {"staff": {"pin": None}},
    {"buttons": {"happy": 1}},
    {"repeats": {"ratings": 100}},
    {"sound": {"folder": "/tmp"}},
    {"dashboard": {"threshold": 5}},
    {"kiosk": {"languages": ["nb"], "best_face": "right"}},
    {"kiosk": {"languages": ["nb"], "idle_seconds": 600}},
    {"hours": {"screen": "off"}},
    {"follow_up": {"seconds": 60}},
    {"follow_up": {"reasons": [{"id": "waiting", "picture": "/etc/shadow"}]}},
    {"something": 1},
]


def refusal(payload: bytes, own: Config | None = None) -> str:
    with pytest.raises(ConfigError) as refused:
        remote.combine(own or Config(), remote.decode(payload))
    assert "\n" not in str(refused.value), "one line"
    return str(refused.value).removeprefix("the message: ")


def sent(text: str) -> Remote:
    """What comes out at a terminal of a file that IT wrote."""
    return remote.decode(remote.encode(remote.read(text, "the file")))


def test_what_it_wrote_is_what_the_terminal_reads() -> None:
    assert sent(WHOLE) == remote.read(WHOLE, "the file") == remote.read(remote.write(sent(WHOLE)), "the file")
    made = remote.combine(Config(), sent(WHOLE))
    assert made.questions == config.read(WHOLE).questions
    assert (made.kiosk.languages, made.hours) == (["nb", "en"], config.read(WHOLE).hours)
    assert made.follow_up == config.read(WHOLE).follow_up
    assert made.said == config.read(WHOLE).said


def test_nothing_set_leaves_the_file_as_it_is_and_sends_nothing() -> None:
    own = config.read(CARD)
    assert remote.encode(remote.read("", "the file")) == b"{}"
    assert remote.combine(own, sent("")) == own


def test_a_section_takes_the_place_of_the_files_and_what_it_cannot_set_stays() -> None:
    own = config.read(CARD)
    made = remote.combine(own, sent(WHOLE))
    assert made.kiosk == msgspec.structs.replace(own.kiosk, languages=["nb", "en"])
    assert (made.hours.saturday, made.hours.monday, made.hours.screen) == (None, ["10:00-16:00"], "off")
    assert (made.follow_up.seconds, len(made.follow_up.reasons)) == (12, 2)
    for name in ("terminal", "release", "broker", "staff", "buttons", "repeats", "sound", "dashboard"):
        assert getattr(made, name) == getattr(own, name)


def test_an_empty_section_is_set_and_one_that_is_left_out_is_not() -> None:
    own = config.read(CARD + '[[follow_up.reasons]]\nid = "staff"\n[said]\ntexts = { bg = ["x"] }')
    made = remote.combine(own, sent("[hours]\n[follow_up]\n[said]"))
    assert made.hours.weekdays is None
    assert (made.follow_up.reasons, made.said.texts) == ([], {})
    assert made.kiosk == own.kiosk


def test_of_a_sites_and_a_terminals_the_terminals_sections_count() -> None:
    both = remote.over(sent(WHOLE), sent('[kiosk]\nlanguages = ["th"]\n[hours]'))
    assert (both.kiosk, both.hours) == (remote.Shown(languages=["th"]), Opening())
    assert (both.questions, both.said) == (sent(WHOLE).questions, sent(WHOLE).said)


@pytest.mark.parametrize("member", FORBIDDEN, ids=json.dumps)
def test_what_cannot_be_set_from_afar_makes_the_whole_message_refused(member: dict[str, Any]) -> None:
    payload = json.dumps({"said": {"texts": {"nb": ["God jul!"]}}} | member).encode()
    assert "unknown key" in refusal(payload)


def test_only_what_is_listed_here_can_be_set_from_afar() -> None:
    # A new key that could be set from afar is to be added on purpose, with a thought for the visitors.
    def keys(kind: inspect.Type, before: str) -> list[str]:
        match kind:
            case inspect.UnionType(types=types):
                return [key for each in types for key in keys(each, before)]
            case inspect.ListType(item_type=item):
                return keys(item, before)
            case inspect.StructType(fields=fields):
                return [key for each in fields for key in keys(each.type, f"{before}.{each.encode_name}")]
            case inspect.NoneType():
                return []
            case _:
                return [before.removeprefix(".")]

    assert keys(inspect.type_info(Remote), "") == [
        *(f"questions.{key}" for key in ("id", "from", "place", "texts")),
        "kiosk.languages",
        *(f"hours.{day}" for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")),
        "hours.closed",
        *(f"follow_up.reasons.{key}" for key in ("id", "texts")),
        "said.texts",
    ]


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ({"questions": []}, "[[questions]]: "),
        ({"questions": [{"id": "A"}]}, "[[questions]] number 1 id: 'A' is not allowed"),
        ({"questions": [{}, {"id": "b"}]}, "[[questions]] number 2 from: missing"),
        ({"questions": [{"texts": {"nb": "\t"}}]}, "[[questions]] number 1 texts: there is nothing to read"),
        ({"questions": [{"place": "\u200b"}]}, "[[questions]] number 1 place: there is nothing to read"),
        ({"questions": [{"texts": {"nb": "x" * 201}}]}, "[[questions]] texts: "),
        ({"kiosk": {}}, "[kiosk]: "),
        ({"kiosk": {"languages": ["nb", "nb"]}}, "[kiosk] languages: a language is listed twice"),
        ({"kiosk": {"languages": ["../nb"]}}, "[kiosk] languages: '../nb' is not a language"),
        ({"hours": {"monday": ["16:00-10:00"]}}, "[hours] monday: "),
        ({"hours": {"closed": ["2026-02-30"]}}, "[hours] closed: "),
        ({"follow_up": {"reasons": [{"id": "skipped"}]}}, "[[follow_up.reasons]] number 1 id: "),
        ({"follow_up": {"reasons": [{"id": "food"}]}}, "[[follow_up.reasons]] number 1 picture: missing"),
        ({"follow_up": {"reasons": [{"id": "help", "texts": {"nb": "\0"}}]}}, "[[follow_up.reasons]] number 1 texts"),
        ({"said": {"texts": {"nb": ["a", "b", "c"]}}}, "[said] texts: "),
        ({"said": {"texts": {"nb": ["a\nb"]}}}, "[said] texts: there is nothing to read"),
        ([], "the file: "),
        (None, "the file: "),
    ],
    ids=str,
)
def test_what_the_file_may_not_say_may_not_come_from_afar(message: object, what: str) -> None:
    assert refusal(json.dumps(message).encode()).startswith(what)


def test_a_message_is_judged_together_with_the_file_that_it_comes_to() -> None:
    own = config.read(
        '[kiosk]\nlanguages = ["nb"]\n[[follow_up.reasons]]\nid = "food"\npicture = "food.png"\ntexts = { nb = "Mat" }'
    )
    assert "texts: none for en" in refusal(b'{"kiosk": {"languages": ["nb", "en"]}}', own)
    assert remote.combine(own, remote.decode(b'{"said": {}}')).follow_up == own.follow_up


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"said": {}, "said": {}}',
        b'{"said": {"texts": {"nb": ["a"], "nb": ["b"]}}}',
        b'{"said": {"texts": {"nb": ["\\ud800"]}}}',
        b'{"said": {"texts": {"nb": ["\xff"]}}}',
        b'{"kiosk": {"languages": [5.0e400]}}',
        b'{"kiosk": {"languages": [NaN]}}',
        b'{"kiosk": {"languages": [' + b"9" * 5000 + b"]}}",
        b'{"said": {}}' + b" " * MOST_BYTES,
        b"[terminal]\nid = 'stua'",
    ],
    ids=lambda payload: repr(payload[:40]),
)
def test_what_is_no_message_is_refused_in_one_line(payload: bytes) -> None:
    refusal(payload)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_refused(payload: bytes) -> None:
    with contextlib.suppress(ConfigError):
        remote.combine(Config(), remote.decode(payload))


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["nb", "2027-01", "10:00-16:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "from", "texts", "nb", "years", "monday", "reasons"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*Remote.__struct_encode_fields__, "release"]), _values, max_size=4))
def test_whatever_comes_changes_nothing_that_protects_visitors(document: dict[str, Any]) -> None:
    own = config.read(CARD)
    try:
        made = remote.combine(own, remote.decode(json.dumps(document).encode()))
    except ConfigError:
        return
    assert "release" not in document
    assert (made.release, made.terminal, made.broker, made.staff) == (own.release, own.terminal, own.broker, own.staff)


def test_the_same_message_has_the_same_fingerprint_and_another_has_another() -> None:
    assert remote.fingerprint(b"{}") == remote.fingerprint(b"{}") != remote.fingerprint(b"{} ")
    assert len(remote.fingerprint(b"{}")) == 16
