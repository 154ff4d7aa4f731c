"""Storage providers, and the templates that a fresh installation knows."""

from __future__ import annotations

from functools import cache

import msgspec

from lakh.catalogue import files


class StorageProvider(msgspec.Struct, frozen=True, array_like=True):
    """A storage provider and the kinds of store it serves: PRIMARY, IMAGE, ImageCache, OBJECT. Names are not unique."""

    name: str
    types: tuple[str, ...]
    build: str = ""


class BuiltinTemplate(msgspec.Struct, frozen=True):
    """A template known from the first start: SYSTEM ones run system VMs, BUILTIN ones are offered to users."""

    id: int
    uniquename: str
    name: str
    hypervisor: str
    ostype: str
    format: str
    type: str = "SYSTEM"
    hvm: bool = False
    bits: int = 64
    ispublic: bool = False
    isfeatured: bool = False
    crosszones: bool = True
    isextractable: bool = False
    passwordenabled: bool = False
    arch: str = "x86_64"
    state: str = "Active"


@cache
def storage_providers() -> tuple[StorageProvider, ...]:
    """Every storage provider."""
    return files.records("storage_providers.jsonl", StorageProvider)


@cache
def templates() -> tuple[BuiltinTemplate, ...]:
    """Every builtin template by id."""
    return files.records("templates.jsonl", BuiltinTemplate)
