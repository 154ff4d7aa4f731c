"""Every command a server sends, every answer an agent gives: complete, in the reference's words, in sequence or not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.wire.samples import AT_ONCE, DOWNLOAD, FILER, GROUP, IN_SEQUENCE, NIC, PRIMARY, SNAPSHOT, VM, VOLUME

from lakh.wire import names
from lakh.wire.commands import connection, liveness, pool, security, system_vm, vm, volume
from lakh.wire.commands.compose import answer, group_answer, plain_answer, stopped_answer, unsupported_answer
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import decode_frame, refusal
from lakh.wire.header import Header
from lakh.wire.message import API, ROUTING, Message
from lakh.wire.objects import data
from lakh.wire.payload import decode_payload, encode_payload
from lakh.wire.sequence import ALWAYS, BY_FIELD, in_sequence

REFERENCE = Path(__file__).parents[2] / ".." / "shared" / "reference"

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
