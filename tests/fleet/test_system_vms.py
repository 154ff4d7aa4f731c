"""System VMs of the fleet's hosts have agents of their own: they come, work, move and go with their VMs."""

from __future__ import annotations

from typing import Any

from tests.agent.cloud import command, nic, secondary, vm, volume
from tests.fleet.management import ManagementServer, Seat

from lakh.fleet.fleet import Fleet
from lakh.wire.message import API, PROXY, STORAGE, SUBSYSTEM, Message

BOOT = (
    "template=domP type=secstorage host={host} port={port} name=s-1-VM zone=1 pod=1 guid=s-1-VM "
    "eth1ip=10.1.0.50 eth1mask=255.255.255.0 eth2ip=192.0.2.5 eth2mask=255.255.255.0 "
    "resource=org.apache.cloudstack.storage.resource.NfsSecondaryStorageResource instance=SecStorage"
)
PROXY_BOOT = "template=domP type=consoleproxy host={host} port={port} name=v-2-VM zone=1 pod=1 guid=Proxy.2 proxy_vm=2"


def system_vm(server: ManagementServer, host: str = "127.0.0.1") -> dict[str, Any]:
    boot = BOOT.format(host=host, port=server.port)
    return vm(1, name="s-1-VM", type="SecondaryStorageVm", bootArgs=boot)


async def start(server: ManagementServer, body: dict[str, Any], host: str = "kvm-000001") -> list[Message]:
    """The volume, then the batch of a system VM's start."""
    seat = server.seats[host]
    (made,) = await seat.call([command(SUBSYSTEM + "CreateObjectCommand", data=volume(int(body["id"]), made=False))])
    assert made.result
    ssh = {"ip": "169.254.0.5", "port": 3922, "interval": 6, "retries": 100, "name": body["name"]}
    return await seat.call([command("StartCommand", vm=body), command(API + "check.CheckSshCommand", **ssh)])


async def come_up(server: ManagementServer, name: str) -> Seat:
    await server.until(lambda: name in server.ready and name in server.seats)
    return server.seats[name]


async def test_a_secondary_storage_vm_dials_in_and_works(server: ManagementServer, fleet: Fleet) -> None:
    answers = await start(server, system_vm(server))
    assert [a.result for a in answers] == [True, True]
    seat = await come_up(server, "s-1-VM")
    assert seat.startup is not None
    assert seat.startup.name == "StartupSecondaryStorageCommand"
    said = {key: seat.startup.body[key] for key in ("type", "guid", "resourceName", "name", "dataCenter", "pod", "iqn")}
    assert said == {
        "type": "SecondaryStorage",
        "guid": "s-1-VM-NfsSecondaryStorageResource",
        "resourceName": "NfsSecondaryStorageResource",
        "name": "s-1-VM",
        "dataCenter": "1",
        "pod": "1",
        "iqn": "NoIqn",
    }
    assert (seat.startup.body["privateIpAddress"], seat.startup.body["publicIpAddress"]) == ("10.1.0.50", "192.0.2.5")
    answers = await seat.call(
        [
            command("SecStorageSetupCommand", store=secondary(), secUrl="nfs://10.0.0.9/secondary"),
            command(STORAGE + "ListTemplateCommand", store=secondary()),
            command(
                SUBSYSTEM + "DownloadCommand",
                url="http://x.org/t.qcow2",
                id=5,
                name="5-2-t",
                installPath="t/5",
                _store=secondary(),
            ),
            command("StartCommand", vm=vm(3)),
        ]
    )
    assert [a.name for a in answers] == [
        "SecStorageSetupAnswer",
        "ListTemplateAnswer",
        "DownloadAnswer",
        "UnsupportedAnswer",
    ]
    assert answers[2].body["downloadStatus"] == "DOWNLOADED"


async def test_a_console_proxy_dials_in(server: ManagementServer, fleet: Fleet) -> None:
    boot = PROXY_BOOT.format(host="127.0.0.1", port=server.port)
    await start(server, vm(2, name="v-2-VM", type="ConsoleProxy", bootArgs=boot))
    seat = await come_up(server, "v-2-VM")
    assert seat.startup is not None
    body = seat.startup.body
    assert (seat.startup.name, body["guid"]) == ("StartupProxyCommand", "Proxy.2-ConsoleProxyResource")
    assert (body["type"], body["proxyVmId"], body["proxyPort"]) == ("ConsoleProxy", 2, 80)
    (answer,) = await seat.call([command(PROXY + "StartConsoleProxyAgentHttpHandlerCommand", keystorePassword="x")])
    assert answer.result


async def test_a_server_that_cannot_be_reached_is_replaced_by_the_fleets_own(
    server: ManagementServer, fleet: Fleet
) -> None:
    body = system_vm(server, host="127.0.0.99")
    await start(server, body)
    assert (await come_up(server, "s-1-VM")).name == "s-1-VM"


async def test_stopping_the_vm_ends_its_agent_and_starting_brings_it_back(
    server: ManagementServer, fleet: Fleet
) -> None:
    body = system_vm(server)
    await start(server, body)
    await come_up(server, "s-1-VM")
    host = server.seats["kvm-000001"]
    await host.call([command("StopCommand", vmName="s-1-VM")])
    await server.until(lambda: "s-1-VM" not in server.seats)
    assert fleet.system_vms.members == {}
    server.ready.discard("s-1-VM")
    (answer,) = await host.call([command("StartCommand", vm=body)])
    assert answer.result
    await come_up(server, "s-1-VM")


async def test_a_reboot_ends_the_link_and_the_same_agent_returns(server: ManagementServer, fleet: Fleet) -> None:
    await start(server, system_vm(server))
    first = await come_up(server, "s-1-VM")
    server.ready.discard("s-1-VM")
    await server.seats["kvm-000001"].call([command("RebootCommand", vmName="s-1-VM")])
    second = await come_up(server, "s-1-VM")
    assert (second is not first, second.host_id) == (True, first.host_id)


async def test_a_migration_keeps_the_agents_link(server: ManagementServer, fleet: Fleet) -> None:
    body = system_vm(server)
    await start(server, body)
    seat = await come_up(server, "s-1-VM")
    source, target = server.seats["kvm-000001"], server.seats["kvm-000002"]
    assert target.startup is not None
    prepared = {**body, "bootArgs": None}
    (answer,) = await target.call([command("PrepareForMigrationCommand", vm=prepared)])
    assert answer.result
    address = target.startup.body["privateIpAddress"]
    (answer,) = await source.call([command("MigrateCommand", vmName="s-1-VM", destinationIp=address)])
    assert answer.result
    (answer,) = await target.call([command("CheckVirtualMachineCommand", vmName="s-1-VM")])
    assert answer.body["state"] == "PowerOn"
    assert server.seats["s-1-VM"] is seat
    await target.call([command("StopCommand", vmName="s-1-VM")])
    await server.until(lambda: "s-1-VM" not in server.seats)


async def test_a_host_that_dies_takes_the_agent_of_its_system_vm_along(server: ManagementServer, fleet: Fleet) -> None:
    await start(server, system_vm(server))
    await come_up(server, "s-1-VM")
    fleet.kill(fleet.named(["kvm-000001"]))
    await server.until(lambda: "s-1-VM" not in server.seats and "kvm-000001" not in server.seats)
    again = {**system_vm(server), "nics": [nic(1)]}
    (answer,) = await server.seats["kvm-000002"].call([command("StartCommand", vm=again)])
    assert answer.result
    server.ready.discard("s-1-VM")
    await come_up(server, "s-1-VM")
