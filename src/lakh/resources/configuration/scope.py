"""Which scope a request is about, whether the caller may touch it, and which value is in force there.

A value is looked up in its scope, then in the wider ones around it, then globally. Domain admins reach the Domain and
Account scopes of their own subtree only; without a scope they mean their own domain.
"""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.catalogue.settings import Setting
from lakh.catalogue.settings import settings as catalogue
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import BY_ID as ACCOUNT_BY_ID
from lakh.resources.account.row import AccountRow
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Call
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import DomainRow
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.storage_pool.row import StoragePoolRow

Scope = tuple[str, int]
GLOBAL: Scope = ("Global", 0)

PARAMETERS = {
    "zoneid": "Zone",
    "clusterid": "Cluster",
    "storageid": "StoragePool",
    "accountid": "Account",
    "domainid": "Domain",
    "imagestoreuuid": "ImageStore",
    "imagestoreid": "ImageStore",
    "managementserverid": "ManagementServer",
}
"""Parameter → the scope that it names."""


def named(name: str) -> Setting:
    """The setting called `name`, of this build. Raises ParameterError when there is none."""
    found = catalogue().get(name)
    if found is None or found.build or not found.registered:
        raise ParameterError(f"Configuration setting {name[:255]} does not exist; listConfigurations names them all")
    return found


async def asked_scope(call: Call, command: object) -> Scope:
    """The scope that the request's parameters name, checked against the caller's reach.

    Raises ParameterError for two scopes at once, PermissionDeniedError outside the caller's reach.
    """
    given = [
        (scope, int(value))
        for parameter, scope in PARAMETERS.items()
        if (value := getattr(command, parameter, None)) is not None
    ]
    if len(given) > 1:
        names = [p for p in PARAMETERS if getattr(command, p, None) is not None]
        raise ParameterError(f"A setting has one scope: give only one of {', '.join(names)}")
    if call.caller.is_root_admin:
        return given[0] if given else GLOBAL
    scope = given[0] if given else ("Domain", call.caller.domain_id)
    if not await _within_reach(call, scope):
        raise PermissionDeniedError(
            f"{call.caller.account_name} does not have permission to operate with provided resource: only settings of"
            " the own domain, its subdomains and their accounts"
        )
    return scope


async def _within_reach(call: Call, scope: Scope) -> bool:
    kind, row_id = scope
    if kind == "Account":
        account = await _account(call.cloud, row_id)
        row_id = account.domain_id if account is not None else 0
    elif kind != "Domain":
        return False
    domains = (await call.cloud.snapshots.of(DomainRow)).by_id
    own, asked = domains.get(call.caller.domain_id), domains.get(row_id)
    return own is not None and asked is not None and asked.path.startswith(own.path)


async def _account(cloud: Cloud, account_id: int) -> AccountRow | None:
    found = await cloud.store.rows(ACCOUNT_BY_ID, account_id)
    return found[0] if found else None


def fits(setting: Setting, scope: Scope, settings: Settings) -> bool:
    """True when the setting may be overridden in that scope."""
    kind = scope[0]
    if kind == "Domain" and "Account" in setting.scopes and settings.flag("enable.account.settings.for.domain"):
        return True
    return kind == "Global" or kind in setting.scopes


async def chain(cloud: Cloud, scope: Scope) -> list[Scope]:
    """The scope and the wider ones around it, nearest first, without Global."""
    kind, row_id = scope
    settings = cloud.part(Settings)
    found = [] if kind == "Global" else [scope]
    if kind == "Account" and settings.flag("enable.account.settings.for.domain"):
        account = await _account(cloud, row_id)
        if account is not None:
            kind, row_id = "Domain", account.domain_id
            found.append((kind, row_id))
    if kind == "Domain" and settings.flag("enable.domain.settings.for.child.domain"):
        own = (await cloud.snapshots.of(DomainRow)).by_id.get(row_id)
        ancestors = [int(part) for part in own.path.strip("/").split("/")] if own is not None else []
        found.extend(("Domain", ancestor) for ancestor in reversed(ancestors[:-1]))
    if kind == "StoragePool":
        pool = (await cloud.snapshots.of(StoragePoolRow)).by_id.get(row_id)
        found.extend([("Zone", pool.zone_id)] if pool is not None else [])
    if kind == "Cluster":
        cluster = (await cloud.snapshots.of(ClusterRow)).by_id.get(row_id)
        found.extend([("Zone", cluster.zone_id)] if cluster is not None else [])
    if kind == "ImageStore":
        store = (await cloud.snapshots.of(ImageStoreRow)).by_id.get(row_id)
        found.extend([("Zone", store.zone_id)] if store is not None and store.zone_id is not None else [])
    return found


def in_force(setting: Setting, settings: Settings, scopes: list[Scope]) -> str | None:
    """The value in force; None where there is none at all."""
    found = settings.text(setting.name, *scopes)
    return found if found or setting.default is not None else None
