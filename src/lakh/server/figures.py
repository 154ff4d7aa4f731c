"""What /metrics prints: the store's, the jobs', the gateways' figures, read when asked."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from lakh.bus.gateways import Gateways
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex


class _Collector:
    """Reads the cloud's own counters; nothing is counted twice."""

    def __init__(self, cloud: Cloud, gateways: Gateways) -> None:
        self._cloud = cloud
        self._gateways = gateways

    def collect(self) -> Iterator[Metric]:
        totals = CounterMetricFamily("lakh_store", "Store totals since start", labels=["what"])
        statements = CounterMetricFamily("lakh_statement_runs", "Runs of a statement", labels=["statement"])
        seconds = CounterMetricFamily("lakh_statement_seconds", "Time in a statement", labels=["statement"])
        for name, value in self._cloud.store.counters().items():
            kind, colon, rest = name.partition(":")
            if not colon:
                totals.add_metric([name], value)
            elif kind == "statement":
                statements.add_metric([rest], value)
            elif kind == "seconds":
                seconds.add_metric([rest], value)
        yield from (totals, statements, seconds)
        jobs = GaugeMetricFamily("lakh_jobs_running", "Jobs running or waiting in this server")
        jobs.add_metric([], self._cloud.worker.running)
        yield jobs
        hosts = GaugeMetricFamily("lakh_hosts", "Hosts by status", labels=["status"])
        counts: dict[str, int] = {}
        for fact in self._cloud.part(HostIndex).facts.values():
            counts[fact.status] = counts.get(fact.status, 0) + 1
        for status, count in sorted(counts.items()):
            hosts.add_metric([status], count)
        yield hosts
        yield from self._of_gateways()

    def _of_gateways(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for gateway, figures in sorted(self._gateways.figures().items()):
            for name, value in figures.items():
                base, brace, rest = name.partition("{")
                label = rest.rstrip("}").partition("=")[2].strip('"') if brace else ""
                family = families.setdefault(base, GaugeMetricFamily(base, "Of a gateway", labels=["gateway", "kind"]))
                family.add_metric([str(gateway), label], value)
        yield from families.values()


def registry_of(cloud: Cloud, gateways: Gateways) -> CollectorRegistry:
    """A registry that prints this server."""
    registry = CollectorRegistry()
    registry.register(_Collector(cloud, gateways))
    return registry
