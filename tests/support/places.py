"""Where things lie in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = ROOT / "build" / "node_modules"
"""What `tools/install-test-system.sh` installs from npm."""
DEFAULT_SITE = ROOT / "config" / "sites" / "default.yaml"
