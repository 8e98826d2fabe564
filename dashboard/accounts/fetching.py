"""What is fetched from the provider: within seconds, not more than it should be, and never from anywhere else."""

from __future__ import annotations

import io
import ssl
import time
from pathlib import Path
from typing import Any

import requests

TIMEOUT_SECONDS = 5.0
"""For a connection, for each piece of an answer, and for all of it."""
MOST_BYTES = 512 * 1024
"""Keys and what a provider says of itself are a few thousand."""


def bounded(response: requests.Response, *_: Any, **__: Any) -> None:
    """Read an answer to its end here, where it can be cut off: a hook of `requests`. Raises its errors.

    Redirects are not followed: what is sent along is for nobody else.
    """
    if response.is_redirect:
        response.close()
        raise requests.TooManyRedirects("a redirect, which is not followed")
    until = time.monotonic() + TIMEOUT_SECONDS
    taken = bytearray()
    while piece := response.raw.read1(decode_content=True):
        taken += piece
        if len(taken) > MOST_BYTES:
            response.close()
            raise requests.exceptions.ContentDecodingError("an answer that is far too long")
        if time.monotonic() > until:
            response.close()
            raise requests.ReadTimeout("an answer that does not end")
    if response.raw.length_remaining:
        raise requests.ConnectionError("an answer that broke off")
    response.raw = io.BytesIO(taken)


def trusted(ca: Path | None) -> str | bool:
    """Whose certificates are trusted: those of an authority in a file; else those that the system trusts."""
    if ca is not None:
        return str(ca)
    system = ssl.get_default_verify_paths()
    if system.capath is not None and any(Path(system.capath).iterdir()):
        return system.cafile or system.capath
    return system.cafile or True  # A machine without: those that come with requests.


def reason(error: Exception) -> str:
    """What went wrong, in a few words, and without an address that somebody was sent to."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted; see [oidc] ca"
    if isinstance(error, requests.TooManyRedirects | requests.exceptions.ContentDecodingError):
        return f"it sent {error}"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"it answers {error.response.status_code}"
    return "no connection, or it broke off"
