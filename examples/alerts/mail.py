"""Sends an alert by e-mail. Messages about the same incident are one thread.

Environment variables:

    SMTP_HOST        mail server
    SMTP_PORT        default: 587, or 465 with SMTP_TLS=tls
    SMTP_TLS         starttls (default), tls (from the first byte) or none
    SMTP_USER        user name; default: no login
    SMTP_PASSWORD    password of the user
    MAIL_FROM        sender: alerts@example.com
    MAIL_TO          recipients, separated by commas
"""

import contextlib
import hashlib
import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.utils import formatdate

from delivery import TIMEOUT_SECONDS, DeliveryError, details, headline, incident, line, link, run, setting


def build(alert):
    thread = hashlib.sha256(incident(alert).encode("utf-8", "replace")).hexdigest()[:32]
    mail = EmailMessage()
    mail["Subject"] = headline(alert, 150)
    mail["Date"] = formatdate()
    # If the alert arrives twice, mail programs recognise the second copy.
    mail["Message-ID"] = f"<{hashlib.sha256(alert['id'].encode('utf-8', 'replace')).hexdigest()[:32]}@cloaca>"
    mail["References"] = f"<{thread}@cloaca>"
    mail["Auto-Submitted"] = "auto-generated"
    where = [] if link(alert) is None else [link(alert)]
    mail.set_content("\n".join([headline(alert, 2000), "", *details(alert), *where, ""]), cte="quoted-printable")
    return mail


def connect(host, port, tls):
    context = ssl.create_default_context()
    if tls == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    if tls == "starttls":
        server.starttls(context=context)
    return server


def send(mail):
    host, tls = setting("SMTP_HOST"), setting("SMTP_TLS", "starttls")
    if tls not in ("starttls", "tls", "none"):
        raise DeliveryError('SMTP_TLS is not "starttls", "tls" or "none"')
    port = setting("SMTP_PORT", "465" if tls == "tls" else "587")
    try:
        mail["From"], mail["To"] = setting("MAIL_FROM"), setting("MAIL_TO")
        server = connect(host, port, tls)
        if setting("SMTP_USER", ""):
            server.login(setting("SMTP_USER"), setting("SMTP_PASSWORD"))
        refused = server.send_message(mail)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryError(f"{host}:{port}: {line(error, 300) or type(error).__name__}") from None
    # The server has accepted the mail, so a failure of QUIT is not a failure of the delivery.
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()
    # Not a failure: the other recipients would receive every repetition.
    for recipient, (code, text) in refused.items():
        reason = line(text.decode("utf-8", "replace"), 200)
        print(f"Recipient {recipient} was refused: {code} {reason}", file=sys.stderr)


if __name__ == "__main__":
    run(build, send)
