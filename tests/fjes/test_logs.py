"""The log: as text or as JSON, without anybody's name, address, or what they asked for."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fjes.logs import JsonLines
from tests.conftest import listens
from tests.dashboard.conftest import sqlite as sqlite
from tests.dashboard.filling import Filling


def test_a_line_is_an_object() -> None:
    record = logging.LogRecord("dashboard.ingest", logging.WARNING, "x.py", 1, "no %s\n«ø»", ("broker",), None)
    line = JsonLines().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert found.keys() == {"time", "level", "room", "text"}
    assert (found["level"], found["room"], found["text"]) == ("warning", "dashboard.ingest", "no broker\n«ø»")
    assert abs(datetime.fromisoformat(found["time"]) - datetime.now(UTC)).total_seconds() < 60


def test_a_bug_has_its_trace() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "oh", (), sys.exc_info())
    assert "ValueError: broken" in json.loads(JsonLines().format(record))["trace"]


def test_what_the_pages_log_is_json_and_tells_of_nobody(
    sqlite: Filling, tmp_path: Path, free_port: int, wait_for: Callable[..., None]
) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (1, 2, 30, 40))
    config = tmp_path / "fjes.toml"
    config.write_text(f'[dashboard]\ndatabase = "{sqlite.engine.url}"\nport = {free_port}\n')
    sqlite.engine.dispose()
    command = [sys.executable, "-m", "fjes", "dashboard", "web", "--log", "json", "--config", str(config)]
    origin = f"http://127.0.0.1:{free_port}"
    here = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "198.51.100.7"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: listens(free_port) or process.poll() is not None, "the page to be served")
            for address, sent in (
                ("/sign-in?next=/secret-place", b"name=Kari&password=secret-word"),
                ("/site-1?question=secret-question", None),
                ("/api/v1/months?place=secret-thing", None),
                ("/nothing?x=secret", None),
            ):
                asked = urllib.request.Request(origin + address, sent, here | {"Authorization": "Bearer secret-token"})
                with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(asked, timeout=20) as answer:
                    answer.read()
            # Now something is wrong, which is worth a line: somebody took a table away.
            with contextlib.closing(sqlite3.connect(str(sqlite.engine.url.database))) as other:
                other.execute("DROP TABLE person_site")
                other.execute("ALTER TABLE person RENAME TO people")
            with contextlib.suppress(urllib.error.HTTPError):
                sent = b"name=Kari&password=secret-word"
                asked = urllib.request.Request(f"{origin}/sign-in?next=secret", sent, here)
                urllib.request.urlopen(asked, timeout=20).close()
        finally:
            process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    lines = [json.loads(line) for line in err.splitlines() if not line.startswith("Nobody can sign in yet")]
    (wrong,) = lines
    assert (wrong["level"], wrong["room"]) == ("error", "dashboard.web")
    assert wrong["text"] == "Exception on /sign-in [POST]"
    assert "no such table" in wrong["trace"]
    for word in ("secret", "Kari", "198.51.100.7", "127.0.0.1"):
        assert word not in err
