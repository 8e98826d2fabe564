"""What an ID token must be so that its claims are believed: OpenID Connect Core 1.0, 3.1.3.7.

joserfc checks the signature, Authlib the claims. Knows no network: the keys come from `provider.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, InvalidKeyIdError, InvalidKeyTypeError, JoseError
from joserfc.jwk import KeySet

from dashboard.accounts.refusal import BROKEN, Refusal

LEEWAY_SECONDS = 120
"""By so much the provider's clock and ours may differ."""
ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]
"""Signatures that only the provider can make: neither `none`, nor those that whoever knows our secret can make."""
LONGEST_SUBJECT = 255


class OtherKeyError(Exception):
    """It is signed with none of these keys: the provider may have new ones."""


@dataclass(frozen=True, slots=True)
class Expected:
    """By whom it is, for whom, in answer to what, and when."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    now: int


def claims(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """What it says. Raises Refusal, and OtherKeyError."""
    try:
        decoded = jwt.decode(token, keys, ALGORITHMS)
        found = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token},
        )
        found.validate(expected.now, LEEWAY_SECONDS)
    except (InvalidKeyIdError, InvalidKeyTypeError, BadSignatureError):
        raise OtherKeyError from None
    except ClaimError as error:
        raise Refusal(502, BROKEN, f"its ID token is not for this: {error.error}, {error.claim:.40}") from None
    except JoseError as error:
        raise Refusal(502, BROKEN, f"its ID token is not signed as it should be: {error.error}") from None
    except (ValueError, TypeError, KeyError):
        raise Refusal(502, BROKEN, "its ID token cannot be read") from None
    if not 0 < len(found["sub"]) <= LONGEST_SUBJECT or not found["sub"].isprintable():
        raise Refusal(502, BROKEN, f"its ID token has no sub of 1 to {LONGEST_SUBJECT} characters")
    return dict(found)
