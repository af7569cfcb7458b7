"""The errors that the emulated plant raises.

The errors::

    PlantError
    ├── PortTakenError       a TCP port of the plant is taken
    ├── WiringError          two devices claim the same place
    ├── DisturbanceError     no such disturbance, or its magnitude or point cannot be used
    ├── SignalError          no such point, or it cannot show that value
    └── FaultError           there is nothing that could have this fault
"""

from __future__ import annotations


class PlantError(Exception):
    """Root: the message says what is wrong, where, and what to do."""


class PortTakenError(PlantError):
    """A TCP port of the plant is taken."""


class WiringError(PlantError):
    """Two devices claim the same unit id of one gateway."""


class DisturbanceError(PlantError):
    """No such disturbance, or its magnitude or point cannot be used."""


class SignalError(PlantError):
    """An emulated device has no such point, or its registers cannot show the value."""


class FaultError(PlantError):
    """There is no gateway, unit or point that could have this fault."""
