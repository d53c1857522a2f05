"""Pages of the package: what autodoc needs to know before it writes them."""

import importlib
import pkgutil
from typing import Any

import sublim_utils


def import_all_modules() -> None:
    """Import every module of the package.

    When autodoc lists the fields of a class it changes the class's annotations; a subclass that is
    imported after that can no longer be defined.
    """
    for module in pkgutil.walk_packages(sublim_utils.__path__, "sublim_utils."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def skip(app: Any, what: str, name: str, member: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out fields that the docstring of their class explains, and what pydantic adds."""
    alias = (getattr(member, "__doc__", None) or "").startswith("Alias for field number")
    return True if alias or name in ("model_config", "model_post_init") else None


def setup(app: Any) -> dict[str, bool]:
    """Prepare the pages; Sphinx calls this when it starts."""
    import_all_modules()
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}
