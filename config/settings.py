"""The site file: everything that a facility manager decides, validated."""

from __future__ import annotations

import re
import socket
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from heatpump_twin.config.adaptation import Adaptation
from heatpump_twin.config.added_quantities import Quantities
from heatpump_twin.config.catalogue import SITE, TWIN
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.hosts import (
    Host,
    is_loopback,
    listens_everywhere,
    local_host,
    url_host,
)
from heatpump_twin.config.notifications.notification_settings import NotificationSettings
from heatpump_twin.config.quantities import DAY, HOUR, Duration, FileSize, at_least, between
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.config.weather.weather_settings import WeatherSettings, WeatherSource

_LONGEST_TEXT = 1000
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,31}")


class _Section(BaseModel):
    # Of every number, finite, and of every text, no novel: a mistake of the hand is told here and
    # not by what happens with it hours later.
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, str_max_length=_LONGEST_TEXT
    )

    @field_validator("*", mode="before")
    @classmethod
    def _number(cls, value: object, info: ValidationInfo) -> object:
        # Python takes true for 1, and so a latitude of `yes` for 1 degree.
        field = cls.model_fields[info.field_name or ""]
        kinds = {field.annotation, *get_args(field.annotation)}
        # Durations and sizes have better words of their own.
        own_words = any(isinstance(part, BeforeValidator) for part in field.metadata)
        if isinstance(value, bool) and kinds & {int, float} and not own_words:
            raise ValueError(f"write a number; found {str(value).lower()}")
        return value


def _identifier(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        shown = name if len(name) <= 40 else f"{name[:40]}…"
        raise ValueError(
            f"{shown!r} is not an id: write lower-case letters, digits and _, beginning with a "
            "letter, at most 32, for example hp1"
        )
    return name


Identifier = Annotated[
    str,
    AfterValidator(_identifier),
    WithJsonSchema({"type": "string", "pattern": f"^{_IDENTIFIER.pattern}$"}),
]
"""A name that goes into NodeIds and history keys, so it never changes: ``hp1``."""


def _one_line(name: str) -> str:
    if not name.strip():
        raise ValueError("write a name that can be seen")
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
        raise ValueError("write a name on one line, without tabs and control characters")
    return name


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_line)]
"""What people call something; on each page and in each event."""

Port = Annotated[int, Field(ge=1, le=65535)]


def _time_zone(name: str) -> str:
    try:
        # Asked of the system's own list: a zone that is in no list here would stop the twin at
        # its first midnight.
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Madrid") from error
    return name


class SiteInfo(_Section):
    """The building: where it is decides weather, local midnight and schedules."""

    name: Name
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    timezone: Annotated[str, AfterValidator(_time_zone)]


def _not_kilowatts(value: float) -> float:
    # The smallest machines take 200 W, the largest some megawatts.
    if 0 < value < SMALLEST_POWER:
        raise ValueError(
            f"{value:g} W is less than any heat pump has: is it in kW? Write {value * 1000:g}"
        )
    return value


SMALLEST_POWER = 100.0
"""Less is no heat pump. [W]"""
Watts = Annotated[float, Field(gt=0, le=1e8), AfterValidator(_not_kilowatts)]
"""Power of a heat pump. [W]"""


class PlatePoint(_Section):
    """One rated operating point, as printed on the plate or in the data sheet."""

    outdoor: float = Field(
        ge=-60, le=60, description="outdoor air, or what else the plate's `source` is [°C]"
    )
    water: float = Field(ge=0, le=120, description="leaving water [°C]")
    capacity: Watts = Field(description="heating or cooling capacity [W]")
    power: Watts = Field(description="electrical input [W]")


class Plate(_Section):
    """What the maker states about the machine. Rules and expectations refer to it."""

    manufacturer: str
    model: str
    serial_number: str = ""
    nominal_flow: float = Field(gt=0, le=1e6, description="water flow [l/min]")
    max_power: Watts = Field(description="largest electrical input [W]")
    standby_power: float = Field(30.0, ge=0, le=1e6, description="electrical input when idle [W]")
    pump_power: float = Field(34.0, ge=0, le=1e6, description="circulation pump [W]")
    source_power: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="fan, or pump of the source [W]; default: not told apart from the compressor",
    )
    backup_power: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="backup heater behind the same meter [W]; default: not told apart",
    )
    tank_heater_power: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="immersion heater of the tank behind the same meter [W]; default: likewise",
    )
    max_supply: float = Field(
        55.0, ge=20, le=120, description="highest supply temperature in normal use [°C]"
    )
    source: Literal["air", "brine", "water"] = Field(
        "air", description="where the heat is from; expected values need its temperature"
    )
    heating: list[PlatePoint] = Field(min_length=1, max_length=100)
    cooling: list[PlatePoint] = Field(
        default_factory=list, max_length=100, description="of a machine that cools, if it is stated"
    )


