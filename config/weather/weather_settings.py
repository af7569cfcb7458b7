"""Where forecasts of the weather come from. Nobody is asked unless the site file says so."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from heatpump_twin.config.notifications.notification_settings import check_private_url, check_url
from heatpump_twin.config.notifications.secret import NotificationSection, Secret


class WeatherSource(StrEnum):
    """Who makes the forecast."""

    NONE = "none"
    EMULATED = "emulated"
    OPEN_METEO = "open-meteo"
    MET_NORWAY = "met-norway"
    BRIGHT_SKY = "bright-sky"
    FILE = "file"


class WeatherSettings(NotificationSection):
    """The weather service of a site. It is told the place of the site, in four decimals."""

    source: WeatherSource = Field(
        WeatherSource.NONE, description="who makes the forecast; `emulated`: the embedded plant"
    )
    url: str | None = Field(None, description="another address than the service's own")
    contact: str = Field(
        "",
        max_length=100,
        pattern=r"^[\x21-\x7e]*$",
        description="e-mail address or web page for the service, which MET Norway wants",
    )
    ensemble: str = Field(
        "",
        max_length=64,
        pattern=r"^[a-z0-9_]*$",
        description="model of an ensemble of Open-Meteo, such as `icon_seamless`, at its own `url`",
    )
    key: Secret | None = Field(None, description="of a contract with Open-Meteo")
    altitude: float | None = Field(None, ge=-430, le=6000, description="of the site [m]")
    file: Path | None = Field(None, description="file with a forecast, as Open-Meteo answers")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        return None if url is None else check_url(url)

    @model_validator(mode="after")
    def _fits(self) -> WeatherSettings:
        if self.source is WeatherSource.MET_NORWAY and not self.contact:
            raise ValueError("met-norway refuses who cannot be reached: state `contact`")
        if (self.source is WeatherSource.FILE) != (self.file is not None):
            raise ValueError("`file` belongs to `source: file`")
        if (self.ensemble or self.key) and self.source is not WeatherSource.OPEN_METEO:
            raise ValueError("`ensemble` and `key` belong to `source: open-meteo`")
        if self.key is not None and self.url is not None:
            check_private_url(self.url)
        return self
