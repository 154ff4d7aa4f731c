"""Links for downloading from, and uploads to, an image store (addendum 3.4, 3.6)."""

from __future__ import annotations

from lakh.agent.dispatch import SECONDARY_STORAGES, done, verb
from lakh.agent.host import SystemVm
from lakh.wire.message import API, STORAGE, SUBSYSTEM, Message


@verb(
    STORAGE + "CreateEntityDownloadURLCommand",
    answer=STORAGE + "CreateEntityDownloadURLAnswer",
    agents=SECONDARY_STORAGES,
)
def create_url(agent: SystemVm, command: Message) -> Message:
    return done(STORAGE + "CreateEntityDownloadURLAnswer", resultString="", resultCode=1)


@verb(
    STORAGE + "DeleteEntityDownloadURLCommand",
    API + "DeleteSnapshotsDirCommand",
    agents=SECONDARY_STORAGES,
)
def delete_url(agent: SystemVm, command: Message) -> Message:
    return done()


@verb(SUBSYSTEM + "UploadStatusCommand", answer=SUBSYSTEM + "UploadStatusAnswer", agents=SECONDARY_STORAGES)
def upload_status(agent: SystemVm, command: Message) -> Message:
    """Nobody ever uploads to a mock."""
    return done(SUBSYSTEM + "UploadStatusAnswer", status="UNKNOWN", details="no upload was started")
