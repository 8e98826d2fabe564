"""What the Chromium page posts to, as many a web kiosk has it: Flask, waitress, one SQLite row a tap, on the disk when
it is answered. `python -m bench.page_server FOLDER`.

Says its port, then the time at which each page was first painted. Ends with its standard input. A yardstick only:
Fjes itself never keeps a row for a tap.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from pathlib import Path

from flask import Flask, request
from waitress import create_server  # type: ignore[import-untyped]


def make_app(database: Path) -> Flask:
    app = Flask("page")
    page = Path(__file__).with_name("page.html").read_text("utf-8")
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS tap (id INTEGER PRIMARY KEY, score INTEGER NOT NULL)")
    one_at_a_time = threading.Lock()

    @app.get("/")
    def show() -> str:
        return page

    @app.post("/tap")
    def tap() -> tuple[str, int]:
        with one_at_a_time:
            connection.execute("INSERT INTO tap (score) VALUES (?)", (int(request.get_data()),))
        return "", 204

    @app.post("/painted")
    def painted() -> tuple[str, int]:
        print(json.dumps(float(request.get_data()) / 1000), flush=True)
        return "", 204

    return app


def main(folder: Path) -> None:
    server = create_server(make_app(folder / "taps.db"), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    print(json.dumps(server.effective_port), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
