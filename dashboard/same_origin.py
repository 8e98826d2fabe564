"""Whether a request that changes something comes from a page of ours, and was not sent by another site's page.

Browsers say where a request comes from in headers that no page can set. There are no accounts yet, and so nothing
else that another site's page could not send as well.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from werkzeug import Request

_ONLY_READ = ("GET", "HEAD", "OPTIONS")


def is_from_here(request: Request) -> bool:
    """True for what only reads; else where the browser says that it is from this origin, or that a person typed it.

    `Sec-Fetch-Site` comes with https and on this machine itself; elsewhere `Origin` is compared with `Host`. A request
    with neither is no browser's of today, and is refused.
    """
    if request.method in _ONLY_READ:
        return True
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("same-origin", "none")
    try:
        host = urlsplit(request.headers.get("Origin", "")).netloc
    except ValueError:
        return False
    return bool(host) and host.lower() == request.host.lower()
