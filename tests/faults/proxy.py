"""A network that fails where it is told to: a TCP proxy on 127.0.0.1 before the broker, in a thread of its own.

Knows nothing of MQTT. What it does with connections can be changed at any moment.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

LOOK_SECONDS = 0.02
SLOW_BYTES = 40
"""So many bytes in each direction every LOOK_SECONDS where the network is slow."""


class Way(StrEnum):
    """What becomes of what is sent."""

    GOOD = "passed on"
    SLOW = "passed on, a few bytes at a time"
    CUT = "connections are ended, and new ones refused"
    SWALLOWED = "connections are accepted, and all that is sent is dropped"
    HALF_OPEN = "passed on upwards, and nothing comes back"


@dataclass(slots=True, eq=False)
class _End:
    """One socket of a pair, and what is still to be sent to the other."""

    socket: socket.socket
    up: bool
    other: _End | None = None
    waiting: bytearray = field(default_factory=bytearray)
    lossy: bool = False
    """Something that was sent is gone: such a connection never comes right again, and TCP knows none that does."""


class Proxy:
    """Passes connections on to a port of 127.0.0.1 until closed. `port` is where it listens."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._way = Way.GOOD
        self._changed = False
        self._stopping = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._ends: list[_End] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name=f"proxy {self.port}", daemon=True)
        self._thread.start()

    def set(self, way: Way) -> None:
        """Change what becomes of what is sent from now on. A connection that was cut, or missed something, is over."""
        self._way = way
        self._changed = True

    def close(self) -> None:
        """End all connections, and listen no more."""
        self._stopping.set()
        self._thread.join(10)
        self._listener.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._changed:
                self._changed = False
                for end in list(self._ends):
                    if self._way is Way.CUT or end.lossy:
                        self._end(end)
            for key, _ in self._selector.select(LOOK_SECONDS):
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._read(cast(_End, key.data))
            slow = self._way is Way.SLOW
            for end in list(self._ends):
                self._pass_on(end, SLOW_BYTES if slow else len(end.waiting))
            if slow:
                # So that "a few bytes at a time" is a few bytes in so much time, however much comes in.
                self._stopping.wait(LOOK_SECONDS)
        self._end_all()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            below, _ = self._listener.accept()
            below.setblocking(False)
            if self._way is Way.CUT:
                below.close()
                return
            lower = _End(below, up=True, lossy=self._way is Way.SWALLOWED)
            self._add(lower)
            if self._way is not Way.SWALLOWED:
                try:
                    above = socket.create_connection(("127.0.0.1", self._to), 1)
                except OSError:
                    self._end(lower)
                    return
                above.setblocking(False)
                upper = _End(above, up=False, other=lower)
                lower.other = upper
                self._add(upper)

    def _add(self, end: _End) -> None:
        self._ends.append(end)
        self._selector.register(end.socket, selectors.EVENT_READ, end)

    def _read(self, end: _End) -> None:
        if end not in self._ends:
            return
        try:
            heard = end.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self._pass_on(end, len(end.waiting))
            self._end(end)
        elif self._way is Way.SWALLOWED or (self._way is Way.HALF_OPEN and not end.up):
            end.lossy = True
        else:
            end.waiting += heard

    def _pass_on(self, end: _End, most: int) -> None:
        if not end.waiting or end.other is None:
            return
        try:
            sent = end.other.socket.send(end.waiting[:most])
        except BlockingIOError:
            return
        except OSError:
            self._end(end)
            return
        del end.waiting[:sent]

    def _end(self, end: _End) -> None:
        for each in (end, end.other):
            if each is not None and each in self._ends:
                self._ends.remove(each)
                self._selector.unregister(each.socket)
                each.socket.close()

    def _end_all(self) -> None:
        for end in list(self._ends):
            self._end(end)
