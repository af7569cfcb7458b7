"""Who is told of alarms, how, in which language, and when not: e-mail and webhooks."""

from __future__ import annotations

import re
from enum import StrEnum
from string import Template
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from heatpump_twin.config.hosts import Host, is_loopback
from heatpump_twin.config.languages import DEFAULT, Languages
from heatpump_twin.config.notifications.quiet_hours import URGENT, QuietHours
from heatpump_twin.config.notifications.secret import NotificationSection, Secret
from heatpump_twin.config.quantities import DAY, HOUR, Duration, between

PLACEHOLDERS = (
    "site", "asset", "alarm", "state", "priority", "severity", "time", "message", "cause",
    "consequence", "action",
)  # fmt: skip
"""What a template may name as ``$alarm``; a subject also ``$count``."""
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("write an address such as caretaker@example.org")
    return text


def _language(code: str) -> str:
    codes = Languages.packaged().codes
    if code not in codes:
        raise ValueError(f"there is no language {code!r}; there are {', '.join(codes)}")
    return code


Address = Annotated[str, AfterValidator(_address)]


class SmtpSecurity(StrEnum):
    """How the connection to a mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpServer(NotificationSection):
    """The mail server that takes e-mails for their way."""

    host: Host
    port: int = Field(587, ge=1, le=65_535)
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    sender: Address
    user: str = ""
    password: Secret | None = None

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> SmtpServer:
        if self.password is not None and not self.user:
            raise ValueError("a password needs a user")
        if self.password is not None and self.security is SmtpSecurity.NONE:
            raise ValueError(
                "the password would cross the network in clear text: use starttls or tls"
            )
        return self


class Webhook(NotificationSection):
    """An HTTP address to which alarms are posted as JSON."""

    url: Secret = Field(description="often it is a secret itself")
    token: Secret | None = Field(None, description="sent as `Authorization: Bearer …`")

    @model_validator(mode="after")
    def _is_http(self) -> Webhook:
        check = check_url if self.token is None else check_private_url
        if self.url.value is not None:
            check(self.url.value.get_secret_value())
        return self


def check_url(url: str) -> str:
    """Return an address that can be posted to; raise ValueError, which does not repeat it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write an address that begins with https:// or http://")
    return url


def check_private_url(url: str) -> str:
    """Return an address to which a secret may go; raise ValueError, which does not repeat it."""
    parts = urlsplit(check_url(url))
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("a secret would cross the network in clear text: use https://")
    return url


def _link_base(url: str) -> str:
    parts = urlsplit(check_private_url(url))
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise ValueError("write an address without ? and #: links add their own")
    return url


def _template(text: str) -> str:
    template = Template(text)
    if not template.is_valid():
        raise ValueError("a $ that begins no name is written $$")
    if strange := sorted(set(template.get_identifiers()) - {*PLACEHOLDERS, "count"}):
        raise ValueError(
            f"${', $'.join(strange)}: there are ${', $'.join((*PLACEHOLDERS, 'count'))}"
        )
    return text


MessageTemplate = Annotated[str, AfterValidator(_template)]


class Receiver(NotificationSection):
    """Somebody who is told, by e-mail or by a webhook."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")
    email: list[Address] = Field(default_factory=list, max_length=50)
    webhook: Webhook | None = None
    language: Annotated[str, AfterValidator(_language)] = DEFAULT
    severity: int = Field(500, ge=1, le=1000, description="of at least that OPC UA severity")
    assets: list[str] = Field(default_factory=list, description="ids; left out: all")
    returns: bool = Field(True, description="also what is back to normal")
    group: Annotated[Duration, between(0, HOUR)] = Field(
        30.0, description="what comes in this time is one message [s]"
    )
    quiet: list[QuietHours] = Field(default_factory=list, max_length=20)
    acknowledges: bool = Field(
        False, description="messages have a link that acknowledges the alarm (`acknowledge_url`)"
    )
    only_escalated: bool = Field(False, description="only what `escalation` brings")
    subject: MessageTemplate | None = None
    line: MessageTemplate | None = Field(None, description="of each alarm in the text")

    @model_validator(mode="after")
    def _one_way(self) -> Receiver:
        if bool(self.email) == (self.webhook is not None):
            raise ValueError("a receiver has either `email` or `webhook`")
        return self


class Escalation(NotificationSection):
    """Others who are told of what nobody has acknowledged."""

    after: Annotated[Duration, between(1, 30 * DAY)] = Field(description="from its raising [s]")
    to: list[str] = Field(min_length=1, description="names of receivers")
    severity: int = Field(URGENT, ge=1, le=1000, description="of at least that severity")


class NotificationSettings(NotificationSection):
    """Who is told of alarms; nobody, by default."""

    smtp: SmtpServer | None = None
    receivers: list[Receiver] = Field(default_factory=list, max_length=100)
    escalation: list[Escalation] = Field(default_factory=list, max_length=20)
    acknowledge_url: Annotated[str, AfterValidator(_link_base)] | None = Field(
        None, description="where receivers reach the ops port, such as https://twin.example.org"
    )
    keep: Annotated[Duration, between(60, 30 * DAY)] = Field(
        2 * DAY, description="what cannot be delivered for longer is given up [s]"
    )

    @model_validator(mode="after")
    def _all_there(self) -> NotificationSettings:
        names = [receiver.name for receiver in self.receivers]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two receivers have the name {', '.join(twice)}")
        if self.smtp is None and any(receiver.email for receiver in self.receivers):
            raise ValueError("e-mail needs `smtp`: the server that takes it")
        acknowledges = any(receiver.acknowledges for receiver in self.receivers)
        if acknowledges and self.acknowledge_url is None:
            raise ValueError("links that acknowledge need `acknowledge_url`")
        wanted = {name for step in self.escalation for name in step.to}
        if strange := sorted(wanted - set(names)):
            raise ValueError(f"no receiver has the name {', '.join(strange)} (escalation)")
        return self
