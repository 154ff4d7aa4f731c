"""Makes docs/coverage.md.

`python -m tests.coverage FOLDER` (`make coverage`) takes the proofs that a recorded test run left in a folder;
without FOLDER (`make surface`) it keeps those of the document and brings the declarations up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from tests.coverage import document, reference
from tests.coverage.observations import Observations

DOCUMENT = Path(__file__).parents[2] / "docs" / "coverage.md"


def main(folder: Path | None) -> int:
    try:
        found = document.read(DOCUMENT.read_text(encoding="utf-8")) if folder is None else gathered(folder)
        DOCUMENT.write_text(document.write(found), encoding="utf-8")
    except (reference.NoReferenceError, FileNotFoundError) as error:
        sys.stderr.write(f"{DOCUMENT.name} stays as it is: {error}\n")
        return 0 if folder is None else 1
    return 0


def gathered(folder: Path) -> Observations:
    """All processes' proofs. Raises FileNotFoundError when no run was recorded there."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise FileNotFoundError(f"no recorded test run in {folder}")
    found = Observations()
    for file in files:
        found.merge(msgspec.json.decode(file.read_bytes(), type=Observations))
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
