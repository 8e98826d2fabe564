"""What stands in the files of the broker's folder: mosquitto's configuration, who may do what, and parts of fjes.toml.

Only texts; knows no password but the one it is given to write down.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ratings.config import Broker
from ratings.wire import DASHBOARD, MOST_BYTES, topic

if TYPE_CHECKING:
    from dashboard.broker import Folder, Wishes

_PACKET_BYTES = MOST_BYTES + 1024
"""A whole batch with its topic and header."""


def configuration(folder: Folder, wishes: Wishes) -> str:
    """mosquitto.conf, whole: nothing of Debian's own is read beside it. For mosquitto 2.0.11 and newer."""
    address = f" {wishes.address}" if wishes.address else ""
    return f"""\
# Made by `fjes dashboard broker init`, which never writes it again: change what you need.
# What each line means: man mosquitto.conf; what it is for: docs/broker.md of Fjes.

# TLS only: there is no other listener. Key and certificate are in one file, so that a renewal is never half done.
listener {wishes.port}{address}
certfile {folder.server}
keyfile {folder.server}
tls_version tlsv1.2
# Who logs in twice ends its own first connection; nobody can take another's place by its client id.
use_username_as_clientid true
max_connections {wishes.connections}

# Small packets go at once, instead of waiting for the answer to the one before: a batch is under way alone.
set_tcp_nodelay true

# Only who has a login, and only what {folder.access.name} allows.
allow_anonymous false
password_file {folder.passwords}
acl_file {folder.access}

# Limits. A batch of tables has at most {MOST_BYTES} bytes; a larger packet ends the connection.
max_packet_size {_PACKET_BYTES}
max_queued_messages 1000
max_queued_bytes 67108864
max_inflight_messages 20
max_keepalive 600
memory_limit 268435456
persistent_client_expiration 1d
# Nothing about the broker itself for anybody to read.
sys_interval 0

# Retained messages (each terminal's last status and configuration) outlive a restart.
persistence true
persistence_location {folder.state}/
autosave_interval 300

user {wishes.user}
pid_file {folder.pid}

# To the journal. Never a payload; `debug` is what tells of refused messages, and `subscribe` who listens to what.
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
log_type subscribe
log_type debug
"""


def access(dashboard: str) -> str:
    """The access file: patterns for everyone, since a terminal's login is its id, and the dashboard's user."""
    return f"""\
# Who may do what; all else is refused. %u is the login, and a terminal's login is its id.
pattern write {_of("%u", "tables")}
pattern write {_of("%u", "status")}
pattern read {_of("%u", "ack")}
pattern read {_of("%u", "config")}

# Whether the dashboard is there is for all terminals (and %u is not in it, which mosquitto mentions at its start).
pattern read {DASHBOARD}

# The dashboard takes in and answers. It may also write where terminals do: to clear what a revoked one has left.
user {dashboard}
topic readwrite {topic("+", "tables")}
topic readwrite {topic("+", "status")}
topic write {topic("+", "ack")}
topic write {topic("+", "config")}
topic readwrite {DASHBOARD}
"""


def _of(user: str, kind: str) -> str:
    return f"fjes/v1/{user}/{kind}"


def section(broker: Broker) -> str:
    """`[broker]` of a fjes.toml."""
    lines = ["[broker]", f"host = {quoted(broker.host)}", f"port = {broker.port}", f"tls = {str(broker.tls).lower()}"]
    if broker.username is not None and broker.password is not None:
        lines += [f"username = {quoted(broker.username)}", f"password = {quoted(broker.password)}"]
    if broker.ca is not None:
        lines.append(f"ca = {quoted(str(broker.ca))}")
    if broker.ca_text is not None:
        # Certificates alone: what else may stand in such a file could mean something to TOML.
        found = re.findall(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", broker.ca_text)
        pem = "".join(each.replace("\r", "") + "\n" for each in found)
        lines += ["# The authority that vouches for the broker.", f'ca_text = """\n{pem}"""']
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A string as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def for_terminals(broker: Broker) -> str:
    """What the file of every terminal says of the broker. Nothing in it is secret."""
    return (
        "# What the file of every terminal says of the broker: `fjes dashboard terminal add` copies it from here.\n"
        "# Should the broker move, change host or port here, and reissue the terminals' files.\n\n" + section(broker)
    )


def for_dashboard(broker: Broker, user: str, password: str, folder: Path) -> str:
    """What the dashboard's own fjes.toml says of the broker. It holds a password."""
    from msgspec import structs

    login = structs.replace(broker, username=user, password=password)
    return (
        "# For the dashboard's own fjes.toml; it holds the dashboard's password, which stands nowhere else.\n"
        "# Put both sections there, then remove this file.\n\n"
        f"{section(login)}\n[dashboard]\nbroker = {quoted(str(folder))}\n"
    )
