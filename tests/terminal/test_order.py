"""In which order visitors came cannot be read from the card: whatever they did, whoever was set aside, held, or new."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratings.scale import Score
from tests.terminal.visitors import REASONS, Visitor, board, come, release, start

visitors = st.builds(
    Visitor,
    st.sampled_from(Score),
    st.sampled_from(["nb", "th", None]),
    st.sampled_from([*REASONS, None]),
    st.integers(9, 16),
    st.booleans(),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(visitors, max_size=14), st.integers(0, 4), st.randoms(use_true_random=False), st.booleans())
def test_the_same_visitors_in_any_order_leave_the_same_bytes(
    before: list[Visitor], newcomers: int, order: random.Random, right: bool
) -> None:
    """A language is added at some time, and the kiosk started anew for it: who speaks it comes after that."""
    files = []
    late = [Visitor(Score(number % 4), "ro", "staff", 12) for number in range(newcomers)]
    for run in range(2):
        with tempfile.TemporaryDirectory() as folder:
            card = Path(folder) / "card"
            on = board(card, right=right)
            early = order.sample(before, len(before))
            cut = order.randrange(len(early) + 1)
            rest = early[cut:] + late
            ledger = start(card, on)
            come(ledger, on, early[:cut])
            ledger.close()
            ledger = start(card, on, ["nb", "th", "ro"])
            come(ledger, on, order.sample(rest, len(rest)))
            found = {path.name: path.read_bytes() for path in card.iterdir()}
            release(ledger, on)
            ledger.close()
            found |= {f"{path.name} released": path.read_bytes() for path in card.iterdir()}
            files.append(found)
        assert files[run].keys() == files[0].keys()
    assert [name for name in files[0] if files[0][name] != files[1][name]] == []


def test_other_visitors_leave_other_bytes(tmp_path: Path) -> None:
    """Else the test above would compare nothing."""
    here = Visitor(Score.HAPPY, "nb")
    found = []
    for number, there in enumerate(
        [here, *(msgspec.structs.replace(here, **{name: value}) for name, value in OTHERS.items())]
    ):
        card = tmp_path / str(number)
        on = board(card, right=True)
        ledger = start(card, on)
        come(ledger, on, [here, there])
        found.append((card / "open.db").read_bytes())
        ledger.close()
    assert len(set(found)) == 1 + len(OTHERS)


OTHERS = {"score": Score.UNHAPPY, "language": "th", "reason": "staff", "hour": 13, "repeat": True}
