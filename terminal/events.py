"""What other threads, and signals, want done in one thread: a queue of calls that can be waited for.

`queue.SimpleQueue` will not do: of a wait that is shorter than it takes to look twice it makes one without an end
(CPython 3.11: what is left of it is negative then, and that means "for ever"). `queue.Queue` will not do either: a
signal's handler that puts something in while its own thread takes something out would wait for itself.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable

Event = Callable[[], None]


class Events:
    """In the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        # Held while there is no news: whoever brings some lets it go, and the one who waits takes it again.
        self._news = threading.Lock()
        self._news.acquire()

    def put(self, event: Event) -> None:
        """Add one. From any thread, and from a signal's handler."""
        self._waiting.append(event)
        with contextlib.suppress(RuntimeError):  # It has been let go already.
            self._news.release()

    def get(self, seconds: float) -> Event | None:
        """The next one, waited for so long at most; None where none came, or, now and then, before the time is over."""
        if not self._waiting:
            self._news.acquire(timeout=max(0.0, seconds))
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def clear(self) -> None:
        """Let go of all that wait."""
        self._waiting.clear()
