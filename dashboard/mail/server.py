"""The mail server: a conversation with it (SMTP), in which letters are handed over; and what it says no with, in words.

`ServerError`: nothing can be handed to it now. `LaterError`: not this letter now. `RefusedError`: never. Answers of a
server may name people: they are for administrators' eyes, and not for the log. Knows no database.
"""

from __future__ import annotations

import smtplib
import ssl
from types import TracebackType
from urllib.parse import urlsplit

from ratings import mailing
from ratings.legible import printable
from ratings.sections import Mail

TIMEOUT_SECONDS = 30.0
"""A server that says nothing for so long is given up; RFC 5321 would wait for minutes."""

_OVER_SIZE = 552
_CLOSING = 421


class ServerError(Exception):
    """The server cannot be used now; the text says which, what is wrong, and what to do. It names nobody."""


class LaterError(Exception):
    """The server does not take this letter now; the text is its answer."""


class RefusedError(Exception):
    """The server will not take this letter; the text is its answer."""


class Session:
    """A conversation, from `with` to its end. Raises ServerError."""

    def __init__(self, mail: Mail, timeout: float = TIMEOUT_SECONDS) -> None:
        assert mail.host is not None
        self._mail = mail
        self._timeout = timeout
        self._port = mail.port or mailing.PORTS[mail.security]
        self._where = f"the mail server {mail.host}, port {self._port}"
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Session:
        try:
            self._smtp = self._connected()
            self._encrypted(self._smtp)
            self._let_in(self._smtp)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                if kind is None:
                    smtp.quit()
            except (smtplib.SMTPException, OSError):
                pass  # What was taken was taken.
            finally:
                smtp.close()

    def send(self, to: str, message: str) -> None:
        """Hand a letter over; when this returns, the server has taken it. Raises the three errors."""
        assert self._smtp is not None
        _, sender = mailing.sender(self._mail.from_ or "") or ("", "")
        try:
            self._smtp.sendmail(sender, [to], message.encode("ascii"))
        except smtplib.SMTPRecipientsRefused as error:
            raise self._answered(*error.recipients[to]) from None
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code == _OVER_SIZE:
                raise self._answered(error.smtp_code, error.smtp_error) from None
            raise ServerError(
                f"{self._where}, refuses mail from {sender} ({error.smtp_code}); set a [mail] from that it allows"
            ) from None
        except smtplib.SMTPDataError as error:
            raise self._answered(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError) as error:
            raise self._broken(error) from None

    def _connected(self) -> smtplib.SMTP:
        assert self._mail.host is not None
        # As it calls itself: the machine's own name is nobody's business, and looking it up may take a minute.
        own = urlsplit(self._mail.page or "").hostname or "localhost"
        try:
            if self._mail.security == "tls":
                return smtplib.SMTP_SSL(
                    self._mail.host, self._port, own, timeout=self._timeout, context=self._context()
                )
            return smtplib.SMTP(self._mail.host, self._port, own, timeout=self._timeout)
        except (smtplib.SMTPException, OSError) as error:
            raise self._broken(error) from None

    def _encrypted(self, smtp: smtplib.SMTP) -> None:
        if self._mail.security != "starttls":
            return
        try:
            smtp.starttls(context=self._context())
        except smtplib.SMTPNotSupportedError:
            raise ServerError(
                f'{self._where}, does not offer STARTTLS; set [mail] security = "tls" if it speaks TLS from the start'
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            raise self._broken(error) from None

    def _let_in(self, smtp: smtplib.SMTP) -> None:
        if self._mail.username is None:
            return
        password = self._password()
        try:
            smtp.login(self._mail.username, password)
        except smtplib.SMTPAuthenticationError as error:
            raise ServerError(
                f"{self._where}, refuses the user or the password ({error.smtp_code}); check both in [mail]"
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise ServerError(
                f"{self._where}, knows no users; take username and password out of [mail], or name another port"
            ) from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise self._broken(error) from None

    def _password(self) -> str:
        if self._mail.password_file is None:
            return self._mail.password or ""
        try:
            return self._mail.password_file.read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ServerError(
                f"[mail] password_file: {self._mail.password_file} cannot be read ({why}); let this user read it"
            ) from None

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._mail.ca)
        except OSError as error:  # ssl.SSLError is one.
            raise ServerError(
                f"[mail] ca: {self._mail.ca} cannot be used ({error.strerror or 'no certificate'}); "
                "name the file of the authority's certificate (PEM)"
            ) from None

    def _answered(self, code: int, text: bytes | str) -> Exception:
        """What the answer to a letter means."""
        said = printable(" ".join((text.decode(errors="replace") if isinstance(text, bytes) else text).split()))
        if code == _CLOSING or code < 400:
            return ServerError(f"{self._where}, is closing ({code}); it is tried again")
        return (LaterError if code < 500 else RefusedError)(f"{code} {said}")

    def _broken(self, error: Exception) -> ServerError:
        """What went wrong with the conversation."""
        # smtplib tells of silence as if the connection had been closed.
        silent = isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError)
        cause = error.__context__ if silent else error
        match cause:
            case ssl.SSLCertVerificationError():
                what = (
                    f"has a certificate that is not trusted ({cause.verify_message}); "
                    "check [mail] host, or name the authority with ca"
                )
            case ssl.SSLError():
                what = 'does not speak TLS as set; check [mail] port, and security: "starttls" or "tls"'
            case TimeoutError():
                what = f"said nothing for {self._timeout:g} seconds; it is tried again"
            case smtplib.SMTPServerDisconnected():
                what = "closed the connection midway; it is tried again"
            case smtplib.SMTPResponseException():
                what = f"does not want to talk ({cause.smtp_code}); it is tried again"
            case ConnectionRefusedError():
                what = "is not there: the connection was refused; check [mail] host and port"
            case OSError():
                what = f"cannot be reached ({cause.strerror or type(cause).__name__}); check [mail] host and port"
            case _:
                what = f"cannot be spoken to ({type(cause).__name__}); check [mail]"
        return ServerError(f"{self._where}, {what}")
