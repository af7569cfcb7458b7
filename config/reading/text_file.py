"""Read a text file that a person named, within limits; whatever is wrong is one problem."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from heatpump_twin.config.errors import ConfigError, Problem

LARGEST = 1_000_000
"""Largest file; a site of 250 heat pumps has a third of it. [B]"""
_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.1 calls not printable (5.1)."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8; raise `ConfigError` with what to do instead."""
    try:
        _require_file(path)
        with path.open("rb") as file:
            # One byte more than allowed: the file may grow between the look and the read.
            data = file.read(LARGEST + 1)
    # A name with a NUL in it is a ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refused(path, f"cannot be read: {reason}") from error
    if len(data) > LARGEST:
        raise refused(path, f"is larger than {LARGEST:,} bytes: this cannot be a file of settings")
    return _decoded(path, data)


def is_file(name: str) -> bool:
    """Tell whether there is a file of a name that a person wrote, whatever they wrote."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def check_characters(text: str, name: str) -> None:
    """Raise `ConfigError` for a character that no text has, such as NUL."""
    if found := _NO_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        code = f"U+{ord(found[0]):04X}"
        message = f"holds the character {code}, which is no text: is it a text file?"
        raise ConfigError([Problem(name, line, "", message)])


def refused(path: Path, message: str, line: int = 1) -> ConfigError:
    """Return the error of a file that cannot be used."""
    return ConfigError([Problem(str(path), line, "", message)])


def _require_file(path: Path) -> None:
    """Raise OSError for what is no regular file: a pipe would be waited for, for ever."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(0, "it is a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is a pipe or a device; name a file")


def _decoded(path: Path, data: bytes) -> str:
    if data.startswith(_UTF_16):
        raise refused(path, "is written in UTF-16: save it as UTF-8")
    try:
        # Editors on Windows put a byte order mark in front.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"0x{data[error.start]:02x}"
        message = f"cannot be read: byte {byte} is not UTF-8; save the file as UTF-8"
        raise refused(path, message, line) from error
    check_characters(text, str(path))
    return text
