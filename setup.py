"""A wheel carries the records, which a checkout keeps beside the package."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithRecords(build_py):
    """Copy `results/` into the package that is built; an editable install reads the checkout's."""

    def run(self) -> None:
        """Build as usual, then add the records."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "sublim_utils" / "results"
            shutil.copytree("results", target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithRecords})