DEFAULT_POLL = 1.0
"""Poll period where the site file says nothing and no time-out is longer. [s]"""


def _class_name(value: object) -> object:
    # YAML reads the class of a heat meter as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


MeterClass = Annotated[
    Literal["A", "B", "C", "1", "2", "3"],
    BeforeValidator(_class_name),
    WithJsonSchema({"enum": ["A", "B", "C", 1, 2, 3, "1", "2", "3"]}),
]
"""Accuracy class of an electricity or a heat meter."""


class Device(_Section):
    """One Modbus device of a heat pump."""

    id: Identifier
    profile: str = Field(description="name of a profile in drivers/modbus/profiles, or a file")
    connection: DeviceConnection
    unit: int = Field(1, ge=0, le=255, description="Modbus unit id")
    poll: Annotated[Duration, between(0.01, DAY)] | None = Field(
        None,
        description="period of the fast poll class [s]; default: 1 s, or the time-out if longer",
    )
    timeout: Annotated[Duration, between(0.001, HOUR)] | None = Field(
        None, description="longest time to a response [s]; default: the profile's"
    )
    shares_unit: bool = Field(
        False,
        description="another device of the file is the same unit: two profiles of one controller",
    )
    map: dict[str, str] = Field(
        default_factory=dict, description="profile point → catalogue point, where they differ"
    )
    skip: list[str] = Field(default_factory=list, description="profile points to leave out")
    meter_class: MeterClass | None = Field(
        None,
        description="accuracy class of a meter: A, B or C of electricity (EN 50470), 1, 2 or 3 of "
        "heat (EN 1434); default: B and 2. The intervals of key figures follow from it",
    )
    adapt: Adaptation | None = Field(None, description="what it does otherwise than its profile")


def _not_taken(name: str) -> str:
    # Points of the site and of the twin have their keys; a heat pump of such a name would share
    # their NodeIds.
    if name in (SITE, TWIN):
        raise ValueError(f"{name!r} is the name of the {name}'s own points; choose another one")
    return name


class HeatPump(_Section):
    """One heat pump: a controller and the meters around it."""

    id: Annotated[Identifier, AfterValidator(_not_taken)]
    name: Name
    group: Name | None = Field(
        None, description="where it belongs: a building, an area; pages show its group together"
    )
    plate: Plate
    devices: list[Device] = Field(min_length=1, max_length=100)

    @property
    def emulated(self) -> bool:
        """Whether any of its devices is emulated."""
        return any(device.connection.is_emulated for device in self.devices)


