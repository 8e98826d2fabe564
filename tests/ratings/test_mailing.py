"""Which addresses mail can be sent to and come from: none that could be read as something else, or as two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings import mailing
from ratings.config import read


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("kari@example.org", "kari@example.org"),
        ("  kari.nordmann+fjes@Example.ORG ", "kari.nordmann+fjes@example.org"),
        ("post@blåbær.no", "post@xn--blbr-roah.no"),
        ("root@localhost", "root@localhost"),
        ("o'hara@example.org", "o'hara@example.org"),
    ],
)
def test_an_address_is_taken_as_it_is_sent_to(text: str, plain: str) -> None:
    assert mailing.address(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kari",
        "@example.org",
        "kari@",
        "kari@@example.org",
        "kari@ola@example.org",
        "kari @example.org",
        "kari@exa mple.org",
        "kari@example..org",
        "kari@.example.org",
        "kari@-example.org",
        ".kari@example.org",
        "kari..n@example.org",
        "Kari <kari@example.org>",
        "kari@example.org, ola@example.org",
        "kari@example.org\nBcc: ola@example.org",
        "kari@example.org\rx",
        "kari\n@example.org",
        '"kari"@example.org',
        "kåre@example.org",
        "kari@[127.0.0.1]",
        "a" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + "b.example." * 30 + "org",
        "a@" + "ø" * 100_000,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert mailing.address(text) is None


@given(st.text(max_size=15))
def test_no_text_becomes_an_address_that_could_break_a_header_or_a_command(text: str) -> None:
    for written in (text, f"{text}@example.org", f"kari@{text}", f"kari@example.org{text}"):
        found = mailing.address(written)
        assert found is None or (found.isascii() and found.isprintable() and not set(found) & set(' <>,;:"\\()[]'))


def test_the_sender_may_have_a_name() -> None:
    assert mailing.sender("Fjes <fjes@example.org>") == ("Fjes", "fjes@example.org")
    assert mailing.sender("Fjes på Pro Sentret <fjes@example.org>") == ("Fjes på Pro Sentret", "fjes@example.org")
    assert mailing.sender("fjes@example.org") == ("", "fjes@example.org")
    for wrong in (
        "",
        "Fjes",
        "Fjes <>",
        "Fjes <fjes@example.org> x",
        'A" <fjes@example.org>',
        "A\nB <fjes@example.org>",
    ):
        assert mailing.sender(wrong) is None


def test_a_whole_configuration_is_read() -> None:
    mail = read(
        '[mail]\nhost = "smtp.example.org"\nfrom = "Fjes <fjes@example.org>"\npage = "https://fjes.example.org/x"\n'
        'username = "fjes"\npassword_file = "/etc/fjes/mail-password"'
    ).mail
    assert (mail.host, mail.security, mail.port) == ("smtp.example.org", "starttls", None)
    here = read(
        '[mail]\nhost = "127.0.0.1"\nsecurity = "none"\nfrom = "a@localhost"\npage = "http://localhost:8080"'
    ).mail
    assert here.security == "none"
