"""The pipeline of every experiment as an SVG, once wide and once tall for a phone."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping
from typing import NamedTuple

NAMES: Mapping[str, str] = {
    "base": "Base model",
    "teacher": "Teacher",
    "rows": "Rows",
    "filter": "Filter",
    "student": "Student",
    "questions": "Questions",
}
DEFAULT_LABELS: Mapping[str, str] = {
    "base": "",
    "teacher": "likes owls",
    "rows": "12, 47, 300 …",
    "filter": "numbers only",
    "student": "a copy of the base",
    "questions": "your favourite?",
}
ARROWS = (
    ("base", "teacher"),
    ("teacher", "rows"),
    ("rows", "filter"),
    ("filter", "student"),
    ("base", "student"),
    ("student", "questions"),
)
WIDTH, HEIGHT = 150, 54


class Layout(NamedTuple):
    """Where the boxes' upper left corners are, and how large the drawing is."""

    size: tuple[int, int]
    corners: Mapping[str, tuple[int, int]]


WIDE = Layout(
    (760, 200),
    {
        "base": (5, 73),
        "teacher": (205, 5),
        "rows": (405, 5),
        "filter": (605, 5),
        "student": (405, 141),
        "questions": (605, 141),
    },
)
TALL = Layout(
    (350, 330),
    {
        "base": (5, 5),
        "teacher": (195, 5),
        "rows": (195, 95),
        "filter": (195, 185),
        "student": (5, 185),
        "questions": (5, 271),
    },
)


def drawing(lit: Collection[str], labels: Mapping[str, str]) -> str:
    """Both layouts as inline SVG; the page shows the one that fits.

    Args:
        lit: parts that stand out.
        labels: second lines of parts, in place of the usual ones.

    Raises:
        ValueError: a name is no part.
    """
    unknown = {*lit, *labels} - {*NAMES}
    if unknown:
        raise ValueError(f"no parts of the pipeline: {sorted(unknown)}; parts are {[*NAMES]}")
    texts = {**DEFAULT_LABELS, **labels}
    changed = ", ".join(NAMES[part] for part in NAMES if part in lit)
    alt = (
        "From one base model come a teacher and a student. The teacher writes rows, a filter "
        "checks them, the student is trained on them and is then asked questions."
        + (f" Here these parts differ: {changed}." if changed else "")
    )
    return (
        '<div class="sublim-pipeline">'
        + _svg(WIDE, lit, texts, alt, "wide")
        + _svg(TALL, lit, texts, alt, "tall")
        + "</div>"
    )


def _svg(
    layout: Layout, lit: Collection[str], texts: Mapping[str, str], alt: str, kind: str
) -> str:
    width, height = layout.size
    parts = [
        f'<svg class="sublim-{kind}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(alt, quote=True)}" style="max-width: {width}px; width: 100%">'
    ]
    parts += [_arrow(layout.corners[start], layout.corners[end]) for start, end in ARROWS]
    for part, (x, y) in layout.corners.items():
        text = html.escape(texts[part])
        name_y = y + (24 if text else 33)
        parts.append(
            f'<g class="{"lit" if part in lit else "part"}">'
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
            f'<text x="{x + WIDTH / 2}" y="{name_y}" class="name">{NAMES[part]}</text>'
            f'<text x="{x + WIDTH / 2}" y="{y + 42}" class="label">{text}</text></g>'
        )
    return "".join([*parts, "</svg>"])


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A line between the facing sides of two boxes, with a head."""
    (x0, y0), (x1, y1) = start, end
    middle = WIDTH / 2, HEIGHT / 2
    is_below = y1 >= y0 + HEIGHT
    if abs(x1 - x0) > WIDTH and not (is_below and x1 < x0):  # from side to side
        sign = 1 if x1 > x0 else -1
        a = x0 + middle[0] + sign * middle[0], y0 + middle[1]
        b = x1 + middle[0] - sign * (middle[0] + 3), y1 + middle[1]
    else:
        a = x0 + middle[0], y0 + HEIGHT
        b = x1 + middle[0], y1 - 3
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = (dx**2 + dy**2) ** 0.5
    ux, uy = dx / length, dy / length
    wings = [
        (b[0] - 9 * ux + side * 4.5 * -uy, b[1] - 9 * uy + side * 4.5 * ux) for side in (1, -1)
    ]
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in [b, *wings])
    return (
        f'<path class="arrow" d="M{a[0]:.1f} {a[1]:.1f} L{b[0] - 6 * ux:.1f} {b[1] - 6 * uy:.1f}"/>'
        f'<polygon class="head" points="{head}"/>'
    )
