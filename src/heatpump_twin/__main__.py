"""``python -m heatpump_twin`` is ``hptwin``."""

from heatpump_twin.cli.app import main

main()
