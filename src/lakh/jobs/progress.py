"""How far running jobs have come, in percent: told to whoever asks for the job (jobprocstatus), and never stored."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud


class JobProgress:
    """A part of the cloud: `cloud.part(JobProgress)`. A job that tells nothing is at 0."""

    def __init__(self, cloud: Cloud) -> None:
        self._percent: dict[str, int] = {}

    def tell(self, job_uuid: str, done: int, total: int) -> None:
        """So much of so much is done."""
        self._percent[job_uuid] = min(100, done * 100 // max(total, 1))

    def of(self, job_uuid: str) -> int:
        return self._percent.get(job_uuid, 0)

    def forget(self, job_uuid: str) -> None:
        self._percent.pop(job_uuid, None)
