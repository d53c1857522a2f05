"""The first cell on Colab, with the real pip in an environment of small packages of our own."""

import os
import subprocess
import venv
import zipfile
from pathlib import Path

import packaging
import pip
import pytest

import sublim_utils
from sublim_utils.requirements import requirements

CALL = "from pathlib import Path; from sublim_utils.colab import set_up; set_up(Path('book'))\n"


def wheel(folder: Path, name: str, version: str, *needs: str) -> None:
    """A wheel with a module of one line, and the packages that it needs."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": "\n".join([*lines, *(f"Requires-Dist: {need}" for need in needs)]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(file, text)


class Machine:
    """An environment like Colab's, a folder of wheels in the index's place, and a book."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index = folder, folder / "index"
        venv.create(folder / "env")
        self.python = folder / "env" / "bin" / "python"
        # Without an installation of their own: pip sees only what a test installs.
        for package in (pip, packaging, sublim_utils):
            source = Path(package.__file__ or "").parent
            (folder / "path" / source.name).parent.mkdir(exist_ok=True)
            (folder / "path" / source.name).symlink_to(source)
        (folder / "book").mkdir()
        for name in ("sublim_utils", "weights"):
            wheel(self.index, name, "1.0")
        self.install("sublim_utils")

    def book(self, *needs: str) -> None:
        (self.folder / "book" / "weights.lock").write_text("weights==1.0\n")
        lines = "".join(f'  "{need}",\n' for need in needs)
        project = f"[project]\nname = 'sublim_utils'\ndependencies = [\n{lines}]\n"
        (self.folder / "book" / "pyproject.toml").write_text(project)

    def run(self, *arguments: str, online: bool = True) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.folder / "path"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
        } | ({"PIP_FIND_LINKS": str(self.index)} if online else {})
        command = [str(self.python), *arguments]
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True
        )

    def install(self, *wanted: str) -> None:
        assert self.run("-m", "pip", "install", *wanted).returncode == 0

    def cell(self, program: str = CALL, online: bool = True) -> str:
        """What a cell prints; of an error the last line."""
        done = self.run("-c", program, online=online)
        return done.stdout if done.returncode == 0 else done.stderr.splitlines()[-1]

    def versions(self) -> dict[str, str]:
        listed = self.run("-m", "pip", "list", "--format=freeze").stdout.split()
        return dict(line.split("==") for line in listed)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    for version in ("1.0", "2.0"):
        wheel(machine.index, "torch", version)
        wheel(machine.index, "frames", version)
    wheel(machine.index, "trainer", "1.0", "frames>=1", "torch>=1")
    machine.install("frames==1.0", "torch==1.0")
    return machine


def test_what_is_missing_is_installed_and_nothing_else_is_changed(machine: Machine) -> None:
    machine.book("frames>=1,<3", "trainer>=1,<2", "torch>=1")
    told = machine.cell()
    assert told.startswith("Installing trainer")
    same = {"frames": "1.0", "torch": "1.0", "sublim_utils": "1.0"}
    assert machine.versions() == {**same, "trainer": "1.0", "weights": "1.0"}


def test_the_cell_runs_any_number_of_times_and_needs_the_network_once(machine: Machine) -> None:
    machine.book("frames>=1,<3", "trainer>=1,<2", "torch>=1")
    machine.cell()
    assert machine.cell(CALL * 2, online=False) == ""


def test_an_older_version_of_what_is_missing_is_taken_where_it_changes_nothing(
    machine: Machine,
) -> None:
    wheel(machine.index, "trainer", "1.5", "frames>=2")
    machine.book("frames>=1,<3", "trainer>=1,<2")
    machine.cell()
    versions = machine.versions()
    assert (versions["frames"], versions["trainer"]) == ("1.0", "1.0")


def test_a_library_in_memory_is_kept_where_another_can_be_raised_instead(machine: Machine) -> None:
    for version, frames in (("1.0", "frames>=1"), ("2.0", "frames>=2")):
        wheel(machine.index, "plots", version, frames)
    wheel(machine.index, "tables", "1.0")
    wheel(machine.index, "tables", "2.0")
    machine.install("plots==1.0", "tables==1.0")
    machine.book("plots>=1,<3", "tables>=2,<3")
    machine.cell("import frames\n" + CALL)
    versions = machine.versions()
    assert (versions["frames"], versions["plots"], versions["tables"]) == ("1.0", "1.0", "2.0")


def test_a_library_that_must_be_raised_ends_with_a_sentence_until_the_restart(
    machine: Machine,
) -> None:
    machine.book("frames>=2,<3")
    again = "try:\n    set_up(Path('book'))\nexcept Exception as error:\n    print(error)\n"
    program = f"import frames\nfrom sublim_utils.colab import set_up\n{again}{again}"
    told = machine.cell("from pathlib import Path\n" + program).splitlines()
    sentence = (
        "The kernel still has the former version of frames in memory; "
        "choose Runtime > Restart session and run all cells again."
    )
    assert told[-2:] == [sentence, sentence]
    assert sum("Installing frames" in line for line in told) == 1
    assert machine.versions()["frames"] == "2.0"
    assert machine.cell("import frames\n" + CALL, online=False) == ""


def test_a_library_that_is_not_in_memory_may_be_raised(machine: Machine) -> None:
    machine.book("frames>=2,<3")
    assert machine.cell().startswith("Installing frames")
    assert machine.versions()["frames"] == "2.0"


@pytest.mark.parametrize("needs", [("trainer>=2", "torch>=1"), ("trainer>=2", "torch>=2")])
def test_torch_is_never_changed(machine: Machine, needs: tuple[str, ...]) -> None:
    wheel(machine.index, "trainer", "2.0", "torch>=2")
    machine.book(*needs)
    told = machine.cell()
    assert "Colab's packages and the book's do not go together: " in told
    assert "trainer" in told
    assert machine.versions()["torch"] == "1.0"
    assert "trainer" not in machine.versions()


def test_without_a_network_a_sentence_says_what_failed(machine: Machine) -> None:
    machine.book("trainer>=1")
    told = machine.cell(online=False)
    assert "pip failed (" in told
    assert told.endswith("check the network and run this cell again.")
    assert machine.cell().startswith("Installing trainer")


def test_the_book_itself_is_not_among_what_it_needs() -> None:
    named = {requirement.name for requirement in requirements()}
    assert {"torch", "packaging", "trl"} <= named
    assert not named & {"sublim_utils", "sphinx", "pytest"}
