"""The headers that Mozilla's Observatory asks for, on every kind of answer: pages, files, errors, programs'."""

from __future__ import annotations

import pytest
from flask import Flask

from dashboard.accounts.access import RULES, Rule
from tests.dashboard.filling import Filling
from tests.dashboard.test_accounts import FROM_HERE, sign_in
from tests.dashboard.test_accounts import _quick as _quick
from tests.dashboard.test_accounts import access as access
from tests.dashboard.test_accounts import app as app
from tests.dashboard.test_accounts import clock as clock
from tests.dashboard.test_accounts import filled as filled

ANSWERS = {
    "/": 302,
    "/site-1": 200,
    "/site-1/overview/months.csv": 200,
    "/site-1/overview/months.xlsx": 200,
    "/site-1/overview/months.svg": 200,
    "/site-1/report.pdf": 200,
    "/static/fjes.css": 200,
    "/static/noto-sans-bold.woff": 200,
    "/static/nothing": 404,
    "/nothing/at/all": 404,
    "/site-1?question=none": 404,
    "/people": 200,
    "/api/openapi.json": 200,
    "/api/v1/months": 200,
    "/api/v1/months?format=csv": 200,
    "/api/v1/months?perod=1": 400,
    "/api/nothing": 404,
    "/healthz": 200,
    "/metrics": 401,
    "/broken": 500,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_answer_has_them(app: Flask, filled: Filling) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    app.add_url_rule("/broken", "accounts.broken", broken)
    RULES["accounts.broken"] = Rule.ANYBODY
    try:
        admin = sign_in(app, "Admin")
        for scheme in ("http", "https"):
            for address, code in ANSWERS.items():
                answer = admin.get(address, base_url=f"{scheme}://localhost")
                assert answer.status_code == code, address
                check(dict(answer.headers), secure=scheme == "https")
                answer.close()
        sent = app.test_client().post("/sign-in", data={"name": "x"}, headers=FROM_HERE)
        foreign = app.test_client().post("/sign-in", headers={"Sec-Fetch-Site": "cross-site"})
        nobody = app.test_client().get("/site-1")
        too_long = app.test_client().post("/sign-in", data=b"x" * 100_000, headers=FROM_HERE)
        for answer, code in ((sent, 401), (foreign, 403), (nobody, 303), (too_long, 413)):
            assert answer.status_code == code
            check(dict(answer.headers), secure=False)
    finally:
        del RULES["accounts.broken"]


def check(headers: dict[str, str], *, secure: bool) -> None:
    policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] in ("no-referrer", "same-origin", "strict-origin")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Server" not in headers
    # Half a year at least, and only where it came by https: else a browser would be told by anybody on the way.
    kept = headers.get("Strict-Transport-Security")
    assert (kept == "max-age=63072000") is secure
    assert secure or kept is None