def _iso_time(value: object) -> object:
    """Take a time as YAML reads it, which is no text when it has no quotes."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            # To the second, as a clock needs it: the first and last years overflow in some zone.
            datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError) as error:
            raise ValueError(
                f"{value!r} is not an ISO time; write for example 2026-01-15T06:00:00+01:00"
            ) from error
    return value


class HouseKind(StrEnum):
    """What stands around an emulated heat pump."""

    REFERENCE = "reference"
    LIGHT = "light"
    HEAVY = "heavy"
    FLOOR = "floor"
    BUFFER = "buffer"
    VARIED = "varied"


class PlantFault(_Section):
    """A fault of the emulated machine that is there from the first start on, not in its past."""

    name: str = Field(description="as `hptwin plant faults` lists them")
    heat_pump: str | None = Field(None, description="default: all")
    point: str | None = Field(None, description="of a fault of a sensor")
    severity: float | None = Field(None, ge=0, le=1, description="0 nothing … 1 the worst")
    magnitude: float | None = Field(None, description="instead of it, in the fault's own unit")


class EmulatedPlant(_Section):
    """The embedded plant: emulated field devices on real Modbus TCP."""

    managed: bool = Field(True, description="`hptwin run` starts it; false: it runs elsewhere")
    host: Host = "127.0.0.1"
    port: Port = Field(15020, description="first TCP port; each gateway takes the next one")
    control_port: Port = Field(15000, description="HTTP port to switch faults on and off")
    speed: float = Field(
        1.0,
        ge=0.01,
        le=3600,
        description="seconds of the site's clock per second, for plant, twin and history alike; "
        "only where all devices are emulated",
    )
    start: Annotated[str | None, BeforeValidator(_iso_time)] = Field(
        None, description="ISO time at which the site's clock starts, the first time; default: now"
    )
    past: float = Field(
        30.0,
        ge=0,
        le=366,
        description="days of the plant before the first start that are simulated into the history; "
        "only where all devices are emulated, on sites of up to four heat pumps",
    )
    seed: int = Field(1, ge=0, lt=2**32)
    house: HouseKind = Field(
        HouseKind.REFERENCE,
        description="house, emitters and people; `varied`: all drawn from the seed",
    )
    faults: list[PlantFault] = Field(default_factory=list, max_length=100)


class ClientTrust(StrEnum):
    """Which client certificates may open an encrypted channel."""

    AUTO = "auto"
    ANY = "any"
    LISTED = "listed"


ApplicationUri = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$", max_length=255)]
"""A URI that is the same for ever: ``urn:example.com:plant-room``."""


def _of_the_site(uri: str) -> str:
    if uri.startswith("http://opcfoundation.org/UA/") or uri == "urn:heatpump-twin:types":
        raise ValueError("it is the namespace of types, not of a site")
    return uri


SiteNamespace = Annotated[ApplicationUri, AfterValidator(_of_the_site)]
"""A URI that no other installation has."""


class OpcUaSettings(_Section):
    """The OPC UA endpoint."""

    host: Host = "127.0.0.1"
    port: Port = 4840
    anonymous_read: bool | None = Field(
        None, description="allow reading without a user; default: only on loopback"
    )
    allow_unencrypted: bool | None = Field(
        None, description="offer SecurityPolicy None for reading; default: only on loopback"
    )
    client_trust: ClientTrust = Field(
        ClientTrust.AUTO,
        description="auto: any client certificate on loopback, only trusted ones elsewhere",
    )
    max_sessions: int = Field(100, ge=1, le=100_000)
    application_uri: ApplicationUri | None = Field(
        None, description="default: made at the first start, then kept whatever the host is called"
    )
    site_namespace: SiteNamespace | None = Field(
        None,
        description="URI of the namespace of the site's nodes; default: made at the first start, "
        "then kept",
    )
    names: list[Host] = Field(
        default_factory=list,
        max_length=50,
        description="names and addresses by which clients reach the server, for its certificate; "
        "its host, the machine's name and, where it listens everywhere, the machine's addresses "
        "are there anyway",
    )

    @property
    def url(self) -> str:
        """The endpoint URL, as this machine reaches it."""
        return f"opc.tcp://{url_host(local_host(self.host))}:{self.port}/heatpump-twin"

    @property
    def public_url(self) -> str:
        """The endpoint URL for clients elsewhere, which learn it from a discovery server."""
        host = self.host
        if listens_everywhere(host):
            host = self.names[0] if self.names else socket.gethostname()
        return f"opc.tcp://{url_host(host)}:{self.port}/heatpump-twin"

    @property
    def reads_anonymously(self) -> bool:
        """Whether a client may read without a user."""
        return is_loopback(self.host) if self.anonymous_read is None else self.anonymous_read

    @property
    def offers_none(self) -> bool:
        """Whether sessions without encryption are possible (for reading only)."""
        return is_loopback(self.host) if self.allow_unencrypted is None else self.allow_unencrypted

    @property
    def trusts_any_client(self) -> bool:
        """Whether a client certificate needs no entry in the trust list."""
        if self.client_trust is ClientTrust.AUTO:
            return is_loopback(self.host)
        return self.client_trust is ClientTrust.ANY


class HmiSettings(_Section):
    """The operators' web pages."""

    enabled: bool = True
    host: Host = "127.0.0.1"
    port: Port = 8080
    session_timeout: Annotated[Duration, between(10, 366 * DAY)] = Field(
        8 * HOUR, description="idle time until log-out [s]"
    )
    kiosk_users: tuple[str, ...] = Field(
        (),
        description="who is never logged out for idleness and may only look, whatever their role: "
        "for a screen on a wall",
    )
    certificate: str | None = Field(None, description="PEM file for HTTPS")
    private_key: str | None = Field(None, description="PEM file for HTTPS")
    https_proxy: bool = Field(
        False,
        description="whether a proxy on this machine speaks HTTPS with browsers: cookies are "
        "`Secure` then, and whoever comes by HTTP cannot log in",
    )
    strict_transport: Annotated[Duration, between(1, 2 * 366 * DAY)] | None = Field(
        None,
        description="how long browsers shall refuse to come by HTTP after one visit by HTTPS, "
        "whatever the port (HSTS) [s]; default: they are not told",
    )

    @property
    def over_https(self) -> bool:
        """Whether browsers come by HTTPS: to us, or to a proxy before us."""
        return self.certificate is not None or self.https_proxy

    @model_validator(mode="after")
    def _strict_over_https(self) -> HmiSettings:
        if self.strict_transport is not None and not self.over_https:
            raise ValueError(
                "strict_transport is for HTTPS: set certificate and private_key, or https_proxy"
            )
        return self

    @model_validator(mode="after")
    def _encrypted_off_loopback(self) -> HmiSettings:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key go together")
        # Refused and not warned of: a warning at the start is read by nobody who logs in.
        if not is_loopback(self.host) and self.certificate is None:
            raise ValueError(
                "passwords would cross the network in clear text: set certificate and "
                "private_key, or keep host on 127.0.0.1 behind an HTTPS proxy"
            )
        return self


