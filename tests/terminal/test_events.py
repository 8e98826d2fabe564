"""What one thread has another one do: in order, from signals, too, and no wait that has no end."""

from __future__ import annotations

import signal
import threading
import time

from terminal.events import Event, Events


def test_events_come_in_their_order_from_whichever_thread() -> None:
    events, done = Events(), list[int]()

    def call(number: int) -> Event:
        return lambda: done.append(number)

    def bring() -> None:
        for number in range(1000):
            events.put(call(number))

    thread = threading.Thread(target=bring)
    thread.start()
    while len(done) < 1000:
        if event := events.get(30):
            event()
    thread.join()
    assert done == [*range(1000)]
    assert events.get(0) is None


def test_however_short_a_wait_is_it_ends() -> None:
    """Also where it is over before it has begun, after something came: `queue.SimpleQueue` then waits for ever."""
    events, ended = Events(), threading.Event()

    def wait() -> None:
        for number in range(20_000):
            events.put(lambda: None)
            assert events.get(0) is not None
            assert events.get((number % 100 - 10) * 1e-7) is None
        ended.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    assert ended.wait(60)
    thread.join()


def test_a_wait_ends_when_something_comes_and_else_in_its_time() -> None:
    events = Events()
    timer = threading.Timer(0.05, lambda: events.put(lambda: None))
    began = time.monotonic()
    timer.start()
    while (event := events.get(60)) is None:
        assert time.monotonic() < began + 50
    assert event is not None
    began = time.monotonic()
    while time.monotonic() < began + 0.05:
        assert events.get(0.05) is None
    timer.join()


def test_a_signal_may_put_something_in_while_its_thread_takes_something_out() -> None:
    events, number = Events(), 0
    before = signal.signal(signal.SIGALRM, lambda *_: events.put(lambda: None))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        until = time.monotonic() + 60
        while number < 200:
            assert time.monotonic() < until
            number += events.get(0.01) is not None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_waits_can_be_let_go_of() -> None:
    events = Events()
    events.put(lambda: None)
    events.clear()
    assert events.get(0) is None
    assert events.get(0) is None
