"""The post: makes what is due and sends it, in a thread beside the pages; of several on one database, one at a time.

What the server has taken is written down at once. Only where power goes between the two is a mail sent again, with the
same Message-ID. Knows no figures: what there is to send is made by those it is given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Engine

from dashboard.every_minute import EveryMinute
from dashboard.mail import queue, server
from dashboard.mail.alone import alone
from dashboard.mail.queue import Waiting
from dashboard.store import StoreError, reading
from ratings.sections import Mail

log = logging.getLogger(__name__)

KEPT = timedelta(days=400)
"""So long it is known what was sent: longer than anything is made anew."""

Maker = Callable[[datetime], None]
"""Puts what is due at a moment into the queue, or does other work that one process is to do."""
StillWanted = Callable[[Connection, Waiting], bool]


class Post(EveryMinute):
    """Of one database. `makers` come before each sending; `still_wanted`: whether somebody may still get a mail."""

    def __init__(
        self,
        engine: Engine,
        mail: Mail,
        makers: Sequence[Maker] = (),
        still_wanted: StillWanted = lambda _connection, _mail: True,
        *,
        timeout: float = server.TIMEOUT_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__("post")
        self._engine = engine
        self._mail = mail
        self._makers = makers
        self._still_wanted = still_wanted
        self._timeout = timeout
        self._now = now
        # Taken by the server, but the database would not have it written down.
        self._taken: set[int] = set()
        self._cleared: date | None = None
        self._said = ""

    def round(self) -> bool:
        """Make and send what is due now; False where another process is at it. Raises StoreError."""
        with alone(self._engine) as still:
            if still is None:
                return False
            self._clear()
            for make in self._makers:
                make(self._now())
            if self._mail.host is not None:
                self._send(still)
        return True

    def _clear(self) -> None:
        """Once a day. Raises StoreError."""
        moment = self._now()
        if self._cleared != moment.date():
            with reading(self._engine) as connection:
                old = queue.old(connection, moment - KEPT)
            if old:
                with self._engine.begin() as connection:
                    queue.clear(connection, old)
            self._cleared = moment.date()

    def look(self) -> None:
        """A round, and in the log why there was none."""
        try:
            self.round()
        except StoreError as error:
            self._say(f"mail and alerts have to wait: {error}")
        except Exception:
            # A bug in what makes one mail must not end all others for good.
            log.exception("mail and alerts have to wait")

    def _send(self, still: Callable[[], None]) -> None:
        self._write_down()
        with reading(self._engine) as connection:
            waiting = [each for each in queue.due(connection, self._now()) if each.id not in self._taken]
            wanted = [each for each in waiting if self._still_wanted(connection, each)]
        if len(wanted) < len(waiting):
            with self._engine.begin() as connection:
                for each in waiting:
                    if each not in wanted:
                        queue.dropped(connection, each.id)
        if not wanted:
            return
        left = [*wanted]
        try:
            with server.Session(self._mail, self._timeout) as session:
                while left and not self._ended.is_set():
                    still()
                    self._hand_over(session, left[0])
                    left.pop(0)
            self._said = ""
        except server.ServerError as error:
            self._say(f"mail has to wait: {error}")
            with self._engine.begin() as connection:
                for each in left:
                    queue.later(connection, each, str(error), self._now())

    def _hand_over(self, session: server.Session, each: Waiting) -> None:
        """One mail, and what became of it, written down before the next. Raises ServerError, StoreError."""
        try:
            session.send(each.to, each.message)
        except server.RefusedError as error:
            log.warning("the mail %s was refused for good: the page Mail says why", each.key)
            with self._engine.begin() as connection:
                queue.refused(connection, each.id, str(error))
        except server.LaterError as error:
            with self._engine.begin() as connection:
                queue.later(connection, each, str(error), self._now())
        else:
            self._taken.add(each.id)
            self._write_down()

    def _write_down(self) -> None:
        """That what was taken was taken. Raises StoreError: the next round does it, and sends nothing twice."""
        if self._taken:
            with self._engine.begin() as connection:
                for id_ in self._taken:
                    queue.sent(connection, id_)
            self._taken.clear()

    def _say(self, text: str) -> None:
        """In the log, once as long as it stays the same."""
        if text != self._said:
            log.warning("%s", text)
        self._said = text