class OpsSettings(_Section):
    """Health and metrics for the people who run it."""

    host: Host = "127.0.0.1"
    port: Port = 8081


class HistorianSettings(_Section):
    """Where history is kept."""

    url: str | None = Field(
        None, description="SQLAlchemy URL; default: SQLite in the data directory"
    )
    flush: Annotated[Duration, between(0.001, HOUR)] = Field(
        10.0,
        description="longest time a sample waits in memory, and for HistoryRead; 10,000 of them "
        "wait for no longer than a second [s]",
    )
    max_interval: Annotated[Duration, between(0.1, DAY)] = Field(
        60.0, description="an unchanged value is recorded again after this time [s]"
    )
    # Less than an hour would throw history away as it comes.
    retention: Annotated[Duration, between(HOUR, 1000 * 366 * DAY)] = Field(
        400 * DAY, description="raw samples are kept this long"
    )
    event_retention: Annotated[Duration, between(HOUR, 1000 * 366 * DAY)] = Field(
        10 * 366 * DAY, description="events, the alarm journal and heat-ups are kept this long"
    )
    forecast_retention: Annotated[Duration, between(HOUR, 1000 * 366 * DAY)] = Field(
        100 * DAY, description="forecasts and simulations are kept this long, from their issue"
    )
    disk_budget: Annotated[FileSize, at_least("1 MB")] | None = Field(
        None,
        description="largest size of an SQLite database: the oldest samples give way, but not "
        "those of the last day; default: none [B]",
    )
    disk_reserve: FileSize = Field(
        500e6,
        description="the oldest samples give way where less is free on the disk of an SQLite "
        "database, or less than a twentieth of a small disk [B]",
    )


class RulesSettings(_Section):
    """Which rule packs raise alarms."""

    packs: list[str] = Field(default_factory=lambda: ["heat-pump"], max_length=100)


class CalibrationSettings(_Section):
    """When models of machines are calibrated on the recorded history."""

    every: Annotated[Duration, between(HOUR, 366 * DAY, never=True)] = Field(
        7 * DAY,
        description="calibrated again when the newest version is as old, a day after the start at "
        "the soonest; 0: only by hptwin calibrate",
    )


class ForecastSettings(_Section):
    """When heat pumps are forecast."""

    every: Annotated[Duration, between(60, DAY, never=True)] = Field(
        HOUR,
        description="a forecast of 48 hours is made so often, and recorded: of a heat pump some "
        "5 kB each; 0: none is made",
    )
    train_every: Annotated[Duration, between(HOUR, 366 * DAY, never=True)] = Field(
        7 * DAY,
        description="what remains of forecasts is learnt again when the newest version is as old, "
        "or has drifted, a day after the start at the soonest; 0: only on request",
    )


def _holiday(value: object) -> object:
    text = value.isoformat() if isinstance(value, date) else value
    if isinstance(text, str) and not _is_day(text):
        raise ValueError(
            f"{text[:40]!r} is no day; write it as 2026-12-24, or as 12-24 of each year"
        )
    return text


def _is_day(text: str) -> bool:
    # Of each year: a leap year, so that the last day of February is one as well.
    day = f"2024-{text}" if len(text) == len("12-24") else text
    try:
        # Python reads 20261224 and 2026-W52-4 as well, which no day is ever compared with.
        return date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False


