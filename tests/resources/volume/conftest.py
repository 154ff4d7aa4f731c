"""The stage of VM stories, for stories about disks."""

from tests.resources.vm.conftest import Stage, stage

__all__ = ["Stage", "stage"]
