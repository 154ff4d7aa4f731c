"""Commands around a connection: ready, settings, server lists, keystore, leaving (agent-protocol 3.3 to 3.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields, present


def ready(
    *,
    host_id: int,
    host_uuid: str,
    host_name: str,
    zone_id: int,
    servers: Sequence[str] | None = None,
    algorithm: str | None = None,
    check_interval_seconds: int | None = None,
    avoid_servers: Sequence[str] | None = None,
    arch: str | None = None,
) -> Message:
    """Tells the agent who it is. Sent twice: bare while Connecting, and once Up with the lists of management servers.

    `servers` and `algorithm` only when the agent's own are out of date.
    """
    return command(
        names.READY,
        dcId=zone_id,
        hostId=host_id,
        hostUuid=host_uuid,
        hostName=host_name,
        enableHumanReadableSizes=True,
        msHostList=_texts(servers),
        lbAlgorithm=algorithm,
        lbCheckInterval=check_interval_seconds,
        avoidMsHostList=_texts(avoid_servers),
        arch=arch,
    )


def refusal(text: str) -> Message:
    """A ReadyCommand that refuses the agent before it is attached; a Java agent exits at that.

    It goes as `frame.refusal`, without a host and without an answer.
    """
    return command(names.READY, _details=text)


def check_network(networks: Sequence[Fields]) -> Message:
    """Asks whether the host has the bridges of its physical networks: `physical_network` for each."""
    return command(names.CHECK_NETWORK, networkInfoList=list(networks))


def physical_network(
    id: int,
    *,
    private: str | None = None,
    public: str | None = None,
    guest: str | None = None,
    storage: str | None = None,
    management_vlan: str | None = None,
) -> Fields:
    """Traffic labels of one physical network: the bridges' names, None for traffic it does not carry."""
    return present(
        {
            "physicalNetworkId": id,
            "privateNetworkName": private,
            "publicNetworkName": public,
            "guestNetworkName": guest,
            "storageNetworkName": storage,
            "mgmtVlan": management_vlan,
        }
    )


def set_host_params(params: Mapping[str, str]) -> Message:
    return command(names.SET_HOST_PARAMS, params=dict(params))


def modify_ssh_keys(*, public_key: str, private_key: str) -> Message:
    return command(names.MODIFY_SSH_KEYS, _pubKey=public_key, _prvKey=private_key)


def cleanup_network_rules(interval_seconds: int) -> Message:
    """A cron command: the agent answers now and, with the same sequence, again each interval."""
    return command(names.CLEANUP_NETWORK_RULES, interval=interval_seconds)


def setup_persistent_network(nic: Fields) -> Message:
    return command(names.SETUP_PERSISTENT_NETWORK, nic=nic)


def cleanup_persistent_network(nic: Fields) -> Message:
    return command(names.CLEANUP_PERSISTENT_NETWORK, nicTO=nic)


def setup_server_list(
    servers: Sequence[str],
    *,
    avoid_servers: Sequence[str] = (),
    algorithm: str = "static",
    check_interval_seconds: int = 0,
    trigger: bool = False,
) -> Message:
    """New management servers for the agent; `algorithm`: static, roundrobin or shuffle. `trigger`: balance now."""
    return command(
        names.SETUP_MS_LIST,
        msList=list(servers),
        avoidMsList=list(avoid_servers),
        lbAlgorithm=algorithm,
        lbCheckInterval=check_interval_seconds,
        triggerHostLb=trigger,
    )


def migrate_connection(
    *,
    avoid_servers: Sequence[str],
    servers: Sequence[str] | None = None,
    algorithm: str | None = None,
    check_interval_seconds: int = 0,
) -> Message:
    """Sends the agent to another management server: the first of its list that is not to be avoided."""
    return command(
        names.MIGRATE_AGENT_CONNECTION,
        msList=_texts(servers),
        avoidMsList=list(avoid_servers),
        lbAlgorithm=algorithm,
        lbCheckInterval=check_interval_seconds,
    )


def maintain() -> Message:
    """Host maintenance begins; the answer must be a MaintainAnswer."""
    return command(names.MAINTAIN)


def shutdown(reason: str, *, detail: str | None = None, remove_host: bool = False) -> Message:
    """From an agent that stops (reason sig.kill), or to one whose host is deleted (deleteHost)."""
    return command(names.SHUTDOWN, reason=reason, detail=detail, removeHost=remove_host)


def setup_keystore(*, validity_days: int, keystore_password: str, by_agent: bool = True) -> Message:
    """Asks for a key pair and a signing request; answered by SetupKeystoreAnswer with `csr`."""
    return command(
        names.SETUP_KEYSTORE, validityDays=validity_days, keystorePassword=keystore_password, handleByAgent=by_agent
    )


def setup_certificate(
    *,
    certificate_pem: str,
    authority_pem: str,
    private_key_pem: str = "",
    by_agent: bool = True,
    access_details: Mapping[str, str] | None = None,
) -> Message:
    """Installs a certificate: the agent's own, or with `access_details` that of a system VM behind the host."""
    return command(
        names.SETUP_CERTIFICATE,
        certificate=certificate_pem,
        privateKey=private_key_pem,
        caCertificates=authority_pem,
        handleByAgent=by_agent,
        accessDetails=None if access_details is None else dict(access_details),
    )


def _texts(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)
