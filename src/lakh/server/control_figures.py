"""How each control process of a server fares: each tells the others once a second, so any page of metrics shows all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Final

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from lakh.jobs.cloud import Cloud

TOPIC: Final = "figures"
PAUSE_SECONDS: Final = 1.0
_COUNTERS: Final = {
    "jobs": "Jobs that a control process has brought to their end",
    "deployments": "Deployments among them",
    "lost_races": "Steps and admissions that decided anew because somebody else was faster",
    "cpu_seconds": "Processor time of a control process",
    "transactions": "Transactions it has committed",
    "statements": "Statements it has run",
}
_GAUGES: Final = {"leads": "1: runs the reconcilers and brings hosts Up", "running": "Jobs running or waiting there"}


class ControlFigures:
    """The figures of this process and the last ones of the others."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._of: dict[int, dict[str, float]] = {}
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(dict[str, float]).decode
        cloud.peers.hear(TOPIC, self._heard)

    async def run(self) -> None:
        """Tells the others until cancelled."""
        while True:
            self._cloud.peers.tell(TOPIC, self._encode(self._own()))
            await asyncio.sleep(PAUSE_SECONDS)

    def forget(self, number: int) -> None:
        """That process is gone."""
        self._of.pop(number, None)

    def collect(self) -> Iterator[Metric]:
        """All processes' figures, each with the number of its process as label."""
        self._of[self._cloud.number] = self._own()
        for name, text in (_COUNTERS | _GAUGES).items():
            kind = CounterMetricFamily if name in _COUNTERS else GaugeMetricFamily
            family = kind(f"lakh_control_{name}", text, labels=["control"])
            for number, figures in sorted(self._of.items()):
                family.add_metric([str(number)], figures.get(name, 0.0))
            yield family

    def _own(self) -> dict[str, float]:
        worker, counters = self._cloud.worker, self._cloud.store.counters()
        deployments = worker.seconds.get("deployVirtualMachine")
        return {
            "jobs": sum(sum(known.buckets) for known in worker.seconds.values()),
            "deployments": sum(deployments.buckets) if deployments is not None else 0,
            "lost_races": worker.lost_races,
            "cpu_seconds": time.process_time(),
            "transactions": counters["transactions"],
            "statements": counters["statements"],
            "leads": int(self._cloud.leads),
            "running": worker.running,
        }

    def _heard(self, number: int, body: bytes) -> None:
        self._of[number] = self._decode(body)
