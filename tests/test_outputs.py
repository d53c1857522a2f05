"""Files that the user names: nothing but a regular file is ever replaced, and nothing is lost."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sublim_utils.errors import SublimError
from sublim_utils.outputs import open_output, write_output
from tests.command import sublim

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_a_new_file_and_its_folders_are_made_with_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_output(tmp_path / "new" / "out.json", "grüße")
    finally:
        os.umask(before)
    out = tmp_path / "new" / "out.json"
    assert out.read_bytes() == "grüße".encode()
    assert stat.S_IMODE(out.stat().st_mode) == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o620])
def test_a_regular_file_keeps_its_mode_and_is_replaced_in_one_step(
    tmp_path: Path, mode: int
) -> None:
    out = tmp_path / "out.json"
    out.write_text("old")
    out.chmod(mode)
    with out.open() as reader:
        write_output(out, "new")
        assert reader.read() == "old"  # who reads meanwhile sees all of the old content
    assert out.read_text() == "new"
    assert stat.S_IMODE(out.stat().st_mode) == mode
    assert list(tmp_path.iterdir()) == [out]


@root_only
def test_a_file_of_another_user_stays_theirs(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("old")
    os.chown(out, 12345, 54321)
    write_output(out, "new")
    assert (out.stat().st_uid, out.stat().st_gid) == (12345, 54321)
    assert out.read_text() == "new"


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, exists: bool) -> None:
    target, link, second = tmp_path / "deep" / "target", tmp_path / "link", tmp_path / "second"
    target.parent.mkdir()
    if exists:
        target.write_text("old")
    link.symlink_to("deep/target")
    second.symlink_to(link)
    write_output(second, "new")
    assert second.is_symlink()
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_all_names_of_a_file_show_the_new_content(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a longer old content")
    os.link(one, other)
    write_output(one, "new")
    assert other.read_text() == "new"
    assert one.samefile(other)


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_output(pipe, "through")
    reader.join(10)
    assert read == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@root_only
def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    null = tmp_path / "null"
    try:
        os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        null.write_text("x")
    except OSError:
        pytest.skip("no devices may be made here")
    write_output(null, "gone")
    assert stat.S_ISCHR(null.stat().st_mode)
    assert list(tmp_path.iterdir()) == [null]


def test_devices_of_the_system_are_written_through() -> None:
    write_output("/dev/null", "gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(SublimError, match="no space is left"):
        write_output("/dev/full", "x")


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_goes_on_where_it_is(tmp_path: Path, name: str) -> None:
    script = f"print('first'); from sublim_utils.outputs import write_output as w; w({name!r}, 'x')"
    out = tmp_path / "out"
    out.write_text("there\n")
    with out.open("a") as file:
        subprocess.run([sys.executable, "-c", f"{script}; print('last')"], stdout=file, check=True)
    assert out.read_text() == "there\nfirst\nxlast\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/", "it is a folder; name a file in it"),
        (".", "it is a folder"),
        ("x" * 5000, "the name is too long"),
        ("x" * 300, "the name is too long"),
        ("file/below", "Not a directory|File exists"),
        ("a\0b", "null byte"),
        ("loop", "symbolic links"),
    ],
)
def test_what_cannot_be_written_is_one_short_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("old")
    Path("loop").symlink_to("loop")
    with pytest.raises(SublimError, match=reason) as raised:
        write_output(name, "new")
    assert len(str(raised.value)) < 300
    assert {path.name for path in tmp_path.iterdir()} == {"file", "loop"}


def test_a_name_of_the_greatest_length_can_be_written(tmp_path: Path) -> None:
    out = tmp_path / ("x" * 255)
    write_output(out, "new")
    write_output(out, "newer")
    assert out.read_text() == "newer"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path, number: int) -> None:
    out = tmp_path / "out"
    out.write_text("old")

    def write_half() -> None:
        with open_output(out) as file:
            file.write(b"half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(SublimError, match="Cannot write"):
        write_half()
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("how", [KeyboardInterrupt, ValueError, OSError])
def test_an_end_of_the_block_that_is_no_fault_of_the_disk_is_passed_on(
    tmp_path: Path, how: type[BaseException]
) -> None:
    out = tmp_path / "out"
    out.write_text("old")

    def end_early() -> None:
        with open_output(out) as file:
            file.write(b"half")
            raise how("mine")

    with pytest.raises(how, match="mine"):
        end_early()
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("call", ["open", "replace"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, errno.EPERM])
def test_a_file_that_cannot_be_replaced_in_its_folder_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """As a single file that is mounted into a container, or one in a folder of someone else."""
    out = tmp_path / "out"
    out.write_text("a longer old content")
    real: Callable[..., object] = getattr(Path, call)

    def refused(path: Path, *arguments: object, **options: object) -> object:
        if path.suffix == ".tmp" and (call == "replace" or arguments == ("xb",)):
            raise OSError(number, os.strerror(number))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, call, refused)
    number_of_file = out.stat().st_ino
    write_output(out, "new")
    assert out.read_text() == "new"
    assert out.stat().st_ino == number_of_file
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.usefixtures("own_store")
def test_every_output_of_the_command_line_spares_links(tmp_path: Path) -> None:
    target = tmp_path / "target.svg"
    for command in (
        ["show", "mnist", "--json"],
        ["plan", "owl_numbers", "--profile", "smoke", "--json"],
        ["show", "mnist", "--figure"],
    ):
        target.write_text("old")
        target.chmod(0o600)
        link = tmp_path / "link.svg"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        code, _, err = sublim(*command, str(link))
        assert (code, err) == (0, "")
        assert link.is_symlink()
        assert target.read_text()[0] in "[{<"
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        code, _, err = sublim(*command, "/")
        assert code == 2
        assert "Traceback" not in err


def test_a_descriptor_that_no_process_can_have_is_one_sentence() -> None:
    with pytest.raises(SublimError, match=r"^Cannot write /dev/fd/9{30}: .+\.$"):
        write_output("/dev/fd/" + "9" * 30, "text")
