"""A secret given as a flag reaches the process that needs it, and no command line but the one it was typed into."""

from __future__ import annotations

from pathlib import Path

from lakh.contract.client import Client, ClientError
from lakh.lab.installation import until
from lakh.lab.machine import command_line
from lakh.lab.processes import Running, free_port
from lakh.server.config import SECRETS, handed_on


def test_flags_are_handed_on_and_secrets_by_environment() -> None:
    given = {"api_port": 8081, "name": None, "admin_password": "hush", "store": "postgresql://lakh:hush@db/lakh"}
    line, environment = handed_on(given, "lakh.toml")
    assert line == ["--api-port=8081", "--config=lakh.toml"]
    assert environment == {"LAKH_ADMIN_PASSWORD": "hush", "LAKH_STORE": "postgresql://lakh:hush@db/lakh"}
    assert handed_on({}, None) == ([], {})
    assert {"admin_password", "admin_api_key", "admin_secret_key"} < SECRETS


def environment(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_bytes().decode()


async def test_no_child_shows_a_secret(tmp_path: Path) -> None:
    port = free_port()
    flags = ["--data-folder", str(tmp_path), "--api-port", str(port), "--agent-port", str(free_port())]
    flags += ["--api-host", "127.0.0.1", "--agent-host", "127.0.0.1", "--gateways", "1"]
    flags += ["--admin-api-key", "known-key", "--admin-secret-key", "hush-hush"]
    server = Running("server", ["-m", "lakh.server", *flags], tmp_path / "server.log")
    client = Client("127.0.0.1", port, "known-key", "hush-hush")

    async def three_processes_answer() -> bool:
        server.check()
        try:
            answered = await client.call("listUsers")
        except ClientError:
            return False
        return bool(answered["count"]) and len(server.pids()) == 3

    try:
        await until(three_processes_answer, 30, "the server does not answer")
        children = [pid for pid in server.pids() if pid != server.process.pid]
        for pid in children:
            assert "lakh." in command_line(pid)
            assert "hush-hush" not in command_line(pid)
        holders = [pid for pid in children if "hush-hush" in environment(pid)]
        assert ["--control" in command_line(pid) for pid in holders] == [True], "gateways need no secret"
    finally:
        await client.close()
        server.stop()
