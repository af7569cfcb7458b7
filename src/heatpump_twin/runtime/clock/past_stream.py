"""The stream in which the past of a site comes from the process that simulates it.

First a line of JSON with the keys of all points; then pieces of history, each behind a `HEAD`,
whose points are places of keys in that line.
"""

from __future__ import annotations

import struct

HEAD = struct.Struct("<qI")
"""Before each piece: the time that it reaches [µs], and its length [B]."""
