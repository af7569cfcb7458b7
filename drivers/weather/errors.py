"""What can go wrong with a weather service.

``WeatherError``
├── ``WeatherAway``        it does not answer, or refuses for now
└── ``WeatherUnreadable``  what it answers is no forecast
"""

from __future__ import annotations


class WeatherError(Exception):
    """A weather service gave no forecast; the message names the service."""


class WeatherAway(WeatherError):  # noqa: N818 (as DatabaseAway)
    """A service does not answer, or asks to be left alone for a while."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait
        """How long it asks to be left alone; 0: it does not say. [s]"""


class WeatherUnreadable(WeatherError):  # noqa: N818 (as above)
    """An answer that is cut off, in other units, or of values that no weather has."""
