"""What takes longer than a page may: one at a time, in a thread, and how far it has got. A restart forgets it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

Told = Callable[[int, int], None]
"""How much is done, and of how much."""


@dataclass(slots=True)
class Job:
    """`kind`: what it is; `about`: of which file. `result`: what came of it when it has `ended`; `trouble`: why not."""

    kind: str
    about: str
    done: int = 0
    total: int = 0
    ended: bool = False
    result: object = None
    trouble: str = ""
    thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def percent(self) -> int:
        """How far it has got, 0 to 100."""
        return 100 * self.done // self.total if self.total else 0


class Jobs:
    """`expected`: the errors whose text is for people. All others are a bug: the log has them."""

    def __init__(self, expected: tuple[type[Exception], ...]) -> None:
        self.last: Job | None = None
        """The one that runs, or the last one that did."""
        self._expected = expected
        self._lock = threading.Lock()

    def begin(self, kind: str, about: str, work: Callable[[Told], object]) -> bool:
        """Start something; False where something else still runs."""
        with self._lock:
            if self.last is not None and not self.last.ended:
                return False
            job = self.last = Job(kind, about)
        job.thread = threading.Thread(target=self._run, args=(job, work), name=kind)
        job.thread.start()
        return True

    def _run(self, job: Job, work: Callable[[Told], object]) -> None:
        def told(done: int, total: int) -> None:
            job.done, job.total = done, total

        try:
            job.result = work(told)
        except self._expected as error:
            job.trouble = str(error)
        except Exception:
            log.exception("%s failed", job.kind)
            job.trouble = "?"
        finally:
            job.ended = True
