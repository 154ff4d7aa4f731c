"""CopyCommand: what it means depends on what is copied from where to where (agent-protocol 4.4, the table)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError, Volume
from lakh.agent.images import Image
from lakh.agent.objects import (
    SNAPSHOT,
    TEMPLATE,
    VOLUME,
    file_name,
    is_primary,
    pool_of,
    store_url,
    template_name,
    unwrap,
    volume_name,
)
from lakh.wire.message import SUBSYSTEM, Message

Fields = dict[str, Any]
_UNKNOWN_SIZE_BYTES = 2 << 30  # of a template that nobody measured yet


@verb(SUBSYSTEM + "CopyCommand", answer=SUBSYSTEM + "CopyCmdAnswer")
def copy(host: Host, command: Message) -> Message:
    source_kind, source = unwrap(command.body["srcTO"])
    target_kind, target = unwrap(command.body["destTO"])
    place = "primary" if is_primary(source) else "image"
    to = "primary" if is_primary(target) else "image"
    found = _COPIES.get((source_kind, place, target_kind, to))
    if found is None:
        raise RefusedError(f"cannot copy a {source_kind} on {place} storage to a {target_kind} on {to} storage")
    return done(SUBSYSTEM + "CopyCmdAnswer", newData=found(host, source, target))


def _template_to_primary(host: Host, source: Fields, target: Fields) -> Fields:
    image = _image(host, source)
    pool = pool_of(target)
    name = template_name(pool, target if target.get("uuid") or target.get("id") else source)
    present = host.hypervisor.volume(pool, name)
    made = present or host.hypervisor.copy_template(pool, name, image.size_bytes, image.physical_bytes)
    return {TEMPLATE: {"path": name, "size": made.size_bytes, "format": "QCOW2"}}


def _template_to_volume(host: Host, source: Fields, target: Fields) -> Fields:
    """Straight from the image store to a root disk."""
    image = _image(host, source)
    size = max(int(target.get("size") or 0), image.size_bytes)
    return _new_volume(
        target,
        host.hypervisor.import_volume(pool_of(target), _wanted(target), size, image.physical_bytes),
    )


def _clone(host: Host, source: Fields, target: Fields) -> Fields:
    made = host.hypervisor.clone(
        pool_of(source), file_name(source.get("path")), _wanted(target), int(target.get("size") or 0)
    )
    return _new_volume(target, made)


def _image_to_volume(host: Host, source: Fields, target: Fields) -> Fields:
    image = _image(host, source)
    return _new_volume(
        target,
        host.hypervisor.import_volume(pool_of(target), _wanted(target), image.size_bytes, image.physical_bytes),
    )


def _move_volume(host: Host, source: Fields, target: Fields) -> Fields:
    made = host.hypervisor.copy_volume(pool_of(source), volume_name(source), pool_of(target), _wanted(target))
    return _new_volume(target, made)


def _volume_to_image(host: Host, source: Fields, target: Fields) -> Fields:
    volume = _on_primary(host, source)
    path = f"{(target.get('path') or 'volumes').rstrip('/')}/{_wanted(target)}"
    _store(host, target, Image(str(target.get("id") or ""), path, "volume", volume.size_bytes, volume.physical_bytes))
    return {VOLUME: {"path": path, "format": "QCOW2"}}


def _volume_to_template(host: Host, source: Fields, target: Fields) -> Fields:
    return _new_template(host, target, _on_primary(host, source))


def _back_up_snapshot(host: Host, source: Fields, target: Fields) -> Fields:
    snapshot = _on_primary(host, source)
    folder = (target.get("path") or "snapshots").rstrip("/")
    path = f"{folder}/{snapshot.name}"
    _store(host, target, Image(snapshot.name, path, "snapshot", snapshot.size_bytes, snapshot.physical_bytes))
    return {SNAPSHOT: {"path": path, "physicalSize": snapshot.physical_bytes}}


def _snapshot_to_volume(host: Host, source: Fields, target: Fields) -> Fields:
    if is_primary(source):
        kept = _on_primary(host, source)
        size, physical = kept.size_bytes, kept.physical_bytes
    else:
        volume = source.get("volume") or {}
        image = _image(host, {**source, "size": source.get("size") or volume.get("size")})
        size, physical = image.size_bytes, image.physical_bytes
    size = max(size, int(target.get("size") or 0))
    return _new_volume(target, host.hypervisor.import_volume(pool_of(target), _wanted(target), size, physical))


def _snapshot_to_template(host: Host, source: Fields, target: Fields) -> Fields:
    if is_primary(source):
        return _new_template(host, target, _on_primary(host, source))
    volume = source.get("volume") or {}
    image = _image(host, {**source, "size": source.get("size") or volume.get("size")})
    return _new_template(host, target, Volume("", image.name, "snapshot", image.size_bytes, image.physical_bytes))


def _image(host: Host, source: Fields) -> Image:
    """What lies at a path of an image store, which may hold what no agent here wrote. Refuses a deleted one."""
    path = source.get("path") or ""
    store = host.images.of(store_url(source))
    known = store.find(path)
    if known is not None:
        return known
    if not path or path in store.deleted:
        raise RefusedError(f"{path or 'no path'}: no such file on secondary storage")
    size = int(source.get("size") or 0) or _UNKNOWN_SIZE_BYTES
    physical = int(source.get("physicalSize") or 0) or size // 4
    return Image(source.get("uniqueName") or source.get("name") or "", path, "template", size, physical)


def _on_primary(host: Host, source: Fields) -> Volume:
    """A volume or snapshot on a pool; a snapshot's pool is that of its volume where it names none."""
    pool = pool_of(source)
    name = volume_name(source)
    found = host.hypervisor.volume(pool, name)
    if found is None:
        raise RefusedError(f"volume {name} does not exist on storage pool {pool}")
    return found


