"""What /metrics prints of gateways: counters as counters, each with its own labels and a line of help."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tests.ground import Ground

from lakh.gateway.figures import HELP, Figures
from lakh.server.agents import Agents
from lakh.server.control_figures import ControlFigures
from lakh.server.figures import registry_of
from lakh.server.loop_lag import LoopLag


class Told:
    """Two gateways that have reported."""

    def __init__(self) -> None:
        busy = Figures()
        busy.handshakes, busy.handshake_seconds = 10, 0.5
        busy.handshakes_failed["silent"] = 3
        busy.handshakes_failed["garbage"] = 2
        self._figures = {1: busy.report(), 2: Figures().report()}

    def figures(self) -> dict[int, dict[str, float]]:
        return self._figures


@pytest.fixture
async def page(ground: Ground) -> str:
    cloud = ground.api.cloud
    registry: CollectorRegistry = registry_of(cloud, Told(), Agents(cloud), LoopLag(), ControlFigures(cloud))  # type: ignore[arg-type]
    return generate_latest(registry).decode()


async def test_handshakes_by_rate_time_and_reason(page: str) -> None:
    assert "# TYPE lakh_gateway_handshakes_total counter" in page
    assert 'lakh_gateway_handshakes_total{gateway="1"} 10.0' in page
    assert 'lakh_gateway_handshake_seconds_total{gateway="1"} 0.5' in page
    assert 'lakh_gateway_handshakes_failed_total{gateway="1",reason="silent"} 3.0' in page
    assert 'lakh_gateway_handshakes_failed_total{gateway="1",reason="garbage"} 2.0' in page


async def test_what_is_now_is_a_gauge(page: str) -> None:
    for name in ("host_queue_depth", "loop_lag_seconds", "ping_lag_seconds"):
        assert f"# TYPE lakh_gateway_{name} gauge" in page
    assert "lakh_control_loop_lag_seconds 0.0" in page


def names() -> Iterator[str]:
    for name in Figures().report():
        yield name.partition("{")[0]


@pytest.mark.parametrize("name", sorted(names()))
def test_every_figure_of_a_gateway_says_what_it_means(name: str) -> None:
    assert HELP[name]


async def test_a_late_loop_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[float, Any, float]] = []
    loop = SimpleNamespace(time=lambda: now[0], call_at=lambda when, call, due: calls.append((when, call, due)))
    now = [100.0]
    monkeypatch.setattr("lakh.server.loop_lag.asyncio.get_running_loop", lambda: loop)
    lag = LoopLag()
    lag.start()
    for late in (0.0, 0.4, 0.0):
        when, call, due = calls.pop()
        now[0] = when + late
        call(due)
    assert lag.seconds() == pytest.approx(0.4)


async def test_one_of_several_processes_names_itself(ground: Ground) -> None:
    cloud = ground.api.cloud
    cloud.number, cloud.controls = 2, 3
    registry = registry_of(cloud, Told(), Agents(cloud), LoopLag(), ControlFigures(cloud))  # type: ignore[arg-type]
    lines = generate_latest(registry).decode().splitlines()
    assert 'lakh_jobs_running{control="2"} 0.0' in lines
    assert 'lakh_control_leads{control="2"} 1.0' in lines
    assert 'lakh_gateway_handshakes_total{gateway="1"} 10.0' in lines
    figures = [line for line in lines if not line.startswith(("#", "lakh_gateway_"))]
    assert all('control="2"' in line for line in figures), "one that does not name itself"
