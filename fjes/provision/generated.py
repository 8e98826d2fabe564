"""The files of other programs that follow from `fjes.toml`: for networkd, wpa_supplicant, timesyncd, sshd. Writes none.

Every value was checked before (`ratings/networking.py`): none can be read as more than one line or word.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ratings.config import Config

ZONES = Path("/usr/share/zoneinfo")
BUNDLE = "ca-certificates.crt"

ALL = 0o644
SERVICES = 0o640
ROOT = 0o600


@dataclass(frozen=True, slots=True)
class File:
    """A file below the folder `root`; `link` is where a symbolic link leads, instead of a content."""

    root: Literal["run", "systemd"]
    name: str
    content: str = ""
    mode: int = ALL
    link: Path | None = None


NAMES: tuple[tuple[Literal["run", "systemd"], str], ...] = (
    ("run", "fjes.toml"),
    ("run", "problem.json"),
    ("run", "hostname"),
    ("run", "localtime"),
    ("run", "environment"),
    ("run", BUNDLE),
    ("run", "wifi.conf"),
    ("run", "ssh/authorized_keys"),
    ("run", "wanted"),
    ("systemd", "network/20-fjes-cable.network"),
    ("systemd", "network/30-fjes-wifi.network"),
    ("systemd", "timesyncd.conf.d/fjes.conf"),
)
"""All that there may be: what does not follow from the file any more is removed."""


def host_name(config: Config) -> str:
    """What the machine is called in the network."""
    return config.network.host_name or f"fjes-{config.terminal.id}"[:63].strip("-")


def files(config: Config, run: Path, *, authority: str | None, usual: str) -> list[File]:
    """What follows from a configuration. `authority` is trusted beside the `usual` ones (PEM), at `run`."""
    network = config.network
    found = [
        File("run", "hostname", f"{host_name(config)}\n"),
        File("run", "localtime", link=ZONES / config.terminal.timezone),
        File("run", "environment", _environment(config, run, own=authority is not None), ROOT),
        File("systemd", "network/20-fjes-cable.network", _network(config, wifi=False)),
        File("systemd", "network/30-fjes-wifi.network", _network(config, wifi=True)),
    ]
    if authority is not None:
        found.append(File("run", BUNDLE, f"{usual.rstrip()}\n{authority.strip()}\n".lstrip()))
    if network.wifi_name is not None:
        found.append(File("run", "wifi.conf", _wifi(config), ROOT))
    if config.time.servers:
        found.append(File("systemd", "timesyncd.conf.d/fjes.conf", f"[Time]\nNTP={' '.join(config.time.servers)}\n"))
    if config.ssh.authorized_keys:
        found.append(File("run", "ssh/authorized_keys", "".join(f"{key}\n" for key in config.ssh.authorized_keys)))
    return found


def wanted(config: Config) -> list[str]:
    """The units to be started."""
    found = {
        "terminal": ["fjes-terminal.target"],
        "dashboard": ["fjes-dashboard.target"],
        "both": ["fjes-terminal.target", "fjes-dashboard.target"],
    }[config.role]
    return [*found, "ssh.service"] if config.ssh.authorized_keys else found


def _network(config: Config, *, wifi: bool) -> str:
    """A `.network` file: how a cable, or Wi-Fi, gets its address. A cable is better where there are both."""
    network, name = config.network, host_name(config)
    fixed = network.address if (network.wifi_name is not None) == wifi else None
    metric = 600 if wifi else 100
    lines = ["[Match]", f"Type={'wlan' if wifi else 'ether'}"]
    if not wifi:
        lines.append("Kind=!*")  # What is there in hardware.
    lines += ["", "[Link]", "RequiredForOnline=no", "", "[Network]"]
    if fixed is None:
        lines.append("DHCP=yes")
    else:
        lines += [f"DHCP={'ipv4' if ':' in fixed else 'no'}", f"Address={fixed}"]
    lines += [f"DNS={each}" for each in network.name_servers]
    if wifi:
        lines.append("IgnoreCarrierLoss=3s")
    use = "no" if network.name_servers else "yes"
    # By the card's address, not by the machine's id: a copied card must not take the first one's address, and it is
    # what a DHCP server's reservations go by.
    lines += ["", "[DHCPv4]", "ClientIdentifier=mac", f"Hostname={name}", f"RouteMetric={metric}", f"UseDNS={use}"]
    lines += ["", "[DHCPv6]", "DUIDType=link-layer", f"UseDNS={use}"]
    lines += ["", "[IPv6AcceptRA]", f"RouteMetric={metric}", f"UseDNS={use}"]
    if fixed is not None and network.gateway is not None:
        lines += ["", "[Route]", f"Gateway={network.gateway}", f"Metric={metric}"]
    return "\n".join(lines) + "\n"


def _wifi(config: Config) -> str:
    """What wpa_supplicant goes by: WPA2, and WPA3 where the card and the network can.

    Name and password are in hexadecimal digits, so that nothing in them can be more than that: between quotes, some
    passwords with a " and a # in them are not read to their end.
    """
    network = config.network
    assert network.wifi_name is not None
    name = network.wifi_name.encode()
    lines = [f"country={network.wifi_country}", "network={", f"    ssid={name.hex()}"]
    if network.wifi_hidden:
        lines.append("    scan_ssid=1")
    password = network.wifi_password
    if password is None:
        lines.append("    key_mgmt=NONE")
    elif re.fullmatch("[0-9A-Fa-f]{64}", password):
        lines += [f"    psk={password}", "    key_mgmt=WPA-PSK WPA-PSK-SHA256"]
    else:
        key = hashlib.pbkdf2_hmac("sha1", password.encode(), name, 4096, 32)  # IEEE 802.11, J.4.1
        lines += [f"    psk={key.hex()}", f"    sae_password={password.encode().hex()}"]
        lines += ["    key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE", "    ieee80211w=1"]
    return "\n".join([*lines, "}"]) + "\n"


def _environment(config: Config, run: Path, *, own: bool) -> str:
    """What services get into their environment: the proxy, and whom to trust."""
    lines = []
    if (proxy := config.network.proxy) is not None:
        lines += [f'{name}="{proxy}"' for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")]
        lines += [f'{name}="localhost,127.0.0.1,::1"' for name in ("NO_PROXY", "no_proxy")]
    if own:
        bundle = run / BUNDLE
        lines += [f'{name}="{bundle}"' for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")]
    return "".join(f"{line}\n" for line in lines)
