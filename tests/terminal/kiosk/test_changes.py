"""What the dashboard has set reaches the screen and the counters by itself, and no visitor's way is crossed by it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratings import config
from ratings.config import Config, FollowUp, Question, Reason, Staff
from ratings.legible import is_legible
from ratings.scale import Score
from ratings.table import Slice
from terminal import pin, remote
from terminal.asked import FILE
from terminal.kiosk.changes import LOOK_SECONDS, Changes
from terminal.visit import State

Rig = Any


class Courier:
    """Puts a message where the courier does."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig, self.folder = rig, folder

    def brings(self, **message: object) -> None:
        remote.keep(self.folder, json.dumps(message).encode())

    def until_the_next_look(self, seconds: float = 0.0) -> None:
        """Wait until so many seconds before the kiosk looks."""
        self.rig.wait(self.rig.kiosk.changes.deadline() - self.rig.clock.seconds - seconds)


@pytest.fixture
def courier(rig: Rig) -> Iterator[Courier]:
    courier = Courier(rig, rig.config.terminal.state)
    yield courier
    courier.brings()
    rig.wait(700)
    courier.until_the_next_look()
    assert shown(rig) == rig.config.kiosk.languages
    rig.kiosk.configure(rig.config)


def shown(rig: Rig) -> list[str]:
    return list(rig.kiosk.screens.languages)


def test_languages_and_reasons_are_shown_within_a_minute_and_counted_under_their_own_keys(
    rig: Rig, courier: Courier
) -> None:
    courier.brings(kiosk={"languages": ["nb", "ro"]})
    rig.wait(LOOK_SECONDS)
    assert shown(rig) == ["nb", "ro"]
    courier.brings(kiosk={"languages": ["en", "th", "ro"]}, follow_up={"reasons": [{"id": "privacy"}]})
    rig.wait(LOOK_SECONDS)
    assert shown(rig) == ["en", "th", "ro"]
    ledger = rig.notebook.ledger
    before = {slice_: counted(rig, slice_) for slice_ in (Slice.LANGUAGE, Slice.REASON)}
    rig.tap("th")
    rig.tap(Score.HAPPY)
    rig.wait(1)
    rig.driver.touch(*rig.driver.reason_centre("privacy"))
    assert counted(rig, Slice.LANGUAGE) == before[Slice.LANGUAGE] | {"th": before[Slice.LANGUAGE].get("th", 0) + 1}
    assert counted(rig, Slice.REASON)["privacy"] == before[Slice.REASON].get("privacy", 0) + 1
    assert set(ledger.keys[Slice.LANGUAGE]) == {"en", "th", "ro", "unchosen"}


def counted(rig: Rig, slice_: Slice) -> dict[str, int]:
    """How many ratings each key of the running periods has."""
    ledger = rig.notebook.ledger
    found: dict[str, int] = {}
    for question, each, _, text in ledger.cells.running(ledger.epoch):
        if each is slice_:
            for key, counts in ledger.cells.read(ledger.epoch, question, slice_, text).items():
                found[key] = found.get(key, 0) + sum(counts)
    return found


def test_hours_and_what_was_said_and_done_take_effect_and_are_the_files_again_when_nothing_is_set(
    rig: Rig, courier: Courier
) -> None:
    courier.brings(hours={"monday": []} | {"sunday": ["03:00-03:01"]}, said={"texts": {"nb": ["Nytt gulv!"]}})
    rig.wait(LOOK_SECONDS)
    assert str(rig.kiosk.visit.state) == "closed"
    assert rig.kiosk.changes.config.said.texts == {"nb": ["Nytt gulv!"]}
    courier.brings()
    rig.wait(LOOK_SECONDS)
    assert str(rig.kiosk.visit.state) == "asking"
    assert rig.kiosk.changes.config == rig.config


def test_a_corrected_text_is_shown_and_the_next_look_finds_nothing_new(rig: Rig, courier: Courier) -> None:
    courier.brings(questions=[{"id": "visit", "texts": {"nb": "Hvordan var det?"}}])
    before = rig.driver.picture()
    rig.wait(LOOK_SECONDS)
    corrected = rig.driver.picture()
    assert corrected != before
    rig.notebook.calls.clear()
    rig.wait(LOOK_SECONDS)
    assert rig.driver.picture() == corrected
    assert "configure" not in rig.notebook.names


@pytest.mark.parametrize("what", ["a language chosen", "a finger down", "a reason asked for", "the staff menu"])
def test_nothing_changes_in_the_midst_of_a_visit_and_at_once_after_it(what: str, rig: Rig, courier: Courier) -> None:
    menu = msgspec.structs.replace(
        rig.config, staff=Staff(pin=pin.hashed("2580")), follow_up=FollowUp(seconds=60, reasons=[Reason(id="staff")])
    )
    rig.kiosk.configure(menu)
    courier.brings(kiosk={"languages": ["nb", "ro"]})
    courier.until_the_next_look(seconds=5)
    end = begin(what, rig)
    rig.wait(6)
    assert shown(rig) == rig.config.kiosk.languages, "changed under a visitor's hands"
    end()
    rig.wait(0)
    assert shown(rig) == ["nb", "ro"]


