"""Secrets of notifications, which stand in no site file and no message."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class NotificationSection(BaseModel):
    """A section of the settings, in which unknown keys are mistakes; none repeats what is wrong."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
        str_max_length=1000,
        hide_input_in_errors=True,
    )


class Secret(NotificationSection):
    """A secret: in a file of its own, or in the environment (``HPTWIN__NOTIFICATIONS__…``)."""

    value: SecretStr | None = None
    file: Path | None = Field(None, description="file with the secret alone, read at each use")

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if (self.value is None) == (self.file is None):
            raise ValueError("state `file`, or `value`, which is for the environment")
        return self

    def read(self) -> str:
        """Return the secret; raise OSError where its file cannot be read."""
        if self.value is not None:
            return self.value.get_secret_value()
        assert self.file is not None  # noqa: S101 (`_one`)
        return self.file.read_text("utf-8").strip()
