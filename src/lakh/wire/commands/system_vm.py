"""Commands to the agents inside system VMs: secondary storage and console proxy (addendum 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields, TransferObject, signed_bytes


def setup_store(store: TransferObject, *, post_upload_key: str | None = None) -> Message:
    """Mounts an image store; SecStorageSetupAnswer has `_dir`, its folder in the VM."""
    return command(
        names.SEC_STORAGE_SETUP,
        store=store.wrapped,
        secUrl=store.body["_url"],
        nfsVersion=store.body.get("nfsVersion"),
        postUploadKey=post_upload_key,
    )


def allow_peers(peers: Sequence[str], *, append: bool, port: int = 80, interface: str = "eth2") -> Message:
    """Opens the firewall to the public addresses of other secondary storage VMs, added to or in place of the others."""
    ports = [{"add": True, "sourceIp": ip, "port": str(port), "intf": interface} for ip in peers]
    return command(names.SEC_STORAGE_FIREWALL_CFG, portConfigs=ports, isAppendAIp=append)


def setup_vm(
    *, copy_password: str, copy_user: str = "cloud", allowed_internal_sites: Sequence[str] | None = None
) -> Message:
    """Sets how templates are copied between zones, and which internal addresses may be downloaded from."""
    return command(
        names.SEC_STORAGE_VM_SETUP,
        allowedInternalSites=None if allowed_internal_sites is None else list(allowed_internal_sites),
        copyUserName=copy_user,
        copyPassword=copy_password,
    )


def list_volumes(store: TransferObject) -> Message:
    """What volumes an image store holds: ListVolumeAnswer's templateInfos, by volume id."""
    return command(names.LIST_VOLUME, store=store.wrapped, secUrl=store.body["_url"])


def list_templates(store: TransferObject) -> Message:
    """What templates an image store holds: ListTemplateAnswer's templateInfos, by unique name.

    The answer is believed: a template that is missing in it is forgotten and downloaded again (addendum 3.5).
    """
    return command(names.LIST_TEMPLATE, store=store.wrapped, nfsVersion=store.body.get("nfsVersion"))


def download(
    *,
    id: int,
    url: str,
    name: str,
    store: TransferObject,
    account_id: int,
    format: str = "QCOW2",
    type: str = "TEMPLATE",
    hvm: bool = True,
    description: str = "",
    checksum: str | None = None,
    max_bytes: int = 0,
    install_path: str | None = None,
    follow_redirects: bool = False,
) -> Message:
    """Starts a download into an image store. `type`: TEMPLATE, VOLUME or SNAPSHOT; `name`: the template's unique name.

    Answered at once by a DownloadAnswer with `jobId`; ask on with `download_progress`.
    """
    kind = "volumes" if type == "VOLUME" else "template/tmpl"
    return command(
        names.DOWNLOAD,
        hvm=hvm,
        description=description,
        checksum=checksum,
        maxDownloadSizeInBytes=max_bytes,
        id=id,
        resourceType=type,
        installPath=install_path or f"{kind}/{account_id}/{id}/",
        _store=store.wrapped,
        followRedirects=follow_redirects,
        url=url,
        format=format,
        accountId=account_id,
        name=name,
        secUrl=store.body["_url"],
    )


def download_progress(job_id: str, request: str, *, of: Message) -> Message:
    """Asks about a download: `request` GET_STATUS, ABORT, RESTART, PURGE, GET_OR_RESTART; `of` the DownloadCommand."""
    return Message(names.DOWNLOAD_PROGRESS, {"jobId": job_id, "request": request, **of.body})


def upload_status(entity_uuid: str, *, type: str, abort: bool = False) -> Message:
    """Asks about an upload from a browser; `type`: Template or Volume."""
    return command(names.UPLOAD_STATUS, entityUuid=entity_uuid, entityType=type, abort=abort or None)


def start_console_proxy(
    *,
    keystore_password: str,
    encryptor_key_base64: str,
    encryptor_iv_base64: str,
    keystore: bytes | None = None,
    check_source_ip: bool = False,
) -> Message:
    """Gives a console proxy its keystore and the key that it decrypts console tokens with."""
    encryptor: dict[str, Any] = {
        "base64EncodedKeyBytes": encryptor_key_base64,
        "base64EncodedIvBytes": encryptor_iv_base64,
    }
    return command(
        names.START_CONSOLE_PROXY_HANDLER,
        keystoreBits=None if keystore is None else signed_bytes(keystore),
        keystorePassword=keystore_password,
        encryptorPassword=msgspec.json.encode(encryptor).decode(),
        isSourceIpCheckEnabled=check_source_ip,
    )


def allow_console(session_uuid: str) -> Message:
    """Announces a console session before its URL is given out."""
    return command(names.ALLOW_CONSOLE_ACCESS, sessionUuid=session_uuid)


def template_property(
    *, id: int, name: str, install_path: str, size_bytes: int, physical_size_bytes: int, public: bool = False
) -> Fields:
    """One entry of a ListTemplateAnswer or ListVolumeAnswer."""
    return {
        "templateName": name,
        "installPath": install_path,
        "size": size_bytes,
        "physicalSize": physical_size_bytes,
        "id": id,
        "isPublic": public,
        "isCorrupted": False,
    }
