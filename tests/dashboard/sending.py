"""A process that sends what is due, as the pages' process does, and can be killed: `python -m tests.dashboard.sending`.

Arguments: the database's URL, and a fjes.toml. It goes on until it has been told or killed; nothing else is in it.
"""

import sys
from pathlib import Path

from dashboard import every_minute, store
from dashboard.mail.post import Post
from ratings import config

if __name__ == "__main__":
    engine = store.open_engine(sys.argv[1])
    every_minute.EVERY_SECONDS = 0.05
    running = Post(engine, config.load(Path(sys.argv[2])).mail)
    running.start()
    print("begun", flush=True)  # noqa: T201
    sys.stdin.read()
