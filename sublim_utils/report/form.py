"""A form for a notebook's settings, where a kernel runs; a saved page has none."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

import ipywidgets


def form(settings: MutableMapping[str, Any], **choices: Sequence[Any]) -> ipywidgets.Widget:
    """Drop-downs that set a notebook's variables, as editing its cell of settings would.

    Args:
        settings: the notebook's variables, `globals()`; each of them keeps its value until another
            one is chosen.
        choices: what each variable may be; its present value is one of them or comes in front.
    """
    note = ipywidgets.HTML("Choose here, or edit the cell above; then run the cells below.")

    def drop_down(name: str, values: Sequence[Any]) -> ipywidgets.Dropdown:
        present = settings[name]
        options = [*values] if present in values else [present, *values]
        widget = ipywidgets.Dropdown(
            options=[(_words(value), value) for value in options], value=present, description=name
        )

        def choose(change: Any) -> None:
            settings[name] = change["new"]
            note.value = f"{name} = {change['new']!r}. Now run the cells below."

        widget.observe(choose, names="value")
        return widget

    return ipywidgets.VBox([*(drop_down(n, values) for n, values in choices.items()), note])


def _words(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
