"""The pages on which people sign in, change their password, and administrators arrange who may see and do what."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response

from dashboard import places
from dashboard.accounts import identities, passwords, people, sessions
from dashboard.accounts.access import COOKIE, Access, not_there, safe
from dashboard.accounts.attempts import Attempts
from dashboard.accounts.people import Person, PersonError, Role
from dashboard.store import reading

Answer = Response | str | tuple[str, int]


def blueprint(access: Access) -> Blueprint:
    """All of them, on the database of `access`."""
    pages = Blueprint("accounts", __name__)
    engine, attempts = access.engine, Attempts()

    @pages.get("/sign-in")
    def sign_in() -> Answer:
        if g.person is not None:
            return redirect(safe(request.args.get("next")), 303)
        return sign_in_page(access)

    @pages.post("/sign-in")
    def sign_in_now() -> Answer:
        if access.only_provider:
            raise _only_provider(access)
        name, password = request.form.get("name", ""), request.form.get("password", "")
        address = request.remote_addr or ""
        if not attempts.may_try(name, address):
            return sign_in_page(access, g.words("Too many tries. Wait five minutes, and try again.")), 429
        with reading(engine) as connection:
            known = people.named(connection, name)
        if not passwords.is_right(known[1] if known else None, password) or known is None:
            attempts.failed(name, address)
            return sign_in_page(access, g.words("Name or password is wrong.")), 401
        with engine.begin() as connection:
            word = sessions.begin(connection, known[0], access.now())
        return signed_in(word, safe(request.args.get("next")))

    @pages.post("/sign-out")
    def sign_out() -> Answer:
        with engine.begin() as connection:
            by_provider = sessions.end(connection, request.cookies.get(COOKIE, ""))
        left = "yes" if by_provider and access.provider else None
        response = redirect(url_for("accounts.sign_in", lang=request.args.get("lang"), left=left), 303)
        response.delete_cookie(COOKIE)
        return response

    @pages.get("/account")
    def account() -> Answer:
        return account_page(access)

    @pages.post("/account/password")
    def change_password() -> Answer:
        if access.only_provider:
            raise _only_provider(access)
        old, new = request.form.get("old", ""), request.form.get("new", "")
        address = request.remote_addr or ""
        if not attempts.may_try(g.person.name, address):
            return account_page(access, g.words("Too many tries. Wait five minutes, and try again.")), 429
        with reading(engine) as connection:
            known = people.named(connection, g.person.name)
        if not passwords.is_right(known[1] if known else None, old):
            attempts.failed(g.person.name, address)
            return account_page(access, g.words("The password that you have now is another one.")), 400
        if not passwords.is_long_enough(new) or new == old or g.person.name.casefold() in new.casefold():
            return account_page(access, _rule()), 400
        if new != request.form.get("again", ""):
            return account_page(access, g.words("The two new passwords are not the same.")), 400
        with engine.begin() as connection:
            people.set_password(connection, g.person.id, passwords.hashed(new), handed_over=False)
            # All other sessions have ended; this one goes on as a new one.
            word = sessions.begin(connection, g.person, access.now())
        return signed_in(word, url_for("accounts.account", lang=request.args.get("lang"), saved="yes"))

    @pages.get("/people")
    def everybody() -> Answer:
        return _people_page(access)

    @pages.post("/people")
    def add() -> Answer:
        without = access.provider is not None and (access.only_provider or "without" in request.form)
        password = None if without else passwords.made()
        hashed = passwords.hashed(password) if password else None
        try:
            with engine.begin() as connection:
                person = people.add(connection, request.form.get("name", ""), hashed, *_roles(connection, request.form))
                people.note(connection, g.person.name, "added", people.described(person))
        except PersonError as error:
            return _people_page(access, g.words(error.args[0])), 400
        if password is None:
            return redirect(url_for("accounts.everybody", lang=request.args.get("lang"), saved="yes"), 303)
        return _handed_over(person, password)

    @pages.post("/people/<int:number>")
    def arrange(number: int) -> Answer:
        try:
            with engine.begin() as connection:
                _known(connection, number)
                people.set_roles(connection, number, *_roles(connection, request.form))
                people.note(connection, g.person.name, "changed", people.described(_known(connection, number)))
        except PersonError as error:
            return _people_page(access, g.words(error.args[0])), 400
        return redirect(url_for("accounts.everybody", lang=request.args.get("lang"), saved="yes"), 303)

    @pages.post("/people/<int:number>/password")
    def reset(number: int) -> Answer:
        if access.only_provider:
            raise _only_provider(access)
        password = passwords.made()
        hashed = passwords.hashed(password)
        with engine.begin() as connection:
            person = _known(connection, number)
            people.set_password(connection, number, hashed, handed_over=True)
            people.note(connection, g.person.name, "password", person.name)
        return _handed_over(person, password)

    @pages.post("/people/<int:number>/provider")
    def to_provider(number: int) -> Answer:
        if access.provider is None:
            raise NotFound
        with engine.begin() as connection:
            person = _known(connection, number)
            people.drop_password(connection, number)
            people.note(connection, g.person.name, "provider", person.name)
        return redirect(url_for("accounts.everybody", lang=request.args.get("lang"), saved="yes"), 303)

    @pages.post("/people/<int:number>/remove")
    def remove(number: int) -> Answer:
        try:
            with engine.begin() as connection:
                person = _known(connection, number)
                people.remove(connection, number)
                people.note(connection, g.person.name, "removed", person.name)
        except PersonError as error:
            return _people_page(access, g.words(error.args[0])), 400
        return redirect(url_for("accounts.everybody", lang=request.args.get("lang"), saved="yes"), 303)

    @pages.get("/deeds")
    def deeds() -> Answer:
        with reading(engine) as connection:
            return render_template("deeds.html", deeds=people.deeds(connection))

    return pages


def signed_in(word: str, onward: str) -> Response:
    """On to an address, with a session until the browser is closed: several people use the computer at a reception."""
    response = redirect(onward, 303)
    response.set_cookie(COOKIE, word, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def sign_in_page(access: Access, problem: str = "", onward: str | None = None) -> str:
    """Where people sign in, and what is wrong; from there on to an address."""
    with reading(access.engine) as connection:
        nobody = not people.everybody(connection)
    provider = access.provider
    if provider is not None and provider.lets_newcomers_in:
        nobody = False  # The first one comes by the provider.
    return render_template(
        "sign_in.html",
        problem=problem,
        nobody=nobody,
        provider=provider,
        left=provider is not None and bool(request.args.get("left")),
        next=onward or request.args.get("next"),
    )


def _only_provider(access: Access) -> Forbidden:
    assert access.provider is not None
    return Forbidden(g.words("Nobody signs in with a password here. Use %(provider)s.", provider=access.provider.name))


def _rule() -> str:
    return str(
        g.words(
            "A new password has at least %(least)s characters, at least %(different)s of them different, and not your "
            "name in it.",
            least=g.words.number(passwords.LEAST),
            different=g.words.number(passwords.DIFFERENT),
        )
    )


def account_page(access: Access, problem: str = "") -> str:
    """The page of the one who is signed in; `problem`: with the password."""
    with reading(access.engine) as connection:
        sites = {site.id: site.name for site in places.sites(connection)}
    held = [(sites[site], role) for site, role in g.person.at if site in sites]
    saved = bool(request.args.get("saved")) and not problem
    return render_template(
        "account.html",
        person=g.person,
        held=held,
        problem=problem,
        rule=_rule(),
        saved=saved,
        provider=access.provider,
    )


def _people_page(access: Access, problem: str = "") -> str:
    with reading(access.engine) as connection:
        all_ = people.everybody(connection)
        sites = places.sites(connection)
        bound = identities.bound(connection, access.provider.issuer) if access.provider else frozenset()
    saved = bool(request.args.get("saved")) and not problem
    return render_template(
        "people.html",
        people=all_,
        sites=sites,
        problem=problem,
        saved=saved,
        roles=list(Role),
        provider=access.provider,
        bound=bound,
    )


def _handed_over(person: Person, password: str) -> str:
    return render_template("handed_over.html", person=person, password=password)


def _known(connection: Connection, number: int) -> Person:
    person = people.find(connection, number)
    if person is None:
        raise not_there()
    return person


def _roles(connection: Connection, form: MultiDict[str, str]) -> tuple[Role | None, dict[int, Role]]:
    """What a form says that somebody may: `role` everywhere, `site-3` at that site. What is unknown means nothing."""
    names: dict[str, Role] = {str(role): role for role in Role}
    at: dict[int, Role] = {
        site.id: role
        for site in places.sites(connection)
        if (role := names.get(form.get(f"site-{site.id}", ""))) and role is not Role.ADMINISTRATOR
    }
    return names.get(form.get("role", "")), at
