"""``python -m heatpump_twin`` is ``hptwin``."""

from heatpump_twin.cli import main

main()
