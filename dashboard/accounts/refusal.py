"""Why somebody who came from the provider is not signed in."""

from __future__ import annotations


def say(text: str) -> str:
    """The text: it is translated where it is shown. Marks it for the catalogues."""
    return text


SILENT = say("%(provider)s does not answer just now. Try again in a moment.")
BROKEN = say("Signing in with %(provider)s did not work. Those who run this page find the reason in its log.")
AGAIN = say("Signing in took too long, or was begun elsewhere. Begin again.")
CANCELLED = say("Signing in with %(provider)s was cancelled.")
STRANGER = say("%(provider)s knows you as %(name)s, but there is no account of that name here. Ask an administrator.")
NOT_SO = say("The account %(name)s is not opened by signing in with %(provider)s. Ask an administrator.")
NO_GROUP = say("Your groups at %(provider)s give you no access here. Ask an administrator.")
NOT_VERIFIED = say("%(provider)s has not verified your e-mail address.")
NO_GOODBYE = say("%(provider)s has no page on which to sign out.")


class Refusal(Exception):
    """Nobody is signed in. `code`: the answer's; `text`: for the one who tried, in English, as the catalogues have it.

    `values` are put into the text, beside `provider`. The message is for the log, and says nothing of a person.
    """

    def __init__(self, code: int, text: str, why: str, **values: str) -> None:
        super().__init__(why)
        self.code = code
        self.text = text
        self.values = values
