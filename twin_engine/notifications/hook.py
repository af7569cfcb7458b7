"""Deliver messages by a webhook."""

from __future__ import annotations

import requests

from heatpump_twin.config.notifications.notification_settings import Webhook, check_url
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
            url = check_url(self._webhook.url.read())
            if self._webhook.token is not None:
                headers["Authorization"] = f"Bearer {self._webhook.token.read()}"
            # Nothing of the answer but its status is of interest, and nobody is followed to
            # another address with the token in hand.
            with requests.post(
                url,
                json=letter.data,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        # What these say has the address in it, which often is the secret.
        except (requests.RequestException, OSError, ValueError) as error:
            raise DeliveryError(f"the webhook was not reached: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise DeliveryError(f"the webhook answered {status}")
