"""Whether the pages answer: asked by themselves, as a browser asks, for systemd's watchdog.

That a server's loop turns says little where all of its threads are stuck. So a small file is asked for over the
network, and only an answer is told. It needs no database: what is wrong with that is for `/healthz` to say, and no
restart mends it. Knows no page.
"""

from __future__ import annotations

import http.client
import logging
import ssl
import threading

from ratings.config import Dashboard
from ratings.watchdog import Watchdog

log = logging.getLogger("fjes.web")

PATH = "/static/fjes.css"
ANSWER_SECONDS = 20.0
"""So long may an answer take: pages that draw a year keep others waiting."""
SOON_SECONDS = 0.2
"""Between two questions until the first answer."""


def watch(settings: Dashboard, watchdog: Watchdog, *, port: int | None = None) -> threading.Event:
    """Ask from now on, in a thread of its own, and tell the watchdog of answers. Where there is none, do nothing.

    `port` where it is not the settings' own. Ends when the event is set that it returns.
    """
    stopping = threading.Event()
    if watchdog.is_wanted:
        asked = Asked(settings, port or settings.port)
        threading.Thread(target=_ask, args=(asked, watchdog, stopping), name="awake", daemon=True).start()
    return stopping


class Asked:
    """The pages' own address."""

    def __init__(self, settings: Dashboard, port: int) -> None:
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)  # noqa: S104
        self._port = port
        self._context: ssl.SSLContext | None = None
        if settings.certificate is not None:
            # It asks itself, and learns nothing: whose certificate that is does not matter.
            self._context = ssl.create_default_context()
            self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE

    def answers(self) -> bool:
        """Whether there is an answer in time."""
        to: http.client.HTTPConnection
        if self._context is not None:
            to = http.client.HTTPSConnection(self._host, self._port, timeout=ANSWER_SECONDS, context=self._context)
        else:
            to = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_SECONDS)
        try:
            to.request("GET", PATH)
            answer = to.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            to.close()
        return answer.status < 500


def _ask(asked: Asked, watchdog: Watchdog, stopping: threading.Event) -> None:
    answered = False
    while not stopping.is_set():
        if asked.answers():
            watchdog.turned()
            answered = True
        elif answered:
            log.warning("the pages did not answer themselves within %d seconds", ANSWER_SECONDS)
        if answered and watchdog.rest is None:
            return
        stopping.wait(watchdog.rest or SOON_SECONDS if answered else SOON_SECONDS)
