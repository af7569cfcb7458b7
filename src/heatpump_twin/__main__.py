"""``python -m heatpump_twin`` is ``hptwin``."""

from heatpump_twin.parent import end_with_parent

# Before anything that takes time: a parent may die while its child loads.
end_with_parent()

from heatpump_twin.cli.app import main  # noqa: E402 (above says why)

main()
