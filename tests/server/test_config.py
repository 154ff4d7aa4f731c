"""Configuration: one file, then environment, then flags; mistakes are named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lakh.server.config import Configuration, ConfigurationError, read


def test_the_later_wins(tmp_path: Path) -> None:
    file = tmp_path / "lakh.toml"
    file.write_text('api_port = 1000\nagent_port = 2000\nname = "a"\n')
    found = read(str(file), {"LAKH_AGENT_PORT": "2001", "LAKH_NAME": "b"}, {"name": "c", "store": None})
    assert (found.api_port, found.agent_port, found.name) == (1000, 2001, "c")
    assert found.api_host == Configuration().api_host


def test_postgresql_is_a_url_away() -> None:
    assert read(None, {"LAKH_STORE": "postgresql://x/y"}, {}).store_url == "postgresql://x/y"
    assert read(None, {}, {"data_folder": "/d"}).store_url == "sqlite:////d/lakh.db"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api_prt = 1", "unknown key api_prt; known are admin_api_key"),
        ('api_port = "x"', "api_port: Expected `int`"),
        ("api_port = ", "lakh.toml: "),
        ('metrics_from = "127.0.0.1, office"', "metrics_from: 'office' is no address block; give"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "lakh.toml"
    file.write_text(text + "\n")
    with pytest.raises(ConfigurationError, match=said.replace("`", ".")):
        read(str(file), {}, {})


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"/nowhere/lakh.toml: No such file"):
        read("/nowhere/lakh.toml", {}, {})


def test_every_key_is_explained() -> None:
    source = Path(read.__code__.co_filename).read_text()
    for field in msgspec.structs.fields(Configuration):
        line = next(line for line in source.splitlines() if line.strip().startswith(f"{field.name}:"))
        assert "# " in line, f"{field.name} has no word of explanation"


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ({"controls": 0}, "controls: 0 control processes; give a number from 1 to 16"),
        ({"controls": 17, "store": "postgresql://a/b"}, "controls: 17 control processes"),
        ({"controls": 2}, "cannot share the embedded store"),
        ({"controls": 2, "store": "sqlite:///x"}, "cannot share the embedded store"),
    ],
)
def test_control_processes_need_a_store_that_they_can_share(flags: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        read(None, {}, flags)
    assert read(None, {"LAKH_CONTROLS": "4", "LAKH_STORE": "postgresql://a/b"}, {}).controls == 4
