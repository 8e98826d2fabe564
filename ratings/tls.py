"""TLS as both ends speak it to the broker: whom they trust, and in words what is wrong when it fails.

Knows `[broker]` of the configuration and Python's `ssl`; opens no connection.
"""

from __future__ import annotations

import socket
import ssl

from ratings.config import Broker, ConfigError


def trusting() -> ssl.SSLContext:
    """A client's context that trusts nobody yet: TLS 1.2 or newer, certificate and name are checked.

    Alike on every Python: `ssl.create_default_context` asks more of certificates from 3.13 on.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def context(broker: Broker) -> ssl.SSLContext | None:
    """What to connect with; None without TLS. Raises ConfigError, naming the key that cannot be used."""
    if not broker.tls:
        return None
    made = trusting()
    if broker.ca_text is not None:
        made.load_verify_locations(cadata=broker.ca_text)
    elif broker.ca is None:
        made.load_default_certs()
    else:
        try:
            made.load_verify_locations(cafile=broker.ca)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(
                f"[broker] ca: {broker.ca} cannot be used ({error.strerror}); "
                "allowed: a file with the authority's certificate (PEM) that this user may read"
            ) from None
    return made


# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64


def explain(error: Exception, where: str) -> str:
    """What an error in connecting means and what to do; `where` is the broker's host and port."""
    match error:
        case ssl.SSLCertVerificationError(verify_code=code) if code == _NOT_YET:
            return (
                f"the certificate of the broker at {where} is not valid yet by this machine's clock. Most likely the "
                "clock is wrong, and this passes once it is set: see that a time server can be reached"
            )
        case ssl.SSLCertVerificationError(verify_code=code) if code == _EXPIRED:
            return (
                f"the certificate of the broker at {where} has expired by this machine's clock. If the clock is right, "
                "renew it there: fjes dashboard broker init --renew"
            )
        case ssl.SSLCertVerificationError(verify_code=code) if code in (_OTHER_NAME, _OTHER_ADDRESS):
            return (
                f"the certificate of the broker at {where} is for other names. Set [broker] host to a name that is in "
                "it, or renew it with this one: fjes dashboard broker init --renew --host"
            )
        case ssl.SSLCertVerificationError():
            return (
                f"the certificate of the broker at {where} is not from the authority that is trusted here "
                f"({error.verify_message}). Check [broker] ca_text or ca, and that it is your broker that answers there"
            )
        case ssl.SSLError():
            return (
                f"no TLS with what answers at {where} ({error.reason or error.strerror}). "
                "Check [broker] port and tls, and that the broker speaks TLS there"
            )
        case socket.gaierror():
            return (
                f"the name of the broker at {where} cannot be found ({error.strerror}). "
                "Check [broker] host, the network and its name server (DNS)"
            )
        case _:
            return (
                f"no broker answers at {where} ({error}). Check that it runs, [broker] host and port, and the network"
            )
