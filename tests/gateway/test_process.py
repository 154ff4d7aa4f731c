"""The gateway as it is started in production: a process of its own, small, and clear about what is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.gateway.stand import Agent, Control, Gateways, command, only, soon

from lakh.wire.tls import CertificateFiles, TlsSide

LISTENS_SECONDS = 20.0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def start(certificate: CertificateFiles, bus: Path, port: int, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lakh.gateway", "--id", "3", "--bus", str(bus), "--host", "127.0.0.1",
        "--port", str(port), "--certificate", f"{certificate.certificate},{certificate.key}", *more,
        stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
async def port() -> int:
    return free_port()


@pytest.fixture
async def process(
    certificate: CertificateFiles, gateways: Gateways, tmp_path: Path, port: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await start(certificate, tmp_path / "bus", port)
    async with asyncio.timeout(LISTENS_SECONDS):
        assert started.stderr is not None
        async for line in started.stderr:
            if b"listening" in line:
                break
    yield started
    if started.returncode is None:
        started.kill()
    await started.wait()


async def test_a_host_lives_through_a_gateway_process(
    process: asyncio.subprocess.Process, port: int, control: Control, gateways: Gateways, client_tls: TlsSide
) -> None:
    agent = await Agent.connect(port, client_tls)
    await agent.say_startup()
    await agent.frame()
    (await soon(control.startups.get())).attach(5)
    call = asyncio.create_task(gateways.call(5, [command("ReadyCommand")]))
    request = await agent.frame()
    await agent.answer(request.header, command("ReadyAnswer", result=True))
    assert (await soon(call))[0].name == "ReadyAnswer"
    agent.host_id = 5
    assert only(await agent.ping({})).name == "PingAnswer"
    process.kill()
    assert (await soon(control.gateways_lost.get())) == (3, (5,))
    assert await agent.closed()
    agent.close()


async def test_a_gateway_process_is_small(process: asyncio.subprocess.Process) -> None:
    rollup = dict(
        line.split()[:2]
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]  # noqa: ASYNC240
    )
    assert int(rollup["Pss_Anon:"]) < 30 * 1024


async def test_a_gateway_stops_when_told(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    assert await soon(process.wait()) == 0


async def test_metrics_reach_control(process: asyncio.subprocess.Process, gateways: Gateways) -> None:
    told: asyncio.Queue[tuple[int, dict[str, float]]] = asyncio.Queue()
    gateways.on_figures = lambda gateway, figures: told.put_nowait((gateway, figures))
    gateway, figures = await soon(told.get())
    assert (gateway, figures["lakh_gateway_listening"]) == (3, 1)
    assert gateways.figures() == {3: figures}


async def test_a_port_in_use_is_a_clear_error(certificate: CertificateFiles, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        failed = await start(certificate, tmp_path / "bus", port)
        _, error = await soon(failed.communicate())
    assert failed.returncode == 2
    assert f"--port {port}: Address already in use" in error.decode()
    assert b"Traceback" not in error


async def test_a_missing_certificate_is_a_clear_error(tmp_path: Path) -> None:
    missing = CertificateFiles(tmp_path / "no.pem", tmp_path / "no.key")
    failed = await start(missing, tmp_path / "bus", 0)
    _, error = await soon(failed.communicate())
    assert failed.returncode == 2
    assert b"--certificate" in error
    assert b"Traceback" not in error


async def test_a_gateway_whose_parent_died_before_it_started_ends(
    certificate: CertificateFiles, tmp_path: Path
) -> None:
    late = await start(certificate, tmp_path / "bus", free_port(), "--with-parent", str(os.getppid()))
    await soon(late.communicate())
    assert late.returncode == 0


async def test_a_gateway_does_not_outlive_its_parent_when_asked(
    certificate: CertificateFiles, gateways: Gateways, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    script = (
        "import os, subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-m', 'lakh.gateway', '--id', '4', '--bus', {str(tmp_path / 'bus')!r},"
        f" '--host', '127.0.0.1', '--port', '{free_port()}', '--with-parent', str(os.getpid()),"
        f" '--certificate', '{certificate.certificate},{certificate.key}'], pass_fds=({writer},))\n"
        "sys.stdin.read()\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=subprocess.PIPE, pass_fds=(writer,), stderr=subprocess.DEVNULL
    )
    os.close(writer)
    await soon(gateways.connected(4))
    parent.kill()
    await parent.wait()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(reader, ended.set)
    await soon(ended.wait())  # the gateway held the pipe's other end
    assert os.read(reader, 1) == b""
    os.close(reader)
