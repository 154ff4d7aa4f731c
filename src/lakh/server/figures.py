"""What /metrics prints: the store's, the jobs', the gateways' figures, read when asked."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from lakh.bus.gateways import Gateways
from lakh.gateway.figures import HELP
from lakh.jobs.cloud import Cloud
from lakh.resources.certificate.known import HostCertificates
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.role.access import Access
from lakh.server.agents import Agents
from lakh.server.control_figures import ControlFigures
from lakh.server.loop_lag import LoopLag


class _Collector:
    """Reads the cloud's own counters; nothing is counted twice."""

    def __init__(self, cloud: Cloud, gateways: Gateways, agents: Agents, lag: LoopLag) -> None:
        self._cloud = cloud
        self._lag = lag
        self._agents = agents
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
        now = GaugeMetricFamily("lakh_store_now", "The store at this moment", labels=["what"])
        for name, value in self._cloud.store.gauges().items():
            now.add_metric([name], value)
        yield now
        jobs = GaugeMetricFamily("lakh_jobs_running", "Jobs running or waiting in this server")
        jobs.add_metric([], self._cloud.worker.running)
        yield jobs
        took = HistogramMetricFamily("lakh_job_seconds", "From a job's acceptance to its end", labels=["command"])
        for command, ended in sorted(self._cloud.worker.seconds.items()):
            took.add_metric([command], ended.cumulative(), ended.seconds)
        yield took
        hosts = GaugeMetricFamily("lakh_hosts", "Hosts by status", labels=["status"])
        census = self._cloud.part(HostIndex).census
        for status, count in sorted(census.by(lambda c: c.status, lambda _: True).items()):
            hosts.add_metric([status], count)
        yield hosts
        here = GaugeMetricFamily("lakh_hosts_connected", "Hosts that are connected and ready", labels=["type"])
        for kind, count in sorted(census.by(lambda c: c.type, lambda c: c.connected).items()):
            here.add_metric([kind], count)
        yield here
        yield GaugeMetricFamily(
            "lakh_control_loop_lag_seconds", "Longest delay of the control loop lately", value=self._lag.seconds()
        )
        yield from self._of_caches()
        yield from self._of_agents()
        yield from self._of_certificates()
        yield from self._of_gateways()

    def _of_caches(self) -> Iterator[Metric]:
        hits = CounterMetricFamily("lakh_cache_hits", "Retrievals answered from memory", labels=["cache"])
        loads = CounterMetricFamily("lakh_cache_loads", "Loads from the store", labels=["cache"])
        seconds = CounterMetricFamily("lakh_cache_load_seconds", "Time in loads", labels=["cache"])
        cloud = self._cloud
        for name, cache in (
            ("settings", cloud.part(Settings)),
            ("role permissions", cloud.part(Access)),
            ("small tables", cloud.snapshots),
        ):
            hits.add_metric([name], cache.hits)
            loads.add_metric([name], cache.loads)
            seconds.add_metric([name], cache.load_seconds)
        yield from (hits, loads, seconds)

    def _of_agents(self) -> Iterator[Metric]:
        figures = self._agents.figures
        ended = CounterMetricFamily("lakh_host_connects", "Connect processing that ended", labels=["outcome"])
        ended.add_metric(["up"], figures.up)
        ended.add_metric(["refused"], figures.refused)
        yield ended
        yield CounterMetricFamily(
            "lakh_host_connect_seconds", "Time from Startup to the end of connect processing", value=figures.seconds
        )
        waiting = GaugeMetricFamily("lakh_hosts_connecting", "Agents in connect processing", labels=["stage"])
        waiting.add_metric(["waiting"], figures.waiting)
        waiting.add_metric(["at work"], figures.at_work)
        yield waiting
        yield CounterMetricFamily("lakh_power_reports", "Power reports that differed", value=figures.power_reports)

    def _of_certificates(self) -> Iterator[Metric]:
        known = self._cloud.part(HostCertificates)
        yield GaugeMetricFamily(
            "lakh_client_certificates",
            "What agents are asked for: 0 none, 1 one if they have it, 2 one",
            value=known.mode,
        )
        hosts = GaugeMetricFamily("lakh_host_certificates", "Certificates of hosts' agents", labels=["what"])
        hosts.add_metric(["in use"], len(known.of))
        hosts.add_metric(["not recorded yet"], len(known.unrecorded))
        hosts.add_metric(["hosts that took none"], len(known.tries))
        hosts.add_metric(["revoked"], len(known.revoked))
        yield hosts

    def _of_gateways(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for gateway, figures in sorted(self._gateways.figures().items()):
            for name, value in figures.items():
                base, _, rest = name.partition("{")
                label, _, word = rest.rstrip("}").partition("=")
                family = families.get(base)
                if family is None:
                    kind = CounterMetricFamily if base.endswith("_total") else GaugeMetricFamily
                    labels = ["gateway", label] if label else ["gateway"]
                    family = families[base] = kind(base, HELP.get(base, "Of a gateway"), labels=labels)
                family.add_metric([str(gateway), word.strip('"')] if label else [str(gateway)], value)
        yield from families.values()


class NamedRegistry(CollectorRegistry):
    """Adds which control process a figure is of: the next page may come from another one, and must not look as if its
    counters had gone back. A gateway's are the same on every page."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._control = str(number)

    def collect(self) -> Iterator[Metric]:
        for family in super().collect():
            if not family.name.startswith("lakh_gateway_"):
                family.samples = [s._replace(labels={"control": self._control} | s.labels) for s in family.samples]
            yield family


def registry_of(
    cloud: Cloud, gateways: Gateways, agents: Agents, lag: LoopLag, controls: ControlFigures
) -> CollectorRegistry:
    """A registry that prints this control process, by its number where there are several, and then a few figures of the
    others."""
    registry = CollectorRegistry() if cloud.controls == 1 else NamedRegistry(cloud.number)
    registry.register(_Collector(cloud, gateways, agents, lag))
    registry.register(controls)
    return registry
