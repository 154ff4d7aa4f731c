"""listStorageProviders: who may provide primary, image or object stores."""

from __future__ import annotations

from typing import ClassVar

from lakh.base.errors import ParameterError
from lakh.catalogue.storage import storage_providers
from lakh.contract.declaration import param
from lakh.contract.view import View
from lakh.resources.command import Call, ListCommand, Listed

_TYPES = {"primary": "PRIMARY", "image": "IMAGE", "imagecache": "ImageCache", "object": "OBJECT"}


class StorageProviderView(View):
    OBJECT: ClassVar[str] = "dataStoreProvider"

    name: str | None = None
    type: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ListStorageProviders(ListCommand, roles=("Admin", "ResourceAdmin"), answer=StorageProviderView):
    """Lists storage providers of one type."""

    type: str = param("primary, image, imagecache or object", required=True)

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        wanted = _TYPES.get(self.type.lower())
        if wanted is None:
            raise ParameterError(f"Invalid parameter type {self.type}: give one of {', '.join(_TYPES)}")
        found = [p.name for p in storage_providers() if wanted in p.types and not p.build]
        page = found[offset : offset + limit]
        return Listed(len(found), [StorageProviderView(name=name, type=wanted) for name in page])
