"""Static files of a user interface, from one folder and nowhere else."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from lakh.http.message import Response

FILE_BYTES: Final = 32 * 1024 * 1024  # of one file; above: 404
_TEXT = b"text/plain; charset=utf-8"


class StaticFolder:
    """Answers paths below one folder; `index.html` stands for a folder itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def answer(self, path: str) -> Response:
        """The file's bytes, or 404. Links and `..` that leave the folder find nothing."""
        wanted = (self._folder / unquote(path).lstrip("/")).resolve()
        if wanted.is_dir():
            wanted = wanted / "index.html"
        if not wanted.is_relative_to(self._folder) or not wanted.is_file() or wanted.stat().st_size > FILE_BYTES:
            return Response(404, b"not found\n", _TEXT)
        kind = mimetypes.guess_type(wanted.name)[0] or "application/octet-stream"
        return Response(200, wanted.read_bytes(), kind.encode())
