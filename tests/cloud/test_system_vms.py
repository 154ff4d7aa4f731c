"""Templates and system VMs over the real wire: a zone made through the API gets its system VMs, which download."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lakh.contract.client import Client
from lakh.lab.installation import Zone, prepare, until
from lakh.lab.processes import Fleet, Server, free_port

URL = "http://192.0.2.80/images/debian-12.qcow2"


async def admin_client(port: int) -> Client:
    """Logs in as admin, registers keys, and returns a client that signs with them."""
    bare = Client("127.0.0.1", port)
    login = await bare.post("command=login&username=admin&password=password&response=json")
    answer = msgspec.json.decode(login.body)["loginresponse"]
    cookies = [value.decode().partition(";")[0] for name, value in login.headers if name.lower() == b"set-cookie"]
    query = f"command=registerUserKeys&id={answer['userid']}&response=json&sessionkey={answer['sessionkey']}"
    made = await bare.get(query, f"Cookie: {'; '.join(cookies)}\r\n")
    keys = msgspec.json.decode(made.body)["registeruserkeysresponse"]["userkeys"]
    await bare.close()
    return Client("127.0.0.1", port, keys["apikey"], keys["secretkey"])


class Running:
    """A server with one advanced zone, built through the API, and the fleet of its hosts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api_port, self.agent_port = free_port(), free_port()
        self.server = Server(folder, self.api_port, self.agent_port)
        self.admin: Client
        self.fleet: Fleet
        self.zone: Zone

    async def start(self) -> None:
        await self.server.ready()
        self.admin = await admin_client(self.api_port)
        built = await prepare(self.admin, 3, lambda _: None)
        self.zone = built.zones[0]
        self.fleet = Fleet(self.folder, f"127.0.0.1:{self.agent_port}", built.fleet_map())

    async def stop(self) -> None:
        await self.admin.close()
        for process in (self.fleet, self.server):
            await asyncio.to_thread(process.stop)

    async def system_vms(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.admin.call("listSystemVms")).get("systemvm", [])
        return listed

    async def agents_up(self) -> bool:
        vms = await self.system_vms()
        return sorted(vm["systemvmtype"] for vm in vms if vm.get("agentstate") == "Up") == [
            "consoleproxy",
            "secondarystoragevm",
        ]

    async def template(self, template_id: str) -> dict[str, Any]:
        listed = await self.admin.call("listTemplates", templatefilter="all", id=template_id)
        found: dict[str, Any] = listed["template"][0]
        return found


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    made = Running(tmp_path / "cloud")
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def test_a_registered_template_becomes_ready_and_a_vm_boots_from_it(running: Running) -> None:
    admin, zone = running.admin, running.zone
    made = await admin.call(
        "registerTemplate", name="debian-12", format="QCOW2", hypervisor="KVM", url=URL, zoneid=zone.id, ispublic=True
    )
    template = made["template"][0]
    assert not template["isready"]

    await until(running.agents_up, 60, "system VMs' agents are not Up")
    for vm in await running.system_vms():
        assert vm["state"] == "Running"
        assert vm["linklocalip"].startswith("169.254.")
        assert vm["privateip"].startswith("10.64.250.")
        assert vm["publicip"].startswith("198.51.100.")

    async def ready() -> bool:
        return bool((await running.template(template["id"]))["isready"])

    await until(ready, 30, "the template is not ready")
    template = await running.template(template["id"])
    assert template["status"] == "Download Complete"
    assert template["size"] == 2 << 30
    assert template["downloaddetails"][0]["downloadState"] == "DOWNLOADED"
    hosts = await admin.call("listHosts", type="SecondaryStorageVM")
    (agent,) = hosts["host"]
    assert agent["state"] == "Up"
    systemvms = (await admin.call("listSystemVms", systemvmtype="secondarystoragevm"))["systemvm"]
    assert (agent["name"], agent["virtualmachineid"]) == (systemvms[0]["name"], systemvms[0]["id"])
    assert not {"clusterid", "hypervisor", "cpunumber", "memorytotal"} & agent.keys()
