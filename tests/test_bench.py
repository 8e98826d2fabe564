"""The bench runs with the product as it is: that it measures something, not how much."""

from __future__ import annotations

from pathlib import Path

from bench import growth, kiosks


def test_the_kiosk_that_is_measured_starts_and_thanks_for_every_touch(tmp_path: Path) -> None:
    with kiosks.running(tmp_path) as kiosk:
        assert kiosk.start_seconds > 0
        touches = kiosk.touch(2)
        assert len(touches.whole) == len(touches.commit) == 2
        assert all(0 < commit < whole for commit, whole in zip(touches.commit, touches.whole, strict=True))


def test_memory_is_looked_at_while_ratings_are_taken(tmp_path: Path) -> None:
    held = growth.measure(tmp_path, 20).held
    assert [number for number, _ in held] == [10, 15, 20]
    assert all(megabytes > 1 for _, megabytes in held)
