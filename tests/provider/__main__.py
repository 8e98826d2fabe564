"""A real OpenID provider in a process of its own: django-oauth-toolkit, as a municipality might run one.

    python -m tests.provider PORT FOLDER CLIENT_ID SECRET

Serves on 127.0.0.1, as http://localhost:PORT: another site than 127.0.0.1, whose cookies and forms a browser keeps
apart from ours. People are `PEOPLE`; the client may be sent back to any port of 127.0.0.1 (RFC 8252, 7.3).
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from waitress import serve  # type: ignore[import-untyped]

from tests.provider.people import PASSWORD, PEOPLE

FORM = """<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1><form method="post">{{% csrf_token %}}
{fields}{{{{ form.errors }}}}</form></html>"""
PAGES = {
    "registration/login.html": FORM.format(
        title="The municipality",
        fields='{{ form.as_p }}<input type="hidden" name="next" value="{{ next }}"><button>Log in</button>',
    ),
    "oauth2_provider/authorize.html": FORM.format(
        title="Let Fjes know who you are?",
        fields="{% if error %}<p>Error: {{ error.error }}</p>{% else %}{% for field in form %}{% if field.is_hidden %}"
        '{{ field }}{% endif %}{% endfor %}<button name="allow" value="yes">Yes</button><button>No</button>{% endif %}',
    ),
    "oauth2_provider/logout_confirm.html": FORM.format(
        title="Log out here?",
        fields="{% for field in form %}{% if field.is_hidden %}{{ field }}{% endif %}{% endfor %}"
        '<button name="allow" value="yes">Log out</button>',
    ),
}


def configure(port: int, folder: Path) -> None:
    """Django's settings: everything that a provider needs, and nothing that is slow."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    settings.configure(
        SECRET_KEY="only-for-tests-only-for-tests-only-for-tests-only",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="tests.provider.addresses",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", PAGES)],
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "provider.db")}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGIN_URL="/login",
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": key.decode(),
            "OIDC_ISS_ENDPOINT": f"http://localhost:{port}",
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            "OAUTH2_VALIDATOR_CLASS": "tests.provider.claims.Claims",
            "SCOPES": {"openid": "Who you are", "profile": "Your name", "email": "Your address"},
            "PKCE_REQUIRED": True,
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        },
    )


def fill(client_id: str, secret: str) -> None:
    """The people, and the client that asks about them."""
    from django.contrib.auth.models import Group, User
    from oauth2_provider.models import Application

    for name, groups in PEOPLE.items():
        user: Any = User.objects.create_user(name, f"{name}@oslo.example", PASSWORD)
        for each in groups:
            user.groups.add(Group.objects.get_or_create(name=each)[0])
    Application.objects.create(
        name="Fjes",
        client_id=client_id,
        client_secret=secret,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris="http://127.0.0.1/sign-in/back",
        post_logout_redirect_uris="http://127.0.0.1/sign-in",
    )


def main(port: int, folder: Path, client_id: str, secret: str) -> None:
    """Serve until stopped."""
    warnings.simplefilter("ignore")
    configure(port, folder)
    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0, run_syncdb=True)
    fill(client_id, secret)
    serve(get_wsgi_application(), host="127.0.0.1", port=port, threads=4, _quiet=True)


main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
