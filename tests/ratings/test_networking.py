"""What a machine made from the image is told of its network: every mistake is told with what is allowed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from dashboard.authority import make_authority
from ratings.config import ConfigError, read
from ratings.networking import is_file_name, is_host

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC3uYl4l7uC1AqQm9E3XFq3mDhl1vDIuHsDsnMHsDsnM"
WIFI = "wifi_country = 'NO'\nwifi_name = 'a'\n"
FIXED = "address = '10.0.4.20/24'\n"


def blob(*parts: bytes) -> str:
    return base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


def rsa(bits: int) -> str:
    modulus = bytes(1) + bytes([255]) * (bits // 8)
    return f"ssh-rsa {blob(b'ssh-rsa', bytes([1, 0, 1]), modulus)}"


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("role = 'kiosk'", "role: Invalid enum value 'kiosk'", "both, dashboard, terminal"),
        ("[network]\nssid = 'a'", "[network]: unknown key 'ssid'", "host_name, wifi_country, wifi_name"),
        (f"[network]\n{WIFI.replace('NO', 'no')}", "[network] wifi_country: 'no' is no country", "such as NO"),
        (f"[network]\n{WIFI.replace('NO', 'NOR')}", "[network] wifi_country: 'NOR'", "two capital letters"),
        (f"[network]\n{WIFI.replace('NO', 'UK')}", "[network] wifi_country: 'UK' is no country (the", "such as NO"),
        ("[network]\nwifi_name = 'a'", "[network] wifi_country: missing", "without it the radio stays off"),
        ("[network]\nwifi_password = '12345678'", "[network] wifi_name: missing, but wifi_password", "name"),
        ("[network]\nwifi_hidden = true", "[network] wifi_name: missing, but wifi_hidden", "the network's name"),
        ("[network]\nwifi_name = ''", "[network] wifi_name: ", "a text of at most 32 characters"),
        (f"[network]\nwifi_country = 'NO'\nwifi_name = '{'æ' * 17}'", "[network] wifi_name: too long", "32 bytes"),
        ('[network]\nwifi_country = "NO"\nwifi_name = "a\\nb"', "[network] wifi_name: too long, or not", "32 bytes"),
        (f"[network]\n{WIFI}wifi_password = '1234567'", "[network] wifi_password: not one", "8 to 63"),
        (f"[network]\n{WIFI}wifi_password = 'blåbærsyltetøy'", "[network] wifi_password: not one", "no æ, ø, å"),
        (f"[network]\n{WIFI}wifi_password = '{'g' * 64}'", "[network] wifi_password: not one", "64 hexadecimal"),
        (f'[network]\n{WIFI}wifi_password = "12345678\\n"', "[network] wifi_password: not one", "8 to 63"),
        ("[network]\naddress = '10.0.4.20'", "[network] address: '10.0.4.20' is no address with a prefix", "/24"),
        ("[network]\naddress = '10.0.4.256/24'", "[network] address: '10.0.4.256/24' is no", "/24"),
        ("[network]\naddress = '10.0.4.0/24'", "[network] address: '10.0.4.0/24' is not one a machine", "/24"),
        ("[network]\naddress = '10.0.4.255/24'", "[network] address: ", "/24"),
        ("[network]\naddress = '127.0.0.1/8'", "[network] address: '127.0.0.1/8' is not one", "/24"),
        ("[network]\naddress = '224.0.0.1/24'", "[network] address: '224.0.0.1/24' is not one", "/24"),
        ("[network]\naddress = 'fe80::1%eth0/64'", "[network] address: ", "/24"),
        ("[network]\ngateway = '10.0.4.1'", "[network] gateway: given, but no address", "both, or neither"),
        (f"[network]\n{FIXED}gateway = 'router'", "[network] gateway: 'router' is no address", "192.168.1.1"),
        (f"[network]\n{FIXED}gateway = '10.0.5.1'", "[network] gateway: 10.0.5.1 is not beside", "10.0.4.0/24"),
        (f"[network]\n{FIXED}gateway = '10.0.4.20'", "[network] gateway: 10.0.4.20 is not beside", "another"),
        ("[network]\nname_servers = ['dns']", "[network] name_servers: 'dns' is no address", "192.168.1.1"),
        (
            "[network]\nname_servers = ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4']",
            "[network] name_servers: ",
            "0 to 3",
        ),
        ("[network]\nhost_name = 'Fjes_1'", "[network] host_name: 'Fjes_1' is not allowed", "without a dot"),
        ("[network]\nhost_name = '-a'", "[network] host_name: '-a'", "a–z, 0–9"),
        ("[network]\nproxy = 'proxy:3128'", "[network] proxy: not an address of a proxy", "http://proxy.example"),
        ("[network]\nproxy = 'http://p:99999'", "[network] proxy: not an address", "http://proxy.example"),
        ('[network]\nproxy = "http://p:1\\nX=1"', "[network] proxy: not an address", "http://proxy.example"),
        ("[network]\ncertificate_authority = 'a/b.pem'", "[network] certificate_authority: neither", "without folders"),
        ("[network]\ncertificate_authority = 'C:x.pem'", "[network] certificate_authority: neither", "ca.pem"),
        (
            "[network]\ncertificate_authority = '-----BEGIN CERTIFICATE-----'",
            "[network] certificate_authority: not a certificate",
            "-----END CERTIFICATE-----",
        ),
        ("[time]\nservers = ['ntp.example.org iburst']", "[time] servers: 'ntp.example.org iburst'", "ntp.example.org"),
        ("[time]\nservers = ['1.2.3']", "[time] servers: '1.2.3' is no host", "ntp.example.org"),
        ("[time]\nzone = 'x'", "[time]: unknown key 'zone'", "servers"),
        ("[ssh]\nauthorized_keys = ['ssh-ed25519 AAAA']", "[ssh] authorized_keys: number 1 is no public", ".pub"),
        (f"[ssh]\nauthorized_keys = ['{ED25519}', '{ED25519[:-4]}']", "[ssh] authorized_keys: number 2", ".pub"),
        (f"[ssh]\nauthorized_keys = ['no-pty {ED25519}']", "[ssh] authorized_keys: number 1", "nothing before it"),
        (f'[ssh]\nauthorized_keys = ["{ED25519}\\n{ED25519}"]', "[ssh] authorized_keys: number 1", ".pub"),
        (f"[ssh]\nauthorized_keys = ['{rsa(1024)}']", "[ssh] authorized_keys: number 1", "from 2048 bits on"),
        (
            "[ssh]\nauthorized_keys = ['-----BEGIN OPENSSH PRIVATE KEY-----']",
            "[ssh] authorized_keys: number 1 is a private key",
            "make another pair",
        ),
        ("[update]\nurl = 'ftp://example.org'", "[update] url: 'ftp://example.org' is no address", "https://"),
        ("[update]\nurl = 'https://a:b@example.org'", "[update] url: ", "without name, password"),
        ("[update]\nhour = 24", "[update] hour: ", "a whole number from 0 to 23"),
        (
            "[dashboard]\nbroker_username = 'a'",
            "[dashboard] broker_username and broker_password: only one",
            "both, or neither",
        ),
    ],
)
def test_an_error_names_the_key_and_what_is_allowed(text: str, key: str, allowed: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(text)
    problem = refused.value.problem
    assert problem.startswith(key), problem
    assert allowed in problem.removeprefix(key)
    assert refused.value.line is not None
    assert "\n" not in problem


def test_a_wifi_password_and_a_proxys_stand_in_no_error() -> None:
    for text in (f"[network]\n{WIFI}wifi_password = 'hunté2hunter2'", "[network]\nproxy = 'http://me:hunter2@'"):
        with pytest.raises(ConfigError) as refused:
            read(text)
        assert "hunt" not in str(refused.value)


def test_what_is_right_is_taken() -> None:
    authority = make_authority("broker.example", datetime(2026, 1, 1, tzinfo=UTC)).certificate.decode()
    config = read(
        f"""
        role = "both"
        [network]
        host_name = "fjes-1"
        wifi_country = "GB"
        wifi_name = "Æ ' # net"
        wifi_password = '{"0" * 63}f'
        address = "2001:db8::20/64"
        gateway = "fe80::1"
        name_servers = ["2001:db8::53", "9.9.9.9"]
        proxy = "http://me:a%20b@[2001:db8::1]:3128/"
        certificate_authority = \"\"\"
{authority}\"\"\"
        [time]
        servers = ["ntp.example.org.", "192.0.2.1"]
        [ssh]
        authorized_keys = ["{ED25519}", "{ED25519} kari@pc æ", "{rsa(2048)}"]
        [update]
        url = "https://example.org:8443/fjes/"
        hour = 0
        """
    )
    assert config.role == "both"
    assert len(config.ssh.authorized_keys) == 3
    assert read("[network]\naddress = '10.0.0.1/31'\ngateway = '10.0.0.0'").network.gateway == "10.0.0.0"


@pytest.mark.parametrize("name", ["ca.pem", "Kommune CA.cer", "a"])
def test_a_name_beside_the_file(name: str) -> None:
    assert is_file_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../a", "a/b", "a\\b", ".hidden", "a..b", "C:a", "a\0b", "x" * 101, "a\n"]
)
def test_what_is_no_name_beside_the_file(name: str) -> None:
    assert not is_file_name(name)


@pytest.mark.parametrize("text", ["a", "a.b", "a.b.", "a-b.example", "1.2.3.4", "::1", "x1"])
def test_hosts(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize("text", ["", ".", "a..b", "-a", "a_b", "a b", "1.2.3", "fe80::1%eth0", "a\n", "x" * 254])
def test_what_is_no_host(text: str) -> None:
    assert not is_host(text)