def begin(what: str, rig: Rig) -> Callable[[], None]:
    """Begin a visit; returns how it ends."""
    match what:
        case "a language chosen":
            rig.tap("en")
            return lambda: rig.wait(rig.config.kiosk.idle_seconds)
        case "a finger down":
            at = rig.centre(Score.HAPPY)
            rig.driver.down(*at)
            return lambda: (rig.driver.move(1, 1), rig.driver.up(1, 1))  # type: ignore[return-value]
        case "a reason asked for":
            rig.tap(Score.HAPPY)
            assert rig.kiosk.visit.state is State.FOLLOW_UP
            return lambda: (rig.wait(60), rig.wait(rig.config.kiosk.thanks_seconds))  # type: ignore[return-value]
        case _:
            rig.kiosk.backroom.staff.open()
            rig.wait(0)
            assert rig.kiosk.backroom.is_open
            return lambda: rig.wait(600)


def test_what_the_month_asks_is_written_down_at_a_look_and_not_when_a_visit_ends(rig: Rig, courier: Courier) -> None:
    """The time of the file would tell when somebody left."""
    note = rig.config.terminal.store / FILE
    courier.brings(questions=[{"id": "visit", "texts": {"nb": "Hvordan var det?"}}])
    courier.until_the_next_look(seconds=5)
    end = begin("a language chosen", rig)
    rig.wait(6)
    before = note.read_bytes(), note.stat().st_mtime_ns
    end()
    rig.wait(0)
    assert rig.kiosk.changes.config.questions[0].texts == {"nb": "Hvordan var det?"}, "it is shown"
    assert (note.read_bytes(), note.stat().st_mtime_ns) == before
    courier.until_the_next_look()
    rig.wait(1)
    assert note.read_bytes() != before[0]


def test_a_card_that_is_full_changes_nothing_and_it_is_tried_again(rig: Rig, courier: Courier) -> None:
    courier.brings(kiosk={"languages": ["nb", "ro"]})
    rig.notebook.broken = True
    rig.wait(LOOK_SECONDS)
    assert shown(rig) == rig.config.kiosk.languages
    rig.notebook.broken = False
    rig.wait(1)
    assert shown(rig) == rig.config.kiosk.languages, "not tried all the time"
    rig.wait(LOOK_SECONDS)
    assert shown(rig) == ["nb", "ro"]


def test_a_file_that_goes_bad_while_it_runs_changes_nothing_and_is_said_once(
    rig: Rig, courier: Courier, caplog: pytest.LogCaptureFixture
) -> None:
    courier.brings(kiosk={"languages": ["nb", "ro"]})
    rig.wait(LOOK_SECONDS)
    courier.brings(kiosk={"languages": ["nb", "th"]}, release={"mode": "live"})
    with caplog.at_level(logging.WARNING, "fjes.kiosk"):
        for _ in range(3):
            rig.wait(LOOK_SECONDS)
    assert shown(rig) == ["nb", "ro"]
    assert [record.getMessage() for record in caplog.records] == [
        f"what the dashboard has set cannot be used, so all stays as it is: {courier.folder / remote.FILE}: the file: "
        "unknown key 'release'; allowed: questions, kiosk, hours, follow_up, said"
    ]


_letters = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Zl", "Zp"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(_letters, min_size=1, max_size=200),
        st.text(st.sampled_from("a \u200b\u200f\u202eعم\u0301ญู😀"), min_size=1, max_size=200),
        st.sampled_from(["W" * 200, "a " * 100, "\u200b".join("x" * 100), "\u0301" * 199 + "a", "%(place)s %d %"]),
    ).filter(is_legible)
)
def test_whatever_text_the_rules_let_through_can_be_drawn(rig: Rig, text: str) -> None:
    answers = [Reason(id=each, texts={"nb": text[:40]}) for each in ("staff", "help") if is_legible(text[:40])]
    own = rig.config
    changed = msgspec.structs.replace(
        own,
        questions=[Question(texts={"nb": text}, place=text[:60])],
        follow_up=FollowUp(reasons=answers),
        kiosk=msgspec.structs.replace(own.kiosk, attract_seconds=60),
        said=config.Said(texts={"nb": [text[:90], text[:90]]}),
    )
    try:
        rig.kiosk.configure(changed)
        rig.wait(61)
        rig.tap(Score.HAPPY)
        rig.wait(9)
        rig.wait(4)
    finally:
        rig.kiosk.configure(own)
        rig.wait(0)


# The start, for which no window is needed.


def own(folder: Path) -> Config:
    return config.read(
        f'[terminal]\nid = "stua"\nstore = "{folder / "card"}"\nstate = "{folder / "state"}"\n'
        '[kiosk]\nlanguages = ["bg"]'
    )


def test_at_the_start_what_was_set_is_in_force(tmp_path: Path) -> None:
    remote.keep(tmp_path / "state", b'{"kiosk": {"languages": ["nb", "ro"]}, "questions": [{"id": "stay"}]}')
    changes = Changes(own(tmp_path))
    assert changes.config.kiosk.languages == ["nb", "ro"]
    assert changes.asked.remote
    assert changes.look(0.0) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"{" * 100_000,
        b'{"kiosk": {"languages": ["so"]}}',
        b'{"kiosk": {"languages": ["../../x"]}}',
        b'{"kiosk": {"languages": ["nb"]}, "release": {}}',
    ],
    ids=lambda content: repr(content[:30]),
)
def test_at_the_start_a_file_that_nobody_should_trust_leaves_the_terminals_own_in_force(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    remote.keep(tmp_path / "state", content)
    changes = Changes(own(tmp_path))
    assert changes.config == own(tmp_path)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "what the dashboard has set cannot be used, so the terminal goes by its own file"
    ]
    remote.keep(tmp_path / "state", b'{"kiosk": {"languages": ["nb"]}}')
    waiting = changes.look(0.0)
    assert waiting is not None
    assert waiting.kiosk.languages == ["nb"]
