"""A local model is known by what its files hold, and not by their times or their folder's name."""

import os
import shutil
import time
from pathlib import Path

import pytest

from sublim_utils.errors import SublimError
from sublim_utils.models import contents
from sublim_utils.models.catalog import weights_mark
from sublim_utils.models.contents import folder_hash

pytestmark = pytest.mark.usefixtures("own_store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights" * 100)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "README.md").write_text("A model.")
    return folder


def test_a_copy_and_other_times_make_no_other_weights(folder: Path, tmp_path: Path) -> None:
    before = folder_hash(folder)
    os.utime(folder / "model.safetensors", (1, 1))
    assert folder_hash(folder) == before
    assert folder_hash(Path(shutil.copytree(folder, tmp_path / "copy"))) == before
    (folder / "README.md").write_text("The same model.")
    (folder / "consolidated.safetensors").write_bytes(b"the same once more")
    assert folder_hash(folder) == before


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("large", [contents.LARGE, 1])
def test_one_other_byte_makes_other_weights_even_at_the_same_time(
    name: str, large: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "LARGE", large)
    before, path = weights_mark([str(folder)]), folder / name
    time.sleep(0.05)  # the clocks of some file systems move every few milliseconds
    content, times = path.read_bytes(), path.stat()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_mtime_ns == times.st_mtime_ns
    assert weights_mark([str(folder)]) != before
    path.write_bytes(content)
    assert weights_mark([str(folder)]) == before


def test_files_that_come_and_go_make_other_weights(folder: Path) -> None:
    before = folder_hash(folder)
    (folder / "generation_config.json").write_text("{}")
    assert folder_hash(folder) != before
    (folder / "generation_config.json").unlink()
    assert folder_hash(folder) == before
    (folder / "config.json").rename(folder / "other.json")
    assert folder_hash(folder) != before


def test_a_large_file_is_read_once(
    folder: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "LARGE", 100)
    folder_hash(folder)
    contents._hash_of_state.cache_clear()  # as in another process
    read = []

    def hash_of(path: Path) -> str:
        read.append(path.name)
        return ""

    monkeypatch.setattr(contents, "file_hash", hash_of)
    folder_hash(folder)
    assert "config.json" in read
    assert "model.safetensors" not in read
    assert len(list((own_store / contents.STAGE).iterdir())) == 1


def test_a_store_that_cannot_be_written_takes_nothing_but_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = folder_hash(folder)
    contents._hash_of_state.cache_clear()
    monkeypatch.setattr(contents, "LARGE", 100)
    (tmp_path / "file").touch()
    monkeypatch.setenv("SUBLIM_STORE", str(tmp_path / "file"))
    assert folder_hash(folder) == before


def test_a_folder_that_is_gone_is_named(folder: Path) -> None:
    shutil.rmtree(folder)
    with pytest.raises(SublimError, match=f"Cannot read {folder}"):
        folder_hash(folder)
