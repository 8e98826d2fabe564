"""What may stand in `[network]`, `[time]`, `[ssh]` and `[update]`. Opens no connection and reads no file.

All of it ends up in files of other programs: whatever could be read there as more than one value is not allowed.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ratings.sections import Network, Ssh, Time, Update

# ISO 3166-1 alpha-2, as of 2024: the kernel's wireless regulations go by these.
COUNTRIES = frozenset(
    re.findall(
        "[A-Z]{2}",
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW "
        "BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI "
        "FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN "
        "IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
        "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF "
        "PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE "
        "YT ZA ZM ZW",
    )
)

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_PASSPHRASE = re.compile(r"[ -~]{8,63}")
_RAW_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_PROXY = re.compile(
    r"https?://([A-Za-z0-9._~%!*+=-]+(:[A-Za-z0-9._~%!*+=-]*)?@)?(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])"
    r"(:(?P<port>[0-9]{1,5}))?/?"
)
_URL = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[A-Za-z0-9._~%/+=-]*)?"
)
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]{0,99}")
_KEY = re.compile(r"(?P<kind>[a-z0-9@.-]+) (?P<key>[A-Za-z0-9+/]+={0,2})(?P<comment> [^\x00-\x1f\x7f]*)?")

KEY_KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
LEAST_RSA_BYTES = 256
"""2048 bits: OpenSSH refuses less than 1024, and BSI and NIST less than this."""


def is_host(text: str) -> bool:
    """Whether a text is the name of a host, or an address."""
    if is_address(text):
        return True
    # All numbers would be an address, and it is none.
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address, without prefix and zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_file_name(text: str) -> bool:
    """Whether a text is the name of a file in the same folder, as FAT has it."""
    return _FILE.fullmatch(text) is not None and ".." not in text


def problem(network: Network, time: Time, ssh: Ssh, update: Update) -> str | None:
    """What is wrong with the four sections. The first problem found, or None. Never shows a secret."""
    return (
        _wifi_problem(network)
        or _address_problem(network)
        or _name_problem(network)
        or _reach_problem(network)
        or _time_problem(time)
        or _ssh_problem(ssh)
        or _update_problem(update)
    )


def _wifi_problem(network: Network) -> str | None:
    country, name, password = network.wifi_country, network.wifi_name, network.wifi_password
    if country is not None and country not in COUNTRIES:
        hint = " (the United Kingdom is GB)" if country == "UK" else ""
        return f"[network] wifi_country: {country!r} is no country{hint}; allowed: two capital letters, such as NO"
    if name is None:
        given = "wifi_password" if password is not None else "wifi_hidden" if network.wifi_hidden else None
        return f"[network] wifi_name: missing, but {given} is given; allowed: the network's name" if given else None
    if len(name.encode()) > 32 or not name.isprintable():
        return "[network] wifi_name: too long, or not to be read; allowed: the network's name, at most 32 bytes"
    if country is None:
        return (
            "[network] wifi_country: missing, but wifi_name is given; allowed: the country in which it hangs, "
            "such as NO: without it the radio stays off"
        )
    if password is not None and not (_PASSPHRASE.fullmatch(password) or _RAW_KEY.fullmatch(password)):
        return (
            "[network] wifi_password: not one that Wi-Fi can have; allowed: 8 to 63 letters, digits and signs of "
            "ASCII (no æ, ø, å), or a key of 64 hexadecimal digits"
        )
    return None


def _address_problem(network: Network) -> str | None:
    allowed = 'an address and its prefix, such as "192.168.1.20/24"'
    for each in network.name_servers:
        if not is_address(each):
            return f'[network] name_servers: {each!r} is no address; allowed: addresses, such as "192.168.1.1"'
    if network.address is None:
        return "[network] gateway: given, but no address; allowed: both, or neither" if network.gateway else None
    try:
        own = ipaddress.ip_interface(network.address)
    except ValueError:
        own = None
    if own is None or "/" not in network.address or "%" in network.address:
        return f"[network] address: {network.address!r} is no address with a prefix; allowed: {allowed}"
    net = own.network
    edge = net.prefixlen < net.max_prefixlen - 1 and own.ip in (net.network_address, net.broadcast_address)
    if edge or own.ip.is_loopback or own.ip.is_multicast or own.ip.is_unspecified or net.prefixlen == 0:
        return f"[network] address: {network.address!r} is not one a machine can have; allowed: {allowed}"
    if network.gateway is None:
        return None
    if not is_address(network.gateway):
        return f'[network] gateway: {network.gateway!r} is no address; allowed: an address, such as "192.168.1.1"'
    gateway = ipaddress.ip_address(network.gateway)
    near = gateway in net or (gateway.version == 6 == own.version and gateway.is_link_local)
    if not near or gateway == own.ip:
        return (
            f"[network] gateway: {network.gateway} is not beside {network.address}; allowed: another address of {net}"
        )
    return None


def _name_problem(network: Network) -> str | None:
    name = network.host_name
    if name is None or (_LABEL.fullmatch(name) and name == name.lower() and not name.isdigit()):
        return None
    return f"[network] host_name: {name!r} is not allowed; allowed: a–z, 0–9 and hyphens, at most 63, without a dot"


def _reach_problem(network: Network) -> str | None:
    if network.proxy is not None and not _is_url(_PROXY, network.proxy):
        # Not shown: there may be a password in it.
        return '[network] proxy: not an address of a proxy; allowed: such as "http://proxy.example.org:3128"'
    authority = network.certificate_authority
    if authority is None or is_file_name(authority) or "-----BEGIN" in authority:
        return None  # Whether it is a certificate is seen where it is read.
    return (
        "[network] certificate_authority: neither a certificate nor a file's name; allowed: the text of the "
        'certificate (PEM) in """, or the name of a file beside fjes.toml, such as "ca.pem", without folders'
    )


