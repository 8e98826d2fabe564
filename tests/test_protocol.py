"""Terminal and dashboard over a network that drops, doubles and reorders, with restarts and losses at both ends.

The real ledger, release, outbox and delivery, and the real exchange and store; only the network is simulated.
However it went, the dashboard ends with exactly what was tapped.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import Engine, select

from dashboard import exchange, schema, store
from ratings import wire
from ratings.config import Release
from ratings.pooling import pool
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import SKIPPED, Cells, Slice
from ratings.wire import Ack, Batch, Status
from terminal.delivery import Delivery
from terminal.ledger import Ledger, Pending
from terminal.outbox import Outbox

OSLO = ZoneInfo("Europe/Oslo")
EVER = date(2090, 1, 1)


class Protocol(RuleBasedStateMachine):
    """One terminal, one dashboard, and messages under way in both directions."""

    @initialize(mode=st.sampled_from(["closed", "live"]))
    def begin(self, mode: str) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.release = Release(mode=mode)  # type: ignore[arg-type]
        self.now = datetime(2020, 9, 1, 12, tzinfo=OSLO)
        self.tapped: dict[str, Counts] = {}
        self.reasons: dict[str, list[tuple[Score, str]]] = {}
        self.pending: Pending | None = None
        self.up: list[bytes] = []
        self.down: list[bytes] = []
        self.databases = 0
        self.engine = self.new_database()
        self.ledger = self.open_ledger()
        self.delivery = self.new_delivery()

    def teardown(self) -> None:
        if not hasattr(self, "ledger"):
            return
        try:
            self.end_well()
        finally:
            self.ledger.close()
            self.engine.dispose()
            shutil.rmtree(self.folder)

    def open_ledger(self) -> Ledger:
        return Ledger.open(self.folder / "card", self.release, OSLO, ["nb", "th"], ["waiting", "staff"])

    def new_delivery(self) -> Delivery:
        return Delivery(Outbox(self.folder / "card"), self.folder / "state", self.release, "test")

    def new_database(self) -> Engine:
        self.databases += 1
        engine = store.open_engine(f"sqlite:///{self.folder}/{self.databases}.db")
        store.upgrade(engine)
        with engine.begin() as connection:
            store.add_terminal(connection, "Stua", "Pro Sentret", OSLO.key, terminal_id="stua")
        return engine

    # What happens at the terminal.

    @rule(score=st.sampled_from(Score), language=st.sampled_from(["nb", "th", None]))
    def tap(self, score: Score, language: str | None) -> None:
        self.pending = self.ledger.record("visit", score, language, self.now)
        month, quarter = f"{self.now:%Y-%m}", self.quarter()
        self.tapped[month] = add(self.tapped.get(month, ZERO), one(score))
        self.reasons.setdefault(quarter, []).append((score, SKIPPED))

    @rule(reason=st.sampled_from(["waiting", "staff"]))
    def choose(self, reason: str) -> None:
        if self.pending is None:
            return
        self.ledger.choose(self.pending, reason)
        if self.pending.period == self.quarter():  # Otherwise it has been released meanwhile, as it was.
            self.reasons[self.pending.period][-1] = (self.pending.score, reason)
        self.pending = None

    @rule(score=st.sampled_from(Score), reason=st.sampled_from(["waiting", "staff"]))
    def choose_when_the_rating_has_been_sent_already(self, score: Score, reason: str) -> None:
        self.tap(score, None)
        self.time_passes(0)
        self.send()
        self.choose(reason)

    def quarter(self) -> str:
        return f"{self.now:%Y}-Q{(self.now.month + 2) // 3}"

    @rule(days=st.sampled_from([0, 1, 9, 31]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.ledger.release(self.now, "visit")
        if self.ledger.settings.mode == "closed" or days % 2:
            self.send()

    @rule()
    def terminal_restarts(self) -> None:
        self.ledger.close()
        self.pending = None
        self.ledger = self.open_ledger()
        self.delivery = self.new_delivery()

    @rule()
    def courier_forgets(self) -> None:
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        self.delivery = self.new_delivery()

    @rule()
    def connection_is_made_anew(self) -> None:
        self.delivery.restart()
        self.send_status()

    @rule()
    def send_status(self) -> None:
        self.up.append(wire.encode(self.delivery.status()))

    @rule()
    def send(self) -> None:
        if (batch := self.delivery.next_batch()) is not None:
            self.up.append(wire.encode(batch))

    @rule()
    def no_answer_in_time(self) -> None:
        self.delivery.give_up()

    # What happens at the dashboard.

    @rule()
    def dashboard_restarts(self) -> None:
        self.engine.dispose()
        self.engine = store.open_engine(f"sqlite:///{self.folder}/{self.databases}.db")

    @rule()
    def dashboard_loses_its_database(self) -> None:
        self.engine.dispose()
        self.engine = self.new_database()

    # What happens on the way.

    @rule(which=st.integers(0, 99), keep=st.booleans())
    def a_message_goes_up(self, which: int, keep: bool) -> None:
        if self.up:
            self.take_in(self.up[which % len(self.up)] if keep else self.up.pop(which % len(self.up)))

    @rule(which=st.integers(0, 99), keep=st.booleans())
    def a_message_comes_down(self, which: int, keep: bool) -> None:
        if self.down:
            payload = self.down[which % len(self.down)] if keep else self.down.pop(which % len(self.down))
            self.delivery.acknowledged(wire.decode(payload, Ack))

    @rule()
    def all_goes_well_for_a_moment(self) -> None:
        self.send()
        for payload in self.up:
            self.take_in(payload)
        for payload in self.down:
            self.delivery.acknowledged(wire.decode(payload, Ack))
        self.up, self.down = [], []

    @rule(which=st.integers(0, 99))
    def a_message_is_lost(self, which: int) -> None:
        under_way = self.up if which % 2 else self.down
        if under_way:
            under_way.pop(which % len(under_way))

    def take_in(self, payload: bytes) -> None:
        with self.engine.begin() as connection:
            if b'"state"' in payload:
                ack = exchange.handle_status(connection, "stua", wire.decode(payload, Status), datetime.now(UTC))
            else:
                ack = exchange.handle_batch(connection, "stua", wire.decode(payload, Batch), EVER)
        assert ack is not None
        self.down.append(wire.encode(ack))

    # In the end the network is good for a while.

    def end_well(self) -> None:
        self.now += timedelta(days=400)
        self.ledger.release(self.now, "visit")
        self.delivery.restart()
        self.up, self.down = [wire.encode(self.delivery.status())], []
        for _ in range(1000):
            while self.up:
                self.take_in(self.up.pop(0))
            while self.down:
                self.delivery.acknowledged(wire.decode(self.down.pop(0), Ack))
            self.send()
            if not self.up:
                break
        assert not self.delivery.is_due(), "the terminal never came to an end"
        with self.engine.connect() as connection:
            rows = connection.execute(select(schema.released)).all()
            assert not connection.execute(select(schema.refused)).all()
        for slice_ in Slice:
            sums = [(row.very_unhappy, row.unhappy, row.happy, row.very_happy) for row in rows if row.slice == slice_]
            assert add(ZERO, *sums) == add(ZERO, *self.tapped.values()), slice_
        for row in rows:
            if row.slice == Slice.TOTAL:
                counts = (row.very_unhappy, row.unhappy, row.happy, row.very_happy)
                assert counts == self.tapped.get(row.period, ZERO)
        arrived = {row.period: json.loads(row.cells) for row in rows if row.slice == Slice.REASON}
        assert arrived == {quarter: self.released_reasons(quarter) for quarter in self.reasons}

    def released_reasons(self, quarter: str) -> dict[str, list[int]]:
        """What the dashboard must hold of a quarter: live as it was chosen, else pooled."""
        cells: Cells = {}
        for score, reason in self.reasons[quarter]:
            cells[reason] = add(cells.get(reason, ZERO), one(score))
        if self.release.mode == "closed":
            cells = pool(Slice.REASON, cells, self.release.source_minimum)
        return {reason: list(counts) for reason, counts in cells.items()}


TestProtocol = Protocol.TestCase
TestProtocol.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
