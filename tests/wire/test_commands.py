"""Every command a server sends, every answer an agent gives: complete, in the reference's words, in sequence or not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakh.wire import names
from lakh.wire.commands import connection, liveness, pool, router, security, system_vm, vm, volume
from lakh.wire.commands.compose import answer, group_answer, plain_answer, stopped_answer, unsupported_answer
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import decode_frame, refusal
from lakh.wire.header import Header
from lakh.wire.message import API, ROUTING, Message
from lakh.wire.objects import data, machine
from lakh.wire.payload import decode_payload, encode_payload
from lakh.wire.sequence import ALWAYS, BY_FIELD, in_sequence

REFERENCE = Path(__file__).parents[2] / ".." / "shared" / "reference"

FILER = data.storage_filer(id=7, uuid="p-7", host="10.1.0.5", path="/export/primary", type="NetworkFilesystem")
PRIMARY = data.primary_store(
    id=7, uuid="p-7", name="pool", pool_type="NetworkFilesystem", host="10.1.0.5", path="/export/primary", details={}
)
IMAGE = data.nfs_store(url="nfs://10.1.0.6/export/secondary", uuid="s-1", nfs_version="4.1")
RATES = {"bytesReadRate": 1, "iopsWriteRateMax": 2, "iopsWriteRateMaxLength": 3}
VOLUME = data.volume(
    id=11,
    uuid="v-11",
    name="ROOT-4",
    size_bytes=8 << 30,
    store=PRIMARY,
    path="v-11",
    pool_id=7,
    vm_name="i-2-4-VM",
    device_id=0,
    chain_info="{}",
    rates=RATES,
    encrypt_format="luks",
    passphrase=b"\x01\xfe",
)
TEMPLATE = data.template(
    id=5, uuid="t-5", name="debian", store=IMAGE, path="template/tmpl/2/5/x.qcow2", checksum="c", unique_name="5-deb"
)
CACHED = data.template(id=5, uuid="t-5", name="debian", store=PRIMARY, path="t-5", url="http://x/", guest_os_type="d")
SNAPSHOT = data.snapshot(
    id=3,
    name="daily",
    volume=VOLUME,
    store=PRIMARY,
    image_store=IMAGE,
    parent_store=IMAGE,
    parent_path="snapshots/2/11/x",
    parents=["x"],
    path="/mnt/p-7/s",
    vm_name="i-2-4-VM",
)
VM_SNAPSHOT = data.vm_snapshot(id=1, name="i-2-4-VM_VS_1", type="Disk", created_ms=1, current=True, volumes=[VOLUME])
DISK = machine.disk(VOLUME, sequence=0, type="ROOT", path="v-11", details={"volumeSize": "8589934592"})
NIC = machine.nic(
    device_id=0,
    nic_uuid="n-1",
    network_uuid="net-1",
    network_id=204,
    mac="02:00:00:00:00:01",
    ip="10.1.1.4",
    netmask="255.255.255.0",
    gateway="10.1.1.1",
    dns1="8.8.8.8",
    dns2="8.8.4.4",
    broadcast_uri="vlan://100",
    isolation_uri="vlan://100",
    traffic_label="cloudbr1",
    default=True,
    security_groups=True,
    rate_mbps=200,
    secondary_ips=["10.1.1.5"],
    ip6_address="fd00::4",
    ip6_gateway="fd00::1",
    ip6_cidr="fd00::/64",
    mtu=1500,
)
VM = machine.virtual_machine(
    id=4,
    uuid="vm-4",
    name="i-2-4-VM",
    type="User",
    cpus=2,
    speed_mhz=1000,
    memory_bytes=1 << 30,
    disks=[DISK],
    nics=[NIC],
    host_name="web",
    platform_emulator="Debian GNU/Linux 12 (64-bit)",
    boot_type="BIOS",
    boot_mode="LEGACY",
    vnc_password="secret",
    vm_data=[["metadata", "local-ipv4", "10.1.1.4", None]],
    config_drive={"configDriveLabel": "config-2", "configDriveLocation": "SECONDARY"},
    networks={204: "net"},
)
HOST = machine.host(
    guid="h-1-LibvirtComputingResource",
    private=machine.network(ip="10.1.0.11", mac="52:54:00:00:00:0b", netmask="255.255.0.0"),
    public=machine.network(ip="10.1.0.11"),
    storage=machine.network(ip="10.1.0.11"),
)
ACCESS = router.access_details(
    control_ip="169.254.1.2",
    router_name="r-5-VM",
    guest_ip="10.1.1.1",
    account_id=2,
    guest_cidr="10.1.1.0/24",
    guest_gateway="10.1.1.1",
    guest_vlan="100",
    vpc_id=1,
    more={"network.public.last.ip": "false"},
)
RULE = router.firewall_rule(
    id=1,
    source_ip="192.0.2.9",
    protocol="tcp",
    start_port=22,
    cidrs=["0.0.0.0/0"],
    destination_cidrs=["10.1.1.0/24"],
    vlan="untagged",
    guest_cidr="10.1.1.0/24",
    destination_ip="10.1.1.4",
    destination_start_port=22,
    destination_end_port=22,
)
PING = router.firewall_rule(id=2, protocol="icmp", icmp_type=-1, icmp_code=-1, cidrs=["0.0.0.0/0"])
ADDRESS = router.public_address(
    ip="192.0.2.9",
    account_id=2,
    vlan_uri="vlan://untagged",
    gateway="192.0.2.1",
    netmask="255.255.255.0",
    mac="06:00:00:00:00:09",
    source_nat=True,
    first=True,
    traffic_label="cloudbr0",
    mtu=1500,
)
GROUP = security.GroupRule("tcp", 22, 22, ("0.0.0.0/0",))
DOWNLOAD = system_vm.download(id=5, url="http://x/t.qcow2", name="5-deb", store=IMAGE, account_id=2, checksum="c")

IN_SEQUENCE = [
    connection.ready(host_id=1, host_uuid="h", host_name="kvm-1", zone_id=1),
    connection.ready(
        host_id=1,
        host_uuid="h",
        host_name="kvm-1",
        zone_id=1,
        servers=["10.1.0.2"],
        algorithm="static",
        check_interval_seconds=0,
        avoid_servers=[],
        arch="x86_64",
    ),
    connection.refusal("no such zone"),
    connection.check_network([connection.physical_network(1, private="b0", public="b0", guest="b1", storage="b0")]),
    connection.set_host_params({"migratewait": "3600"}),
    connection.maintain(),
    connection.shutdown("deleteHost", detail="gone", remove_host=True),
    vm.scale(
        VM,
        vm_name="i-2-4-VM",
        cpus=4,
        min_speed_mhz=500,
        max_speed_mhz=1000,
        min_memory_bytes=1,
        max_memory_bytes=2,
    ),
    vm.plug_nic(NIC, vm_name="i-2-4-VM"),
    vm.replug_nic(NIC, vm_name="i-2-4-VM"),
    vm.unplug_nic(NIC, vm_name="i-2-4-VM", vlan_persistence={"100": True}),
    vm.update_nic("02:00:00:00:00:01", vm_name="i-2-4-VM", enabled=False),
    vm.attach_iso("i-2-4-VM", iso_path="x.iso", store_url="nfs://x/y", attach=True, device_key=3),
    vm.prepare_for_migration(VM),
    vm.start(VM, host_ip="10.1.0.11", in_sequence=True),
    volume.copy(TEMPLATE, CACHED),
    volume.copy(CACHED, VOLUME, wait_seconds=10_800, options={}, cache=IMAGE),
    volume.migrate(
        volume_id=11,
        path="v-11",
        source=VOLUME,
        destination=VOLUME,
        source_pool=FILER,
        destination_pool=FILER,
        vm_name="i-2-4-VM",
        chain_info="{}",
    ),
    security.group_rules(
        vm_id=4,
        vm_name="i-2-4-VM",
        guest_ip="10.1.1.4",
        guest_mac="02:00:00:00:00:01",
        management_server_id=1,
        sequence=9,
        ingress=[GROUP],
        egress=[],
        guest_ip6="fd00::4",
        vm=VM,
    ),
    system_vm.setup_store(IMAGE, post_upload_key="k"),
    system_vm.setup_vm(copy_password="p", allowed_internal_sites=["10.0.0.0/8"]),
    system_vm.list_volumes(IMAGE),
    system_vm.list_templates(IMAGE),
    system_vm.start_console_proxy(
        keystore_password="p", encryptor_key_base64="a", encryptor_iv_base64="b", keystore=b"\x00\xff"
    ),
]

AT_ONCE = [
    connection.modify_ssh_keys(public_key="a", private_key="b"),
    connection.cleanup_network_rules(1800),
    connection.setup_persistent_network(NIC),
    connection.cleanup_persistent_network(NIC),
    connection.setup_server_list(["10.1.0.2"], avoid_servers=["10.1.0.3"]),
    connection.migrate_connection(avoid_servers=[], servers=["10.1.0.2"], algorithm="static"),
    connection.setup_keystore(validity_days=365, keystore_password="p" * 16),
    connection.setup_certificate(certificate_pem="c", authority_pem="a"),
    connection.setup_certificate(certificate_pem="c", authority_pem="a", by_agent=False, access_details=ACCESS),
    vm.start(VM, host_ip="10.1.0.11", secondary_storages=["nfs://x/y"]),
    vm.stop("i-2-4-VM", vm=VM, control_ip="169.254.1.2", vlan_persistence={"100": False}),
    vm.reboot("i-2-4-VM", vm=VM),
    vm.check("i-2-4-VM"),
    vm.vnc_port(4, "i-2-4-VM"),
    vm.config_drive("cd.iso", create=True, store=PRIMARY, iso_data="AAAA"),
    vm.ip_address("i-2-4-VM", network_cidr="10.1.1.0/24", mac="02:00:00:00:00:01"),
    vm.unmanaged_instances(managed=["i-2-4-VM"], name="other"),
    vm.migrate(
        VM,
        vm_name="i-2-4-VM",
        destination_ip="10.1.0.12",
        host_guid="h-2",
        migrate_storage={"v-11": vm.migrate_disk(serial="v", destination="/mnt/x")},
        wait_seconds=3600,
    ),
    volume.create(VOLUME),
    volume.create(SNAPSHOT),
    volume.copy(SNAPSHOT, SNAPSHOT),
    volume.copy(SNAPSHOT, VOLUME),
    volume.copy(VOLUME, TEMPLATE),
    volume.delete(VOLUME),
    volume.attach(DISK, vm_name="i-2-4-VM"),
    volume.detach(DISK, vm_name="i-2-4-VM", wait_detach_seconds=10),
    volume.resize(
        "v-11",
        pool=FILER,
        current_bytes=1,
        new_bytes=2,
        vm_name="i-2-4-VM",
        chain_info="{}",
        encrypt_format="luks",
        passphrase=b"x",
    ),
    volume.revert(SNAPSHOT, on_primary=SNAPSHOT),
    volume.create_vm_snapshot("i-2-4-VM", vm_uuid="u", target=VM_SNAPSHOT, volumes=[VOLUME], guest_os_type="d"),
    volume.delete_vm_snapshot("i-2-4-VM", target=VM_SNAPSHOT, volumes=[VOLUME], guest_os_type="d"),
    volume.revert_to_vm_snapshot("i-2-4-VM", vm_uuid="u", target=VM_SNAPSHOT, volumes=[VOLUME], guest_os_type="d"),
    pool.modify(FILER),
    pool.create(FILER),
    pool.delete(FILER),
    pool.stats(FILER),
    pool.image_store_stats(IMAGE),
    pool.volume_stats("p-7", pool_type="NetworkFilesystem", volume_uuids=["v-11"]),
    pool.host_stats(1, host_guid="h", host_name="kvm-1"),
    pool.vm_stats(["i-2-4-VM"], host_guid="h", host_name="kvm-1"),
    pool.vm_disk_stats(["i-2-4-VM"], host_guid="h", host_name="kvm-1"),
    pool.vm_network_stats(["i-2-4-VM"], host_guid="h", host_name="kvm-1"),
    security.system_vm_rules("r-5-VM", type="DomainRouter"),
    security.secondary_ip_rules("i-2-4-VM", type="User", ip="10.1.1.5", mac="02:00:00:00:00:01", add=True),
    router.check_ssh("169.254.1.2", name="r-5-VM"),
    router.version(ACCESS),
    router.network_usage(ACCESS, private_ip="169.254.1.2", router_name="r-5-VM", gateway_ip="1", vpc_cidr="2"),
    router.aggregation(ACCESS, "Start"),
    router.dhcp_entry(
        ACCESS,
        mac="02:00:00:00:00:01",
        ip="10.1.1.4",
        vm_name="web",
        gateway="10.1.1.1",
        dns="10.1.1.1",
        ip6="fd00::4",
        ip6_gateway="fd00::1",
        duid="d",
    ),
    router.vm_data(ACCESS, ip="10.1.1.4", vm_name="web", files=[("userdata", "user-data", None)]),
    router.save_password(ACCESS, ip="10.1.1.4", vm_name="web", password="p"),
    router.ip_assoc(ACCESS, [ADDRESS]),
    router.ip_assoc(ACCESS, [ADDRESS], vpc=True),
    router.firewall_rules(ACCESS, [RULE, PING]),
    router.port_forwarding_rules(ACCESS, [RULE]),
    router.port_forwarding_rules(ACCESS, [RULE], vpc=True),
    router.static_nat_rules(ACCESS, [RULE], vpc_id=1),
    router.load_balancers(
        ACCESS,
        [
            router.load_balancer(
                uuid="l",
                source_ip="192.0.2.9",
                source_port=80,
                protocol="tcp",
                algorithm="roundrobin",
                destinations=[("10.1.1.4", 8080)],
                lb_protocol="http",
                cidrs="0.0.0.0/0",
            )
        ],
        nic=NIC,
        vpc_id=1,
        idle_timeout_ms=50_000,
    ),
    router.monitor_service(
        ACCESS,
        services=[router.monitored("dhcp", process="dnsmasq", name="dnsmasq", path="/x", pid_file="/y", default=True)],
        health_checks={"routerVersion": "4.20"},
    ),
    router.check_redundancy(ACCESS),
    router.alerts(ACCESS),
    router.monitor_results(ACCESS),
    system_vm.allow_peers(["192.0.2.9"], append=True),
    DOWNLOAD,
    system_vm.download_progress("j", "GET_STATUS", of=DOWNLOAD),
    system_vm.upload_status("e", type="Template", abort=True),
    system_vm.allow_console("s"),
    liveness.check_health(),
    liveness.check_on_host(HOST),
    liveness.check_vm_activity(HOST, pool=FILER, volume_paths=["a", "b"], suspect_seconds=60),
    liveness.ping_host("10.1.0.11"),
    liveness.ping_router(router_ip="169.254.1.2", private_ip="10.1.0.11"),
    liveness.fence("i-2-4-VM", host=HOST, host_guid="h", host_ip="10.1.0.11"),
]

EVERY = IN_SEQUENCE + AT_ONCE


def _ids(commands: list[Message]) -> list[str]:
    return [f"{n}-{command.name}" for n, command in enumerate(commands)]


@pytest.mark.parametrize("command", EVERY, ids=_ids(EVERY))
def test_every_command_is_complete(command: Message) -> None:
    assert command.body["contextMap"] == {}
    assert isinstance(command.body["wait"], int)
    assert command.body["bypassHostMaintenance"] is False
    assert decode_payload(encode_payload([command])) == [command]
    assert not [path for path, value in _walk(command.body) if value is None and "vmData" not in path]


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path + "[]")


@pytest.mark.parametrize("command", IN_SEQUENCE, ids=_ids(IN_SEQUENCE))
def test_commands_that_go_one_at_a_time(command: Message) -> None:
    assert in_sequence([command])
    assert in_sequence([liveness.check_health(), command])


@pytest.mark.parametrize("command", AT_ONCE, ids=_ids(AT_ONCE))
def test_commands_that_go_at_once(command: Message) -> None:
    assert not in_sequence([command])


def test_fields_that_decide_the_sequence() -> None:
    for java_class, field in BY_FIELD.items():
        assert in_sequence([Message(java_class, {field: True})])
        for no in ({field: False}, {}, {field: None}):
            assert not in_sequence([Message(java_class, no)])


_FREE_MAPS = {  # maps whose keys are not field names
    "accessDetails",
    "contextMap",
    "details",
    "params",
    "networkIdToNetworkNameMap",
    "vlanToPersistenceMap",
    "migrateStorage",
    "healthChecksConfig",
}


def _own_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key.rpartition(".")[2]
            if key not in _FREE_MAPS:
                yield from _own_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _own_names(inner)


_RATE = re.compile(r"(bytes|iops)(Read|Write)Rate(Max(Length)?)?")  # the reference names these by a pattern
_STATS = re.compile(r"lbStats\w+")  # and these by "lbStats*"


def test_every_name_stands_in_the_reference() -> None:
    """A field or class that the reference does not know would be ignored by every real agent."""
    if not REFERENCE.exists() and not os.environ.get("CI"):
        pytest.skip("the protocol reference is not here")
    texts = [(REFERENCE / f"{name}.md").read_text() for name in ("agent-protocol", "agent-protocol-system-vms")]
    text = " ".join(texts)
    words = set(re.findall(r"[A-Za-z_]\w*", text + text.replace("(Vpc)", "Vpc")))
    fields = {name for command in EVERY for name in _own_names(command.body)}
    unknown = {f for f in fields - words if not _RATE.fullmatch(f) and not _STATS.fullmatch(f)}
    assert not unknown
    classes = {command.name for command in EVERY} | {name.rpartition(".")[2] for name in (*ALWAYS, *BY_FIELD)}
    classes |= {name.rpartition(".")[2] for pair in names.ANSWER_OF.items() for name in pair}
    stems = {re.sub(r"(Command|Answer)$", "", name) for name in classes}
    assert not {stem for stem in stems if not {stem, stem + "Command", stem + "Answer"} & words}


# --- stories of single commands --------------------------------------------------------------------------------------
def test_interfaces_are_wrapped_and_classes_are_bare() -> None:
    body = vm.start(VM, host_ip="10.1.0.11").body
    [disk] = body["vm"]["disks"]
    assert list(disk["data"]) == ["org.apache.cloudstack.storage.to.VolumeObjectTO"]
    volume_body = disk["data"]["org.apache.cloudstack.storage.to.VolumeObjectTO"]
    assert list(volume_body["dataStore"]) == ["org.apache.cloudstack.storage.to.PrimaryDataStoreTO"]
    snapshot = volume.create(SNAPSHOT).body["data"]["org.apache.cloudstack.storage.to.SnapshotObjectTO"]
    assert snapshot["volume"]["uuid"] == "v-11"
    assert list(snapshot["imageStore"]) == ["com.cloud.agent.api.to.NfsTO"]
    assert volume.revert(SNAPSHOT).body["data"]["volume"]["uuid"] == "v-11"
    assert data.read_object(disk["data"]) == VOLUME
    for wrong in (None, {}, [], {"a": {}, "b": {}}, {"a": 1}):
        with pytest.raises(ProtocolError, match="single-key object"):
            data.read_object(wrong)


def test_a_nic_has_its_own_uuid_and_its_networks() -> None:
    assert (NIC["nicUuid"], NIC["uuid"]) == ("n-1", "net-1")


def test_a_pools_url_and_mount_point() -> None:
    assert PRIMARY.body["url"] == "NetworkFilesystem://10.1.0.5/export/primary/?ROLE=Primary&STOREUUID=p-7"
    assert re.fullmatch(
        r"/mnt//[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", pool.local_path(FILER)
    )
    assert data.name_uuid("hello") == "5d41402a-bc4b-3a76-b971-9d911017c592"  # MD5 with version and variant set


def test_a_passphrase_is_signed_bytes() -> None:
    assert VOLUME.body["passphrase"] == [1, -2]


def test_a_ruleset_signature_changes_with_its_rules_only() -> None:
    other = GROUP._replace(end_port=23)

    def signature(ingress: list[security.GroupRule], egress: list[security.GroupRule]) -> str:
        command = security.group_rules(
            vm_id=4,
            vm_name="i-2-4-VM",
            guest_ip="10.1.1.4",
            guest_mac="m",
            management_server_id=1,
            sequence=1,
            ingress=ingress,
            egress=egress,
        )
        return str(command.body["signature"])

    assert signature([GROUP, other], []) == signature([other, GROUP], [])
    assert len({signature([GROUP], []), signature([other], []), signature([], [GROUP]), signature([], [])}) == 4


def test_progress_repeats_the_download() -> None:
    progress = system_vm.download_progress("j", "PURGE", of=DOWNLOAD)
    assert progress.body == DOWNLOAD.body | {"jobId": "j", "request": "PURGE"}
    assert DOWNLOAD.body["installPath"] == "template/tmpl/2/5/"


def test_refusal_goes_without_ids() -> None:
    frame = decode_frame(refusal(connection.refusal("no such zone")))
    assert frame.header == Header(0x07, -1, len(frame.payload), -1, -1, -1)
    assert frame.messages()[0].body["_details"] == "no such zone"


# --- answers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("command", "java_class"),
    [
        (names.START, "com.cloud.agent.api.StartAnswer"),
        (names.COPY, "org.apache.cloudstack.storage.command.CopyCmdAnswer"),
        (names.DETTACH, "org.apache.cloudstack.storage.command.DettachAnswer"),
        (names.DELETE, "com.cloud.agent.api.Answer"),
        (names.SETUP_KEYSTORE, "org.apache.cloudstack.ca.SetupKeystoreAnswer"),
        (names.SETUP_MS_LIST, "org.apache.cloudstack.agent.lb.SetupMSListAnswer"),
        (names.SECURITY_GROUP_RULES, "com.cloud.agent.api.SecurityGroupRuleAnswer"),
        (names.GET_DOMR_VERSION, "com.cloud.agent.api.GetDomRVersionAnswer"),
        (names.CHECK_SSH, "com.cloud.agent.api.check.CheckSshAnswer"),
        (names.DOWNLOAD_PROGRESS, "com.cloud.agent.api.storage.DownloadAnswer"),
        (names.GET_ROUTER_ALERTS, "com.cloud.agent.api.GetRouterAlertsAnswer"),
        (names.DHCP_ENTRY, "com.cloud.agent.api.Answer"),
        (names.CHECK_VM_ACTIVITY, "com.cloud.agent.api.Answer"),
        (names.PRE_MIGRATION, "com.cloud.agent.api.Answer"),
    ],
)
def test_answers_have_the_exact_class(command: str, java_class: str) -> None:
    for result, details in ((True, None), (False, "why")):
        given = answer(Message(command, {}), result, details)
        assert given.java_class == java_class
        assert (given.result, given.details) == (result, details or "")
        assert given.body["contextMap"] == {}


def test_answers_without_a_command_class() -> None:
    request = Message("com.cloud.agent.api.NobodyKnowsCommand", {})
    unsupported = unsupported_answer(request)
    assert unsupported.java_class == API + "UnsupportedAnswer"
    assert unsupported.details == (
        "Unsupported command issued: com.cloud.agent.api.NobodyKnowsCommand.  "
        "Are you sure you got the right type of server?"
    )
    assert (stopped_answer().result, stopped_answer().details) == (False, "Stopped by previous failure")
    group = group_answer(["one", "two"])
    assert (group.java_class, group.body["results"], group.result) == (ROUTING + "GroupAnswer", ["one", "two"], True)
    assert plain_answer(False, "no").java_class == API + "Answer"