def _is_url(pattern: re.Pattern[str], text: str) -> bool:
    match = pattern.fullmatch(text)
    if match is None or not 1 <= int(match["port"] or 1) <= 65535:
        return False
    return is_host(match["host"].strip("[]"))


def _time_problem(time: Time) -> str | None:
    for each in time.servers:
        if not is_host(each):
            return f'[time] servers: {each!r} is no host; allowed: names or addresses, such as "ntp.example.org"'
    return None


def _ssh_problem(ssh: Ssh) -> str | None:
    for number, each in enumerate(ssh.authorized_keys, start=1):
        if "PRIVATE KEY" in each:
            return (
                f"[ssh] authorized_keys: number {number} is a private key, which must not leave your machine: make "
                "another pair; allowed: the line in the file that ends in .pub"
            )
        if not _is_key(each):
            return (
                f"[ssh] authorized_keys: number {number} is no public key; allowed: the line in the file that ends in "
                ".pub, such as ssh-ed25519 AAAA…, with nothing before it (ssh-rsa from 2048 bits on)"
            )
    return None


def _is_key(text: str) -> bool:
    match = _KEY.fullmatch(text)
    if match is None or match["kind"] not in KEY_KINDS:
        return False
    try:
        content = base64.b64decode(match["key"], validate=True)
        parts = list(_parts(content))
    except (binascii.Error, ValueError):
        return False
    if not parts or parts[0] != match["kind"].encode():
        return False
    least = {"ssh-ed25519": 2, "sk-ssh-ed25519@openssh.com": 3, "sk-ecdsa-sha2-nistp256@openssh.com": 4}
    if len(parts) != least.get(match["kind"], 3):
        return False
    if match["kind"] == "ssh-ed25519":
        return len(parts[1]) == 32
    return match["kind"] != "ssh-rsa" or len(parts[2].lstrip(b"\0")) >= LEAST_RSA_BYTES


def _parts(content: bytes) -> list[bytes]:
    """The strings of a key's blob, each after its length (RFC 4253, 6.6). Raises ValueError."""
    found = []
    while content:
        length = int.from_bytes(content[:4], "big")
        if len(content) < 4 + length:
            raise ValueError("cut off")
        found.append(content[4 : 4 + length])
        content = content[4 + length :]
    return found


def _update_problem(update: Update) -> str | None:
    if update.url is not None and not _is_url(_URL, update.url):
        return (
            f"[update] url: {update.url!r} is no address; "
            'allowed: such as "https://fjes.example.org/updates/", without name, password, ? and #'
        )
    return None
