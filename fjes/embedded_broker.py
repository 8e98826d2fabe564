"""The broker of the demo: amqtt, in a process of its own, on 127.0.0.1 and a free port, open to this machine only.

It keeps nothing on disk and asks for no password: for anything but the demo, use mosquitto. Two habits of amqtt 0.12
that are harmless here: a last will may follow a clean goodbye (ours say the same), and a newcomer is also sent what is
retained on topics that others have subscribed to (so whoever listens leaves other topics alone).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import signal
import socket
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

HOST = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 20.0, 10.0


class BrokerError(Exception):
    """The broker did not start; the text says why."""


@contextlib.contextmanager
def running() -> Iterator[int]:
    """Run the broker in a child process; gives its port. Raises BrokerError."""
    # A fresh interpreter: a fork would copy the window, the threads and the locks of the demo.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs,), name="fjes-broker", daemon=True)
    process.start()
    theirs.close()
    try:
        try:
            said = ours.recv() if ours.poll(START_SECONDS) else "it did not answer in time"
        except EOFError:
            said = "it ended at once"
        if not isinstance(said, int):
            raise BrokerError(f"the embedded broker did not start: {said}; end what holds the ports, or try again")
        yield said
    finally:
        ours.close()  # What it waits for.
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def main(port_pipe: Connection) -> None:
    """Entry of the child process: sends its port when ready, ends when the other end of the pipe is closed or dies."""
    # Ctrl-C reaches every process of the demo; the broker stays until the others have said goodbye.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("amqtt", "transitions", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(_serve(port_pipe))


async def _serve(port_pipe: Connection) -> None:
    from amqtt.broker import Broker
    from amqtt.contexts import BrokerConfig, ListenerConfig
    from amqtt.errors import AMQTTError

    port = _free_port()
    broker = Broker(
        BrokerConfig(
            listeners={"default": ListenerConfig(bind=f"{HOST}:{port}", max_connections=100)},
            plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        )
    )
    try:
        await broker.start()
    except (AMQTTError, OSError) as error:
        port_pipe.send(str(error))
        return
    port_pipe.send(port)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    threading.Thread(target=_watch, args=(port_pipe, loop, ended), daemon=True).start()
    await ended.wait()
    with contextlib.suppress(AMQTTError, OSError):
        await asyncio.wait_for(broker.shutdown(), STOP_SECONDS / 2)


def _watch(port_pipe: Connection, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Wait for the other end to close: also when its process was killed."""
    with contextlib.suppress(EOFError, OSError):
        port_pipe.recv()
    with contextlib.suppress(RuntimeError):  # The loop may be over already.
        loop.call_soon_threadsafe(ended.set)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
