"""Work that is done every minute, in a thread beside the pages."""

from __future__ import annotations

import threading

EVERY_SECONDS = 60.0


class EveryMinute:
    """A thread that calls `look`, which does the work and lets no error out. `name`: what the thread is called."""

    def __init__(self, name: str) -> None:
        self._begin = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, after: float = 0.0) -> None:
        """Begin after some seconds, and go on every minute."""
        self._begin = after
        self._thread.start()

    def stop(self) -> None:
        """End after what is at hand."""
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Do what is due now."""
        raise NotImplementedError

    def _run(self) -> None:
        seconds = self._begin
        while not self._ended.wait(seconds):
            self.look()
            seconds = EVERY_SECONDS
