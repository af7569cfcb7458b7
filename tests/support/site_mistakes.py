"""Mistakes that people make in a site file: what is changed, and what they must be told.

Each is one of a kind: a mistake of the hand, of the unit, of the format, of the order.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE = """\
site: {name: Test, latitude: 50.1, longitude: 8.2, timezone: Europe/Berlin}
heat_pumps:
  - id: hp1
    name: Boiler room
    plate:
      manufacturer: X
      model: Y
      nominal_flow: 14.3
      max_power: 2590
      heating: [{outdoor: 7, water: 35, capacity: 5000, power: 1080}]
    devices:
      - id: controller
        profile: panasonic-aquarea-hj
        connection: "tcp://192.168.1.20:502"
        unit: 1
        poll: 1 s
      - id: meter
        profile: eastron-sdm120
        connection: "tcp://192.168.1.21:502"
        unit: 1
"""
CONTROLLER, METER = "heat_pumps.0.devices.0", "heat_pumps.0.devices.1"
PLATE = "heat_pumps.0.plate"


@dataclass(frozen=True)
class Mistake:
    """A changed site file and what must be said: at which line, of which key, with which words."""

    id: str
    old: str
    new: str
    key: str
    words: tuple[str, ...]
    at: str = ""
    """Text of the line that must be named; default: the last line of the change."""
    more: int = 0
    """So many other mistakes are told with it."""

    @property
    def text(self) -> str:
        if not self.old:
            return BASE + self.new
        assert BASE.count(self.old) == 1, f"{self.old!r} must be there once"
        return BASE.replace(self.old, self.new)

    @property
    def line(self) -> int:
        wanted = self.at or self.new.rstrip("\n").rpartition("\n")[-1]
        lines = self.text.splitlines()
        return 1 + max(i for i, line in enumerate(lines) if wanted.strip() in line)


def m(id_: str, old: str, new: str, key: str, *words: str, at: str = "", more: int = 0) -> Mistake:
    return Mistake(id_, old, new, key, words, at, more)


_UNIT_1_OF_METER = 'connection: "tcp://192.168.1.21:502"\n        unit: 1'
_LINE = "tcp://192.168.1.20:502"
_FLOW, _POWER = "nominal_flow: 14.3", "max_power: 2590"
_POINT = "{outdoor: 7, water: 35, capacity: 5000, power: 1080}"
_POLL = "poll: 1 s"
_NAME = "name: Boiler room"

HOSTS = [
    m("host-space", _LINE, "tcp://heat pump.local:502", f"{CONTROLLER}.connection", "not a host"),
    m("host-comma", _LINE, "tcp://192,168,1,20:502", f"{CONTROLLER}.connection", "not a host"),
    m("host-octet", _LINE, "tcp://192.168.1.300:502", f"{CONTROLLER}.connection", "four numbers"),
    m("host-short", _LINE, "tcp://192.168.1:502", f"{CONTROLLER}.connection", "four numbers"),
    m("host-dots", _LINE, "tcp://pump..local:502", f"{CONTROLLER}.connection", "not a host"),
    m("host-dash", _LINE, "tcp://-pump.local:502", f"{CONTROLLER}.connection", "not a host"),
    m("host-long", _LINE, f"tcp://{'a' * 64}.local", f"{CONTROLLER}.connection", "not a host"),
    m("host-none", _LINE, "tcp://:502", f"{CONTROLLER}.connection", "tcp://HOST:PORT"),
    m("host-user", _LINE, "tcp://me:you@host:502", f"{CONTROLLER}.connection", "tcp://host:502"),
    m("host-unit", _LINE, "tcp://192.168.1.20:502/1", f"{CONTROLLER}.connection", "the key `unit`"),
    m("host-scheme", _LINE, "modbus://192.168.1.20", f"{CONTROLLER}.connection", "tcp://HOST"),
    m("host-bare", _LINE, "192.168.1.20:502", f"{CONTROLLER}.connection", "tcp://HOST"),
    m("host-bracket", _LINE, "tcp://[::1:502", f"{CONTROLLER}.connection", "not a connection"),
    m("host-port", _LINE, "tcp://192.168.1.20:70000", f"{CONTROLLER}.connection", "tcp://HOST"),
    m("host-port-0", _LINE, "tcp://192.168.1.20:0", f"{CONTROLLER}.connection", "tcp://HOST"),
    m("host-port-word", _LINE, "tcp://host:modbus", f"{CONTROLLER}.connection", "tcp://HOST"),
    m("host-serial", f'"{_LINE}"', "serial://ttyUSB0", f"{CONTROLLER}.connection", "/dev/ttyUSB0"),
    m("host-opcua", "", "opcua: {host: not a host}\n", "opcua.host", "'not a host' is not a host"),
    m("host-opcua-port", "", "opcua: {host: 'pc:4840'}\n", "opcua.host", "without port"),
    m(
        "host-opcua-url",
        "",
        "opcua: {host: 'opc.tcp://pc'}\n",
        "opcua.host",
        "without port or path",
    ),
    m("host-ops", "", "ops: {host: 1.2.3}\n", "ops.host", "four numbers"),
    m("host-hmi", "", "hmi: {host: '*'}\n", "hmi.host", "not a host"),
    m("host-plant", "", "plant: {host: ''}\n", "plant.host", "not a host"),
]
LINES = [
    m("line-unit", "192.168.1.21", "192.168.1.20", f"{METER}.unit",
      "controller and meter are both unit 1 at tcp://192.168.1.20:502", "shares_unit",
      at="unit: 1"),
    m("line-transport", _UNIT_1_OF_METER,
      'connection: "rtu+tcp://192.168.1.20:502"\n        unit: 2',
      f"{METER}.connection", "one port speaks one way", "line 14", at="rtu+tcp"),
    m("line-emulated", f'"{_LINE}"', "emulated", f"{CONTROLLER}.connection", "`plant:`", "tcp://"),
    m("line-baudrate", f'"{_LINE}"', "serial:///dev/ttyUSB0?baudrate=96",
      f"{CONTROLLER}.connection", "not a baud rate"),
    m("line-parity", f'"{_LINE}"', "serial:///dev/ttyUSB0?parity=X", f"{CONTROLLER}.connection",
      "N, E or O"),
    m("line-poll", _POLL, "poll: soon", f"{CONTROLLER}.poll", "'soon' is not a duration", "'1 s'"),
    m("line-poll-inf", _POLL, "poll: .inf", f"{CONTROLLER}.poll", "finite"),
    m("line-poll-nan", _POLL, "poll: .nan", f"{CONTROLLER}.poll", "finite"),
    m("line-poll-huge", _POLL, "poll: 1.0e+300", f"{CONTROLLER}.poll", "too long", "1 d or less"),
    m("line-poll-zero", _POLL, "poll: 0", f"{CONTROLLER}.poll", "too short", "10 ms or more"),
    m("line-poll-negative", _POLL, "poll: -5", f"{CONTROLLER}.poll", "too short"),
    m("line-poll-comma", _POLL, "poll: 1,5 s", f"{CONTROLLER}.poll", "decimal comma", "'1.5 s'"),
    m("line-poll-yes", _POLL, "poll: yes", f"{CONTROLLER}.poll", "not a duration"),
    m("line-poll-list", _POLL, "poll: [1]", f"{CONTROLLER}.poll", "not a duration"),
    m("line-timeout", _POLL, "timeout: 0 s", f"{CONTROLLER}.timeout", "too short"),
    m("line-number", "unit: 1\n        poll", "unit: 999\n        poll", f"{CONTROLLER}.unit",
      "255 or less", "999", at="unit: 999"),
    m("line-number-word", "unit: 1\n        poll", "unit: one\n        poll", f"{CONTROLLER}.unit",
      "whole number", "one", at="unit: one"),
    m("line-number-half", "unit: 1\n        poll", "unit: 1.5\n        poll", f"{CONTROLLER}.unit",
      "whole number", "1.5", at="unit: 1.5"),
    m("line-number-base-60", "unit: 1\n        poll", "unit: 1:30\n        poll",
      f"{CONTROLLER}.unit", "whole number", "1:30", at="unit: 1:30"),
    m("line-poll-base-60", _POLL, "poll: 1:30", f"{CONTROLLER}.poll", "1:30", "not a duration"),
    m("line-profile", "eastron-sdm120", "eastron-sdm12", f"{METER}.profile",
      "there is no profile 'eastron-sdm12'", "eastron-sdm120"),
    m("line-profile-directory", "eastron-sdm120", "/tmp", f"{METER}.profile", "no profile '/tmp'"),
    m("line-skip", _POLL, "skip: [tank_temp]", f"{CONTROLLER}.skip.0", "no point 'tank_temp'"),
    m("line-skip-text", _POLL, "skip: tank_temperature", f"{CONTROLLER}.skip", "write a list"),
    m("line-map", _POLL, "map: {tank_temp: x}", f"{CONTROLLER}.map.tank_temp", "no point"),
    m("line-map-list", _POLL, "map: [a]", f"{CONTROLLER}.map", "write a section"),
    m("line-id", "id: meter", "id: controller", f"{METER}.id", "used twice"),
    m("line-id-hyphen", "id: hp1", "id: HP-1", "heat_pumps.0.id", "lower-case", "hp1",
      at="id: HP-1"),
    m("line-id-digit", "id: hp1", "id: 1hp", "heat_pumps.0.id", "beginning with a letter"),
    m("line-id-number", "id: hp1", "id: 17", "heat_pumps.0.id", "write a text", "17"),
    m("line-id-site", "id: hp1", "id: site", "heat_pumps.0.id", "choose another"),
    m("line-id-long", "id: hp1", f"id: {'a' * 33}", "heat_pumps.0.id", "at most 32"),
]  # fmt: skip
PLATES = [
    m("plate-kilowatts", _POWER, "max_power: 2.59", f"{PLATE}.max_power", "in kW", "2590"),
    m("plate-capacity", "capacity: 5000", "capacity: 5", f"{PLATE}.heating.0.capacity", "in kW",
      at="heating:"),
    m("plate-input", "power: 1080", "power: 1.08", f"{PLATE}.heating.0.power", "in kW",
      at="heating:"),
    m("plate-negative", _FLOW, "nominal_flow: -3", f"{PLATE}.nominal_flow", "above 0", "-3"),
    m("plate-zero", _FLOW, "nominal_flow: 0", f"{PLATE}.nominal_flow", "above 0"),
    m("plate-infinite", _FLOW, "nominal_flow: .inf", f"{PLATE}.nominal_flow", "finite"),
    m("plate-nan", _POINT, _POINT.replace("7", ".nan"), f"{PLATE}.heating.0.outdoor", "finite",
      at="heating:"),
    m("plate-comma", _FLOW, "nominal_flow: 14,3", f"{PLATE}.nominal_flow", "a decimal comma",
      "14.3"),
    m("plate-comma-flow", "{outdoor: 7, water: 35,", "{outdoor: 7, water: 35,5,",
      f"{PLATE}.heating.0.water", "a decimal comma", "35.5", at="heating:"),
    m("plate-octal", _POWER, "max_power: 02570", f"{PLATE}.max_power", "octal", "write 2570"),
    m("plate-yes", _FLOW, "nominal_flow: yes", f"{PLATE}.nominal_flow", "write a number", "true"),
    m("plate-unit", _POWER, "max_power: 2590 W", f"{PLATE}.max_power", "number alone", "2590"),
    m("plate-word", _FLOW, "nominal_flow: much", f"{PLATE}.nominal_flow", "write a number", "much"),
    m("plate-digits", _FLOW, f"nominal_flow: {'1' * 5000}", f"{PLATE}.nominal_flow",
      "5,000 digits", at="nominal_flow: 1"),
    m("plate-hex", _FLOW, f"nominal_flow: 0x{'f' * 5000}", f"{PLATE}.nominal_flow", "digits",
      at="nominal_flow: 0"),
    m("plate-fahrenheit", _FLOW, "nominal_flow: 14.3\n      max_supply: 131",
      f"{PLATE}.max_supply", "120 or less", "131"),
    m("plate-none", f"heating: [{_POINT}]", "heating: []", f"{PLATE}.heating", "at least 1"),
    m("plate-source", _POWER, f"{_POWER}\n      source: sole", f"{PLATE}.source", "'air'", "sole"),
    m("plate-missing", f"      {_FLOW}\n", "", f"{PLATE}.nominal_flow", "required", at="plate:"),
    m("plate-typo", _FLOW, "nominal_flw: 14.3", f"{PLATE}.nominal_flw", "mean nominal_flow",
      more=1),
    m("plate-text", f"heating: [{_POINT}]", "heating: 5 kW", f"{PLATE}.heating", "write a list"),
    m("plate-twice", _FLOW, f"{_FLOW}\n      nominal_flow: 15", f"{PLATE}.nominal_flow",
      "written twice"),
]  # fmt: skip
SECTIONS = [
    m("site-latitude", "latitude: 50.1", "latitude: 150", "site.latitude", "90 or less", "150",
      at="site:"),
    m("site-date", "latitude: 50.1", "latitude: 2020-13-45", "site.latitude", "not a date",
      at="site:"),
    m("site-latitude-yes", "latitude: 50.1", "latitude: yes", "site.latitude", "write a number",
      at="site:"),
    m("site-zone", "Europe/Berlin", "Berlin", "site.timezone", "Europe/Madrid", at="site:"),
    m("site-zone-path", "Europe/Berlin", "../../../etc/passwd", "site.timezone", "IANA",
      at="site:"),
    m("site-zone-null", "Europe/Berlin", "", "site.timezone", "write a text", at="site:"),
    m("site-name", "name: Test", f"name: {'x' * 2000}", "site.name", "at most 100", "2,000",
      at="site:"),
    m("site-name-empty", "name: Test", "name: ''", "site.name", "not empty", at="site:"),
    m("site-name-control", "name: Test", 'name: "a\\0b"', "site.name", "U+0000", at="site:"),
    m("site-name-date", "name: Test", "name: 2020-01-01", "site.name", "in quotes", at="site:"),
    m("site-template", "name: Test", "name: {{ site_name }}", "site.name", "left unfilled",
      at="site:"),
    m("site-template-text", _NAME, "name: Room {{ number }}", "heat_pumps.0.name",
      "left unfilled"),
    m("site-template-jinja", _NAME, "name: '{% if x %}'", "heat_pumps.0.name", "left unfilled"),
    m("site-template-shell", _NAME, "name: ${NAME}", "heat_pumps.0.name", "left unfilled"),
    m("site-list-key", "", "? [a, b]\n: 1\n", "(top level)", "a list cannot be a key",
      at="? [a, b]"),
    m("site-number-key", "", "1: 2\n", "1", "a key is a word"),
    m("site-unknown", "", "opc_ua: {}\n", "opc_ua", "mean opcua"),
    m("site-section-text", "", "opcua: 4841\n", "opcua", "write a section", "4841"),
    m("site-section-list", "", "opcua: [4841]\n", "opcua", "write a section", "a list"),
    m("site-tag", "", "opcua: !!python/object:os.system {}\n", "(top level)", "not valid YAML"),
    m("site-tag-value", "", "opcua: {port: !number 4840}\n", "opcua.port", "not known"),
    m("site-bool", "", "hmi: {enabled: perhaps}\n", "hmi.enabled", "true or false", "perhaps"),
    m("site-port", "", "opcua: {port: 70000}\n", "opcua.port", "65535 or less", "70000"),
    m("site-port-text", "", "opcua: {port: high}\n", "opcua.port", "whole number"),
    m("site-port-default", "", "opcua: {port: 8080}\n", "opcua.port", "8080 is the HMI's default"),
    m("site-port-twice", "", "opcua: {port: 5000}\nops: {port: 5000}\n", "ops.port",
      "also used by the OPC UA server (opcua.port)"),
    m("site-port-everywhere", "", "opcua: {host: 0.0.0.0, port: 5000}\nops: {port: 5000}\n",
      "ops.port", "also used by"),
    m("site-trust", "", "opcua: {client_trust: all}\n", "opcua.client_trust", "'any'", "all"),
    m("site-sessions", "", "opcua: {max_sessions: 0}\n", "opcua.max_sessions", "1 or more"),
    m("site-retention", "", "historian: {retention: 1 s}\n", "historian.retention", "1 h or more"),
    m("site-flush", "", "historian: {flush: .inf}\n", "historian.flush", "finite"),
    m("site-database", "", "historian: {url: 'foo://bar'}\n", "historian.url",
      "foo is not a database that is supported", "postgresql"),
    m("site-database-mysql", "", "historian: {url: 'mysql://x/y'}\n", "historian.url",
      "mysql is not a database that is supported"),
    m("site-database-driver", "", "historian: {url: 'postgresql+asyncpg://x/y'}\n",
      "historian.url", "not a database that is supported"),
    m("site-database-path", "", "historian: {url: /var/lib/x.db}\n", "historian.url", "sqlite:///"),
    m("site-database-port", "", "historian: {url: 'postgresql://x:y/z'}\n", "historian.url",
      "not a database URL"),
    m("site-database-nowhere", "", "historian: {url: 'sqlite:////no/where/x'}\n", "historian.url",
      "no directory /no/where"),
    m("site-database-memory", "", "historian: {url: 'sqlite://'}\n", "historian.url",
      "names no file"),
    m("site-packs", "", "rules: {packs: [nope]}\n", "rules.packs.0", "no rule pack 'nope'",
      "heat-pump"),
    m("site-packs-text", "", "rules: {packs: heat-pump}\n", "rules.packs", "write a list"),
    m("site-certificate", "", "hmi: {certificate: /no/x.pem, private_key: /no/k.pem}\n",
      "hmi.certificate", "/no/x.pem cannot be read", more=1),
    m("site-certificate-alone", "", "hmi: {certificate: x.pem}\n", "hmi", "go together"),
    m("site-strict-http", "", "hmi: {strict_transport: 30 d}\n", "hmi", "is for HTTPS"),
    m("site-clear-text", "", "hmi: {host: 0.0.0.0}\n", "hmi", "clear text"),
    m("site-currency", "", "tariff: {currency: Euro, price: 0.2}\n", "tariff.currency", "EUR"),
    m("site-price", "", "tariff: {currency: EUR, price: 0,2}\n", "tariff.price", "comma", "0.2"),
    m("site-price-inf", "", "tariff: {currency: EUR, price: .inf}\n", "tariff.price", "finite"),
    m("site-plant-start", "", "plant: {start: tomorrow}\n", "plant.start", "2026-01-15T06:00"),
    m("site-plant-speed", "", "plant: {speed: 1000000}\n", "plant.speed", "3600 or less"),
    m("plant-fault", "", "plant: {faults: [{name: x}]}\n", "plant.faults.0", "coil_fouled"),
    m(
        "plant-fault-sensor", "", "plant: {faults: [{name: sensor_offset}]}\n",
        "plant.faults.0", "point of a sensor", "supply_temperature",
    ),
    m(
        "plant-fault-twice", "",
        "plant: {faults: [{name: coil_fouled, severity: 0.5, magnitude: 0.5}]}\n",
        "plant.faults.0", "not both",
    ),
    m(
        "plant-fault-pump", "", "plant: {faults: [{name: fan_stopped, heat_pump: hp9}]}\n",
        "plant.faults.0.heat_pump", "hp1",
    ),
    m("site-plant-seed", "", "plant: {seed: -1}\n", "plant.seed", "0 or more"),
    m("site-anchor", "", "opcua: *nobody\n", "(top level)", "undefined alias"),
    m("site-recursion", "", "opcua: &a [*a]\n", "opcua", "write a section"),
    m("site-merge", "", "opcua: {<<: 5}\n", "(top level)", "not valid YAML"),
    m("site-colon", _NAME, "name: Boiler: room", "(top level)", "not valid YAML"),
    m("site-tab", "", "opcua:\n\tport: 4841\n", "(top level)", "not valid YAML"),
    m("site-quote", _NAME, 'name: "Boiler room', "(top level)", "not valid YAML",
      at="connection: \"tcp://192.168.1.20"),
    m("site-two", "", "---\nsite: {}\n", "(top level)", "another document", at="---"),
]  # fmt: skip
MISTAKES = [*HOSTS, *LINES, *PLATES, *SECTIONS]
