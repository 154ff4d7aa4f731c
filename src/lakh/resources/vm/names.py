"""Host names are unique within a network domain."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.network.row import NetworkRow
from lakh.store.statement import statement

NETWORKS_OF_NAMESAKES = statement(
    "vm.networks_of_namesakes",
    "SELECT n.network_id, w.network_domain FROM nic n JOIN network w ON w.id = n.network_id"
    " WHERE n.removed_ms IS NULL AND n.vm_id IN"
    " (SELECT id FROM vm WHERE name = $1 AND removed_ms IS NULL AND id <> $2)",
)


async def check_name_is_free(
    cloud: Cloud, name: str, networks: Sequence[NetworkRow], vm_id: int = 0, label: str = "name"
) -> None:
    """Raises ParameterError when another VM of that name is in one of the networks, or shares its network domain."""
    found = await cloud.store.read(NETWORKS_OF_NAMESAKES, name, vm_id)
    ids = {row[0] for row in found}
    domains = {row[1] for row in found if row[1]}
    for network in networks:
        if network.id in ids or network.network_domain in domains:
            raise ParameterError(
                f"The vm with hostName {name} already exists in the network domain: {network.network_domain};"
                f" network={network.name}; choose another {label}"
            )