Holiday = Annotated[str, BeforeValidator(_holiday)]
"""A day, or one of each year."""


class HotWater(StrEnum):
    """What becomes of hot water while a smart start heats a room or water."""

    AS_USUAL = "as_usual"
    """The tank is charged as ever."""
    LOWERED = "lowered"
    """Its setpoint is lowered: a tank that is cold all the same is charged."""
    SWITCHED_OFF = "switched_off"
    """It is not charged at all, for three hours at the longest; lowered from then on."""


class SmartStartSettings(_Section):
    """When heat-ups are started that are to be ready by a time."""

    fallback: Annotated[Duration, between(60, 12 * HOUR)] = Field(
        3 * HOUR,
        description="how long before, where nothing is known of heat-ups or the sensor is away",
    )
    shortest: Annotated[Duration, between(0, 12 * HOUR)] = Field(
        600, description="never started later than this before, however short heat-ups are"
    )
    hot_water: HotWater = Field(
        HotWater.LOWERED,
        description="what becomes of hot water while a room or water is heated up, at the longest "
        "until it has to be warm: a tank that is charged meanwhile makes it late. lowered: to "
        "40 °C; switched_off: not charged at all, for 3 h at the longest. If the computer that the "
        "twin runs on fails meanwhile, it stays so until that is back, or somebody sets it at the "
        "machine",
    )
    holidays: tuple[Holiday, ...] = Field(
        (), description="days without weekly schedules: 2026-12-24, or 12-25 of each year"
    )

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, given: object) -> object:
        if isinstance(given, dict) and "hot_water_waits" in given:
            raise ValueError(
                "hot_water_waits is hot_water now: lowered for true, as_usual for false; "
                "or switched_off"
            )
        return given


class Site(_Section):
    """A whole site file."""

    site: SiteInfo
    heat_pumps: list[HeatPump] = Field(min_length=1)
    quantities: Quantities = Field(
        default_factory=dict, description="points that the catalogue does not have, by name"
    )
    tariff: Tariff | None = None
    plant: EmulatedPlant | None = None
    opcua: OpcUaSettings = OpcUaSettings()
    hmi: HmiSettings = HmiSettings()
    ops: OpsSettings = OpsSettings()
    historian: HistorianSettings = HistorianSettings()
    rules: RulesSettings = RulesSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    forecasts: ForecastSettings = ForecastSettings()
    smart_start: SmartStartSettings = SmartStartSettings()
    notifications: NotificationSettings = NotificationSettings()
    weather: WeatherSettings = WeatherSettings()

    @model_validator(mode="after")
    def _emulated_weather(self) -> Site:
        if self.weather.source is WeatherSource.EMULATED and self.plant is None:
            raise ValueError(
                "weather.source is emulated, and there is no plant; name a service, or none"
            )
        return self

    def emulated_gateways(self) -> dict[str, int]:
        """TCP port of every gateway of the embedded plant, in the order of the file."""
        ports: dict[str, int] = {}
        for heat_pump in self.heat_pumps:
            for device in heat_pump.devices:
                if device.connection.is_emulated and self.plant is not None:
                    # By the order of the file, so that plant and twin, two processes, come to the
                    # same ports.
                    ports.setdefault(gateway_name(heat_pump, device), self.plant.port + len(ports))
        return ports

    def real_devices(self) -> Iterator[tuple[HeatPump, Device, tuple[str | int, ...]]]:
        """Give every device that is not emulated, with its place in the file."""
        for i, heat_pump in enumerate(self.heat_pumps):
            for j, device in enumerate(heat_pump.devices):
                if not device.connection.is_emulated:
                    yield heat_pump, device, ("heat_pumps", i, "devices", j)

    def address(self, heat_pump: HeatPump, device: Device) -> DeviceConnection:
        """Where a device is really reached: an emulated one at the plant's TCP port."""
        if not device.connection.is_emulated or self.plant is None:
            return device.connection
        port = self.emulated_gateways()[gateway_name(heat_pump, device)]
        return DeviceConnection(scheme="tcp", host=self.plant.host, port=port)


def gateway_name(heat_pump: HeatPump, device: Device) -> str:
    """Return the plant gateway of an emulated device: its own, or the one it names."""
    return device.connection.path or f"{heat_pump.id}.{device.id}"
