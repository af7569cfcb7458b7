"""Prometheus metrics, read from the rooms when somebody asks: nothing is counted twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from heatpump_twin.drivers.status import is_bad
from heatpump_twin.runtime.children import Children
from heatpump_twin.runtime.loop_lag import LoopLag
from heatpump_twin.runtime.parts.twin_parts import TwinParts


@dataclass(frozen=True, eq=False)
class TwinMetrics(Collector):
    """Prometheus metrics of a twin."""

    parts: TwinParts
    children: Children
    lag: LoopLag
    points: Callable[[], Sequence[int]]
    """Indices of the points that the site has now."""

    def registry(self) -> CollectorRegistry:
        """Return a registry with these metrics and those of the process."""
        # A registry of its own and not the library's global one: two twins in one test process
        # would clash in it.
        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        return registry

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its present value."""
        yield from self._devices()
        yield from self._history()
        yield from self._clients()
        # Of the points that the site has now: rows of heat pumps that went stay in the table.
        points = self.points()
        bad = sum(is_bad(status) for status in self.parts.foundation.image.status[points].tolist())
        yield _gauge("points", "Points of the site", len(points))
        yield _gauge("points_bad", "Points without a usable value now", bad)
        yield _gauge("loop_lag_seconds", "How late the event loop runs", self.lag.last)
        yield _gauge("loop_lag_worst_seconds", "Worst lateness so far", self.lag.worst)
        yield _each(
            GaugeMetricFamily("hptwin_alarms_active", "Active alarms", labels=["asset"]),
            self.parts.alarms.active,
        )
        yield _each(
            CounterMetricFamily("hptwin_child_restarts", "Restarts of a child", labels=["child"]),
            {child.name: child.restarts for child in self.children},
        )

    def _devices(self) -> Iterator[Metric]:
        def by_device(attribute: str) -> dict[str, float]:
            return {d.name: getattr(d.metrics, attribute) for d in self.parts.field.drivers}

        for attribute, name, text in (
            ("polls", "polls", "Polls of a device"),
            ("failed_polls", "poll_failures", "Polls without an answer"),
            ("repeated", "modbus_repeated", "Requests sent again after an exception"),
            ("missed", "polls_missed", "Polls not over when the next was due, or left out"),
            ("writes", "writes", "Writes to a device"),
            ("unconfirmed_writes", "writes_unconfirmed", "Writes not confirmed by read-back"),
        ):
            family = CounterMetricFamily(f"hptwin_{name}", text, labels=["device"])
            yield _each(family, by_device(attribute))
        yield self._exceptions()
        for attribute, name, text in (
            ("refused", "points_refused", "Points that the device refuses now"),
            ("divided", "blocks_divided", "Blocks that the device answers in parts only"),
            ("duration", "poll_duration_seconds", "Duration of the last poll"),
            ("lateness", "poll_lateness_seconds", "From due to its first request, last poll"),
            ("worst_lateness", "poll_lateness_worst_seconds", "Worst lateness so far"),
        ):
            family_ = GaugeMetricFamily(f"hptwin_{name}", text, labels=["device"])
            yield _each(family_, by_device(attribute))
        yield _each(
            GaugeMetricFamily("hptwin_device_up", "Whether a device answers", labels=["device"]),
            {d.name: float(d.connected) for d in self.parts.field.drivers},
        )
        yield self._refusals()
        yield from self._links()
        loads = {d.link.name: d.link.load for d in self.parts.field.drivers}
        yield _each(
            GaugeMetricFamily(
                "hptwin_link_load", "Time that a link needs, by time there is", labels=["link"]
            ),
            {name: load.load for name, load in loads.items()},
        )
        yield _each(
            GaugeMetricFamily(
                "hptwin_link_scan_seconds", "Time to poll all devices of a link", labels=["link"]
            ),
            {name: load.scan_time for name, load in loads.items()},
        )

    def _exceptions(self) -> Metric:
        family = CounterMetricFamily(
            "hptwin_modbus_exceptions", "Modbus exceptions answered", labels=["device", "code"]
        )
        for driver in self.parts.field.drivers:
            for code, times in driver.metrics.exceptions_by_code.items():
                family.add_metric([driver.name, str(code)], times)
        return family

    def _refusals(self) -> Metric:
        family = GaugeMetricFamily(
            "hptwin_point_refused",
            "Whether a device refuses a point now, and why",
            labels=["device", "point", "reason"],
        )
        for driver in self.parts.field.drivers:
            for point, reason in driver.refused.items():
                family.add_metric([driver.name, point, reason], 1.0)
        return family

    def _links(self) -> Iterator[Metric]:
        links = {d.link.name: d.link for d in self.parts.field.drivers}
        yield _each(
            CounterMetricFamily("hptwin_link_connections", "Connections opened", labels=["link"]),
            {name: link.connections for name, link in links.items()},
        )
        family = CounterMetricFamily(
            "hptwin_link_oddities",
            "What was left out of the received bytes: bytes of noise, or frames",
            labels=["link", "kind"],
        )
        for name, link in links.items():
            for kind, times in link.oddities.counts.items():
                family.add_metric([name, kind], times)
        yield family

    def _history(self) -> Iterator[Metric]:
        health = self.parts.archive.historian.health
        yield _counter("historian_rows", "Samples written", health.rows_written)
        yield _counter("historian_rows_dropped", "Samples lost", health.rows_dropped)
        yield _gauge("historian_queue_rows", "Samples waiting in memory", health.queue_rows)
        yield _gauge("historian_spool_bytes", "Samples waiting on disk", health.spool_size)
        yield _gauge("historian_delay_seconds", "Age of the oldest waiting", health.delay)
        yield _gauge("historian_flush_seconds", "Duration of the last flush", health.flush_seconds)
        yield _gauge("historian_up", "Whether the database answers", health.connected)

    def _clients(self) -> Iterator[Metric]:
        statistics = self.parts.clients.server.statistics
        yield _gauge("opcua_sessions", "OPC UA sessions", statistics.sessions)
        yield _gauge("opcua_subscriptions", "OPC UA subscriptions", statistics.subscriptions)
        yield _gauge("opcua_monitored_items", "Monitored items", statistics.monitored_items)
        yield _counter(
            "opcua_sessions_ended", "Sessions that gave way to others", statistics.sessions_ended
        )
        yield _counter("opcua_rejected_logins", "Refused logins", statistics.rejected_logins)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"hptwin_{name}", text, value=float(value))


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"hptwin_{name}", text, value=float(value))


def _each(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]
) -> GaugeMetricFamily | CounterMetricFamily:
    for label, value in values.items():
        family.add_metric([label], float(value))
    return family
