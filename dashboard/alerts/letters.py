"""An alert as a letter: what it says, and where to answer it."""

from __future__ import annotations

from html import escape

from dashboard.alerts.saying import said
from dashboard.alerts.stored import Alert
from dashboard.language import Words
from dashboard.mail.letter import Letter
from dashboard.places import Site
from ratings.sections import Mail

_FONT = "font-family:'Noto Sans','Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
# Tables and styles in place, since many mail programs know nothing else.
_HTML = """<!doctype html>
<html lang="{code}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">\
<meta name="color-scheme" content="light"><title>{subject}</title></head>
<body style="margin:0;padding:0;background:#f6f2eb;"><div role="main">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f6f2eb;">\
<tr><td align="center" style="padding:24px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;{font}\
font-size:16px;line-height:1.5;color:#12262e;">
<tr><td style="padding:0 4px 16px;font-weight:bold;font-size:17px;">Fjes</td></tr>
<tr><td style="background:#fffdf9;border:1px solid #e5dccd;border-radius:20px;padding:28px 24px;">
<p style="margin:0;color:#40535b;font-size:18px;overflow-wrap:anywhere;">{place}</p>
<h1 style="margin:4px 0 0;font-size:26px;line-height:1.25;overflow-wrap:anywhere;">{heading}</h1>
<p style="margin:16px 0 0;">{text}</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin-top:24px;"><tr>\
<td style="background:#12262e;border-radius:24px;"><a href="{page}" style="display:inline-block;padding:12px 24px;\
color:#fffdf9;font-weight:bold;text-decoration:none;">{answer}</a></td></tr></table>
</td></tr>
<tr><td style="padding:16px 4px 0;color:#40535b;font-size:14px;">{why} \
<a href="{stop}" style="color:#0b5d4a;">{account}</a></td></tr>
</table></td></tr></table></div></body></html>
"""


def letter(alert: Alert, site: Site, mail: Mail, say: Words) -> Letter:
    """What somebody gets who asked for alerts of a site."""
    base, told = (mail.page or "").rstrip("/"), said(alert, say)
    page, stop = f"{base}/{site.key}/alerts?lang={say.code}", f"{base}/account?lang={say.code}"
    subject = say("%(place)s: %(alert)s", place=site.name, alert=told.heading)
    answer, account = say("See it and answer"), say("Account")
    why = say("You get this mail because you asked for it. To change or end it:")
    html = _HTML.format(
        font=_FONT,
        **{
            name: escape(value)
            for name, value in {
                "code": say.code,
                "subject": subject,
                "place": site.name,
                "heading": told.heading,
                "text": told.text,
                "page": page,
                "answer": answer,
                "why": why,
                "stop": stop,
                "account": account,
            }.items()
        },
    )
    text = f"{site.name}\n{told.heading}\n\n{told.text}\n\n{answer}: {page}\n\n{why} {stop}\n"
    return Letter(subject, text, html, say.code, stop=stop)
