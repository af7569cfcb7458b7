"""What the emulated plant raises.

The errors::

    PlantError
    ├── PortTakenError       a TCP port of the plant is taken
    ├── ClockError           the plant's start time cannot be used
    ├── WiringError          two devices claim the same place
    └── DisturbanceError     no such disturbance, or its magnitude or point cannot be used
"""

from __future__ import annotations


class PlantError(Exception):
    """Root: the message says what is wrong, where, and what to do."""


class PortTakenError(PlantError):
    """A TCP port of the plant is taken."""


class ClockError(PlantError):
    """The plant's start time cannot be used."""


class WiringError(PlantError):
    """Two devices claim the same unit id of one gateway."""


class DisturbanceError(PlantError):
    """No such disturbance, or its magnitude or point cannot be used."""
