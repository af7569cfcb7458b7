"""Deliver messages by e-mail."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate

from heatpump_twin.config.notifications.notification_settings import SmtpSecurity, SmtpServer
from heatpump_twin.twin_engine.notifications.delivery import TIMEOUT, DeliveryError
from heatpump_twin.twin_engine.notifications.letter import Letter


class Mail:
    """E-mails to one address, by a mail server of the site."""

    def __init__(self, server: SmtpServer, to: str) -> None:
        self._server, self._to = server, to

    def send(self, letter: Letter) -> None:
        """Hand a message to the mail server; raise `DeliveryError` if it takes it not."""
        try:
            smtp = self._connected()
            try:
                smtp.send_message(self._message(letter))
            finally:
                _part(smtp)
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(f"the mail server answered {error.smtp_code}") from None
        # What these say may have the address or the password in it.
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryError(f"the mail server does not take it: {_kind(error)}") from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        # Certificates are checked: whoever sits between would read the password.
        context = ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.security is SmtpSecurity.TLS:
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        try:
            if server.security is SmtpSecurity.STARTTLS:
                smtp.starttls(context=context)
            if server.password is not None:
                smtp.login(server.user, server.password.read())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        domain = self._server.sender.rpartition("@")[2]
        message["From"] = self._server.sender
        message["To"] = self._to
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        # The same for the same message: where it arrives twice, a mailbox shows it once.
        message["Message-ID"] = f"<{letter.id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message


def _part(smtp: smtplib.SMTP) -> None:
    """Say goodbye: whatever is answered to that, a message was taken before, or was not."""
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()


def _kind(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or type(error).__name__
