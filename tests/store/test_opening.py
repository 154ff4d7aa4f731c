"""From a URL to a store, and what happens when the folder is taken or the file is no store."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.stock import BOX, add_box, box

from lakh.store.opening import StoreUrlError, open_store
from lakh.store.store import StoreUnavailableError


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/lakh.db"
    first = await open_store(url)
    await first.submit(add_box(1, label="kept"))
    await first.close()

    second = await open_store(tmp_path / "data" / "lakh.db")

    assert await second.rows(BOX, 1) == [box(1, label="kept")]
    await second.close()


async def test_a_second_server_on_one_file_is_told_who_has_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lakh.db"
    first = await open_store(url)

    with pytest.raises(StoreUnavailableError, match=r"in use by another server \(process \d+\)"):
        await open_store(url)

    await first.close()
    await (await open_store(url)).close()


async def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    file = tmp_path / "lakh.db"
    file.write_bytes(b"my diary, " * 1000)

    with pytest.raises(StoreUnavailableError, match="not an SQLite database"):
        await open_store(file)

    assert file.read_bytes() == b"my diary, " * 1000


@pytest.mark.parametrize("url", ["mysql://root@localhost/cloud", "oracle://x"])
async def test_an_unknown_engine_is_told_what_is_known(url: str) -> None:
    with pytest.raises(StoreUrlError, match=r"sqlite:///path"):
        await open_store(url)
