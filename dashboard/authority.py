"""Certificates: an authority of one's own, the broker's certificate from it, and whether given ones do.

Makes and checks bytes (PEM); knows no folder and no broker. Elliptic curve P-256, which every board speaks fast.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ratings import tls

AUTHORITY_DAYS = 25 * 365
"""Longer than the terminals last: with a new authority, every card needs a new file."""
SERVER_DAYS = 5 * 365
EARLIER = timedelta(days=2)
"""So much before it is made a certificate is valid already: clocks differ."""


class AuthorityError(Exception):
    """Certificates that cannot be made or used; the text says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and its certificate (with those between it and the authority), both PEM."""

    key: bytes
    certificate: bytes

    @property
    def both(self) -> bytes:
        """One file with both, so that a renewal is never half done."""
        return self.key + self.certificate


def make_authority(name: str, now: datetime) -> Pair:
    """A new authority that signs servers' certificates and nothing else; `now` is aware."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Fjes broker authority, {name}"[:64])])
    certificate = (
        _begun(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Pair(_pem(key), certificate.public_bytes(serialization.Encoding.PEM))


def issue(authority: Pair, hosts: Sequence[str], now: datetime) -> Pair:
    """A new key, and a certificate for a server of these names and addresses. Raises AuthorityError."""
    names = [_general_name(host) for host in hosts]
    try:
        parent = x509.load_pem_x509_certificate(authority.certificate)
        signer = serialization.load_pem_private_key(authority.key, None)
    except (ValueError, TypeError) as error:
        raise AuthorityError(f"the authority's key or certificate cannot be read ({error})") from None
    if not isinstance(signer, ec.EllipticCurvePrivateKey) or signer.public_key() != parent.public_key():
        raise AuthorityError("the authority's key does not fit its certificate; restore both from the same backup")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
    certificate = (
        _begun(subject, parent.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return Pair(_pem(key), certificate.public_bytes(serialization.Encoding.PEM))


def hosts_of(certificate: bytes) -> list[str]:
    """The names and addresses that a server's certificate (PEM) is for, in its order."""
    read = x509.load_pem_x509_certificate(certificate)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in names if isinstance(each, x509.DNSName | x509.IPAddress)]


def check(ca: Path, certificate: Path, key: Path, hosts: Sequence[str]) -> None:
    """See that a broker with these files is believed under each name by who trusts `ca`. Raises AuthorityError.

    By a handshake in memory, with the very code that terminals use: what passes here, passes there.
    """
    for what, path in (("--ca", ca), ("--certificate", certificate), ("--key", key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise AuthorityError(f"{what}: {path} cannot be read ({error.strerror})") from None
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(certificate, key, _no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise AuthorityError(f"--key: {key} does not fit the certificate in {certificate}") from None
        raise AuthorityError(
            f"--certificate, --key: {certificate} and {key} are not a certificate and its key ({error.reason}); "
            "allowed: PEM, the server's own certificate first, then those between it and the authority"
        ) from None
    client = tls.trusting()
    try:
        client.load_verify_locations(cafile=ca)
    except ssl.SSLError as error:
        raise AuthorityError(f"--ca: {ca} is not a certificate (PEM) ({error.reason})") from None
    for host in hosts:
        try:
            _shake_hands(client, server, host)
        except ssl.SSLError as error:
            raise AuthorityError(f"--certificate: {tls.explain(error, host)}") from None


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for end in list(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            ends.remove(end)
        if not ends:
            return
    raise ssl.SSLError("the handshake does not end")


def _no_passphrase() -> str:
    raise AuthorityError(
        "--key: it is protected by a passphrase, which nobody is there to type when the broker starts; "
        "give it without: openssl pkey -in KEY -out PLAIN"
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        plain = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if not all(label.replace("-", "").isalnum() and label[0] != "-" and label[-1] != "-" for label in labels):
        raise AuthorityError(f"--host: {host!r} is not a name or an address; allowed: broker.example.org or 192.0.2.1")
    return x509.DNSName(plain)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
