"""What `[oidc]` must say so that people can sign in by OpenID Connect, and which addresses may be talked to."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from ratings.sections import Oidc

ALLOWED = "an https:// address, or http:// on this machine itself"


def is_safe(address: object) -> bool:
    """Whether what is sent to an address can be read by nobody on the way: by https, or on this machine."""
    if not isinstance(address, str) or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts))


def problem(oidc: Oidc, *, sign_in: bool) -> str | None:
    """What no type can say. The first problem found, or None."""
    if oidc.issuer is None:
        nothing = type(oidc)()
        given = [key for key in oidc.__struct_fields__ if getattr(oidc, key) != getattr(nothing, key)]
        return f"[oidc] issuer: missing, but {given[0]} is given; allowed: {ALLOWED}" if given else None
    if not is_safe(oidc.issuer) or "?" in oidc.issuer or "#" in oidc.issuer:
        return f"[oidc] issuer: {oidc.issuer!r} is not allowed; allowed: {ALLOWED}, without ? and #"
    if not sign_in:
        return "[oidc] issuer: given, but [dashboard] sign_in is false; allowed: sign_in = true with it, or neither"
    if oidc.client_id is None:
        return "[oidc] client_id: missing; allowed: what the provider calls this dashboard"
    if (oidc.client_secret is None) is (oidc.client_secret_file is None):
        which = "missing" if oidc.client_secret is None else "given, and client_secret_file, too"
        return f"[oidc] client_secret: {which}; allowed: client_secret or client_secret_file"
    if "openid" not in oidc.scopes:
        return "[oidc] scopes: openid is not among them; allowed: openid, and others"
    for scope in oidc.scopes:
        if not scope.isascii() or not scope.isprintable() or " " in scope:
            return f"[oidc] scopes: {scope!r} is not allowed; allowed: names of scopes, without spaces in them"
    for number, group in enumerate(oidc.groups, start=1):
        if group.role == "administrator" and group.sites:
            return (
                f"[[oidc.groups]] number {number} sites: given for administrators, who are so everywhere; "
                "allowed: another role, or no sites"
            )
    return None


def _is_here(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
