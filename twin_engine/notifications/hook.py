"""Deliver messages by a webhook."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from heatpump_twin.config.notifications.notification_settings import (
    Webhook,
    check_private_url,
    check_url,
)
from heatpump_twin.twin_engine.notifications.delivery import TIMEOUT, DeliveryError
from heatpump_twin.twin_engine.notifications.letter import Letter


class Hook:
    """Posts of JSON to one address."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def send(self, letter: Letter) -> None:
        """Post a message; raise `DeliveryError` unless the answer says that it was taken."""
        # The same key for the same message: who gets it twice can tell.
        headers = {"Idempotency-Key": letter.id}
        try:
            url = self._address()
            if self._webhook.token is not None:
                headers["Authorization"] = f"Bearer {self._webhook.token.read()}"
            status = _posted(url, letter, headers)
        # What these say has the address in it, which often is the secret.
        except (requests.RequestException, OSError, ValueError) as error:
            raise DeliveryError(f"the webhook was not reached: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise DeliveryError(f"the webhook answered {status}")

    def _address(self) -> str:
        url = self._webhook.url.read()
        check = check_url if self._webhook.token is None else check_private_url
        try:
            return check(url)
        except ValueError:
            remedy = "write http://…, and https://… where there is a token"
            raise DeliveryError(f"the webhook's address cannot be used: {remedy}") from None


def _posted(url: str, letter: Letter, headers: Mapping[str, str]) -> int:
    """Post a message; return the status of the answer."""
    with requests.Session() as session:
        # Neither a proxy of the environment nor a password of ~/.netrc, which would take the place
        # of the token.
        session.trust_env = False
        # Nothing of the answer but its status is of interest, and nobody is followed to another
        # address with the token in hand.
        with session.post(
            url,
            json=letter.data,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            return answer.status_code
