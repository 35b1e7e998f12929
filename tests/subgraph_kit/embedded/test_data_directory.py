from __future__ import annotations

import os
from pathlib import Path

import pytest

from subgraph_kit.embedded.data_directory import MAX_SOCKET_PATH_BYTES, DataDirectory
from subgraph_kit.errors import ConfigurationError


def test_two_runs_on_one_directory_are_refused_with_a_sentence(data_dir: Path) -> None:
    with (
        DataDirectory(data_dir),
        pytest.raises(ConfigurationError, match=rf"in use by another run \(process {os.getpid()}"),
        DataDirectory(data_dir),
    ):
        pass


def test_the_directory_is_free_again_after_a_run(data_dir: Path) -> None:
    for _ in range(2):
        with DataDirectory(data_dir):
            pass


def test_a_directory_that_cannot_be_made_is_a_sentence(data_dir: Path) -> None:
    (data_dir / "file").write_text("")
    with pytest.raises(ConfigurationError, match="--data-dir"), DataDirectory(data_dir / "file"):
        pass


@pytest.mark.parametrize("depth", [0, 12])
def test_sockets_fit_into_the_kernels_limit_however_deep_the_directory(
    data_dir: Path, depth: int
) -> None:
    deep = data_dir.joinpath(*["directory"] * depth)
    with DataDirectory(deep) as directory:
        sockets = directory.socket_directory("catalog")
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH_BYTES
        assert sockets.stat().st_mode & 0o077 == 0
    assert not sockets.exists()


def test_different_directories_never_share_sockets(data_dir: Path) -> None:
    deep = data_dir.joinpath(*["directory"] * 12)
    with DataDirectory(deep / "a") as one, DataDirectory(deep / "b") as other:
        assert one.socket_directory("redis") != other.socket_directory("redis")
