"""What pyproject.toml cannot say: the README for a package index, which has no files beside it."""

import re
from pathlib import Path

from setuptools import setup

RELATIVE = r"\((?![a-z]+:|#)[^)]*\)"
PICTURE = re.compile(rf"^!\[[^\]]*\]{RELATIVE}\n\n", re.MULTILINE)
LINK = re.compile(rf"\[([^\]]*)\]{RELATIVE}")


def readme() -> str:
    """Return the README without pictures, and without links, to files of the source tree."""
    text = Path(__file__).with_name("README.md").read_text("utf-8")
    return LINK.sub(r"\1", PICTURE.sub("", text))


setup(long_description=readme(), long_description_content_type="text/markdown")
