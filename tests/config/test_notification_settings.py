"""Settings of notifications: what is refused, and what is never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from heatpump_twin.config.load import load_site
from heatpump_twin.config.notifications.notification_settings import NotificationSettings
from heatpump_twin.config.notifications.quiet_hours import QuietHours
from heatpump_twin.config.notifications.secret import Secret

SMTP = {"host": "mail.example.org", "sender": "twin@example.org"}
MAIL = {"name": "caretaker", "email": ["c@example.org"]}
HOOK = {"url": {"value": "https://example.org/hook"}}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"receivers": [MAIL]}, "e-mail needs `smtp`"),
        ({"receivers": [{"name": "a"}]}, "either `email` or `webhook`"),
        ({"receivers": [{**MAIL, "webhook": HOOK}], "smtp": SMTP}, "either `email` or `webhook`"),
        ({"receivers": [MAIL, MAIL], "smtp": SMTP}, "two receivers have the name caretaker"),
        ({"receivers": [{**MAIL, "language": "tlh"}], "smtp": SMTP}, "there are en, ca, de, es"),
        ({"receivers": [{**MAIL, "email": ["nobody"]}], "smtp": SMTP}, "caretaker@example.org"),
        ({"receivers": [{**MAIL, "subject": "$price"}], "smtp": SMTP}, r"\$price: there are"),
        ({"receivers": [{**MAIL, "line": "100 $"}], "smtp": SMTP}, r"written \$\$"),
        ({"escalation": [{"after": "1 h", "to": ["chief"]}]}, "no receiver has the name chief"),
        (
            {"smtp": {**SMTP, "security": "none", "user": "u", "password": {"value": "p"}}},
            "clear text",
        ),
        ({"smtp": {**SMTP, "password": {"value": "p"}}}, "a password needs a user"),
        (
            {"receivers": [{"name": "a", "webhook": {"url": {"value": "ftp://x.org/hidden"}}}]},
            "begins with https",
        ),
        (
            {
                "receivers": [
                    {
                        "name": "a",
                        "webhook": {
                            "url": {"value": "http://x.org/hidden"},
                            "token": {"value": "t"},
                        },
                    }
                ]
            },
            "clear text: use https",
        ),
        ({"acknowledge_url": "http://x.org/hidden"}, "clear text: use https"),
        ({"acknowledge_url": "https://x.org/hidden?a=1"}, "without [?] and #"),
        ({"acknowledge_url": "https://x.org/hidden#top"}, "without [?] and #"),
        ({"smtp": {**SMTP, "user": "u", "password": {}}}, "state `file`, or `value`"),
    ],
)
def test_what_cannot_be_is_refused_in_words(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        NotificationSettings.model_validate(settings)
    assert "hidden" not in str(refused.value)


def test_a_secret_comes_from_a_file_or_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush\n", "utf-8")
    secret = Secret.model_validate({"file": str(file)})
    assert secret.read() == "hush"
    file.write_text("changed\n", "utf-8")
    assert secret.read() == "changed"
    environment = {
        "HPTWIN__NOTIFICATIONS__SMTP__HOST": "mail.example.org",
        "HPTWIN__NOTIFICATIONS__SMTP__SENDER": "twin@example.org",
        "HPTWIN__NOTIFICATIONS__SMTP__USER": "twin",
        "HPTWIN__NOTIFICATIONS__SMTP__PASSWORD__VALUE": "hush",
    }
    site = load_site("default", [], environment)
    assert site.notifications.smtp is not None
    assert site.notifications.smtp.password is not None
    assert site.notifications.smtp.password.read() == "hush"
    assert "hush" not in repr(site)


def test_nobody_is_told_by_default() -> None:
    assert load_site("default", [], {}).notifications.receivers == []


def test_quiet_hours_are_written_as_periods_of_a_tariff() -> None:
    hours = QuietHours.model_validate({"from": "22:00", "to": "06:30", "days": ["fri"]})
    assert (hours.begin, hours.end) == (22 * 60, 6 * 60 + 30)
    with pytest.raises(ValidationError, match="write a time of day"):
        QuietHours.model_validate({"from": 1320, "to": "06:30"})  # as YAML reads 22:00
    with pytest.raises(ValidationError, match="the same time"):
        QuietHours.model_validate({"from": "06:30", "to": "06:30"})