def _wanted(target: Fields) -> str:
    name = volume_name(target)
    if not name:
        raise RefusedError("the new volume has neither path nor uuid")
    return name


def _new_volume(target: Fields, made: Volume) -> Fields:
    return {VOLUME: {"path": made.name, "size": made.size_bytes, "format": target.get("format") or "QCOW2"}}


def _new_template(host: Host, target: Fields, made: Volume) -> Fields:
    """A template's folder is in the request; its file takes the template's own unique name or uuid."""
    name = target.get("uniqueName") or target.get("uuid") or target.get("name") or made.name
    path = f"{(target.get('path') or 'template/tmpl').rstrip('/')}/{name}.qcow2"
    _store(host, target, Image(name, path, "template", made.size_bytes, made.physical_bytes))
    return {
        TEMPLATE: {
            "path": path,
            "name": name,
            "size": made.size_bytes,
            "physicalSize": made.physical_bytes,
            "format": "QCOW2",
        }
    }


def _store(host: Host, target: Fields, image: Image) -> None:
    host.images.of(store_url(target)).add(image)


_T, _V, _S = "TemplateObjectTO", "VolumeObjectTO", "SnapshotObjectTO"
_COPIES: dict[tuple[str, str, str, str], Callable[[Host, Fields, Fields], Fields]] = {
    (_T, "image", _T, "primary"): _template_to_primary,
    (_T, "image", _V, "primary"): _template_to_volume,
    (_T, "primary", _V, "primary"): _clone,
    (_V, "image", _V, "primary"): _image_to_volume,
    (_V, "primary", _V, "primary"): _move_volume,
    (_V, "primary", _V, "image"): _volume_to_image,
    (_V, "primary", _T, "image"): _volume_to_template,
    (_S, "primary", _S, "image"): _back_up_snapshot,
    (_S, "primary", _V, "primary"): _snapshot_to_volume,
    (_S, "image", _V, "primary"): _snapshot_to_volume,
    (_S, "primary", _T, "image"): _snapshot_to_template,
    (_S, "image", _T, "image"): _snapshot_to_template,
}
