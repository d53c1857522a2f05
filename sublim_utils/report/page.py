"""Pieces of a chapter that are no figure: bets, the box at its head, the pipeline, its sources.

They are HTML that works in a notebook and in the saved book. What reacts to a click there is in
`book/assets/sublim.js`; without it every answer can still be read.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping

import numpy as np
from IPython.display import HTML
from markdown_it import MarkdownIt

from sublim_utils.records import Record
from sublim_utils.report.pipeline_drawing import drawing

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def bet(name: str, question: str, options: Mapping[str, str]) -> HTML:
    """A question with answers to choose from, before the reader has seen the result.

    Args:
        name: of the bet, unique in the book; `paid` refers to it.
        question: in Markdown.
        options: what can be chosen, in Markdown, by a short key.
    """
    labels = "".join(
        f'<label><input type="radio" name="bet-{_escaped(name)}" value="{_escaped(key)}"> '
        f"<span>{_inline(option)}</span></label>"
        for key, option in options.items()
    )
    return HTML(
        f'<fieldset class="sublim-bet" data-bet="{_escaped(name)}"><legend>Place your bet</legend>'
        f'<p>{_inline(question)}</p>{labels}<p class="sublim-note" role="status"></p></fieldset>'
    )


def paid(name: str, answer: str, because: str) -> HTML:
    """The answer to a bet, beside what the reader chose.

    Args:
        name: of the bet.
        answer: the key of the right option.
        because: the answer in words, in Markdown.
    """
    return HTML(
        f'<div class="sublim-paid" data-bet="{_escaped(name)}" data-answer="{_escaped(answer)}">'
        f'<p class="sublim-note"></p><p>{_inline(because)}</p></div>'
    )


def box(*, question: str, paper: str, ours: str, limits: str) -> HTML:
    """The four lines at the head of a chapter, in Markdown.

    Args:
        question: what the chapter asks.
        paper: what Cloud et al. found.
        ours: what we found, in percent or "times as likely" first.
        limits: what it does not show.
    """
    lines = {
        "The question": question,
        "The paper": paper,
        "This book": ours,
        "What it does not show": limits,
    }
    entries = "".join(f"<dt>{name}</dt><dd>{_inline(text)}</dd>" for name, text in lines.items())
    return HTML(f'<dl class="sublim-box">{entries}</dl>')


def text_or_probabilities() -> HTML:
    """The distinction that sorts the whole book, in the same words wherever it is needed."""
    return HTML(
        '<aside class="sublim-kinds"><p><b>Text or probabilities?</b> A '
        '<b class="sublim-text">text-trained</b> student sees what its teacher wrote, and nothing '
        "else. That is how the paper trains, and how most distilled data travel. A "
        '<b class="sublim-probabilities">probability-trained</b> student also sees how likely its '
        "teacher found every other word at each place. It is told far more, some of it in plain "
        "sight, so only the first is subliminal in the strict sense.</p></aside>"
    )


def pipeline(lit: Collection[str] = (), **labels: str) -> HTML:
    """The experiment as a drawing, with the parts lit that a chapter changes.

    Args:
        lit: some of `base`, `teacher`, `rows`, `filter`, `student`, `questions`.
        labels: what to write below the name of a part.
    """
    return HTML(drawing(lit, labels))


def source(records: Mapping[str, Record], command: str) -> HTML:
    """Where a figure comes from, folded: its records, the command that makes them, and the time.

    Args:
        records: what the figure is drawn from, by experiment.
        command: that measures them again.
    """
    seconds = sum(record.provenance.wall_s for record in records.values())
    machines = sorted({record.hardware for record in records.values()})
    seeds = sorted({len(record.experiment["seeds"]) for record in records.values()})
    names = ", ".join(f"<code>{_escaped(name)}</code>" for name in sorted(records))
    return HTML(
        '<details class="sublim-source"><summary>Record, command, time</summary>'
        f"<p><code>{_escaped(command)}</code> measures this again. It took {_duration(seconds)} "
        f"on {_escaped('; '.join(machines))}, with {_either(seeds)} seeds. "
        f"{len(records)} records: {names}.</p></details>"
    )


def percent(share: float) -> str:
    """A share between 0 and 1 in percent: whole ones from ten on, tenths below."""
    digits = 0 if abs(share) >= 0.0995 or share == 0 else 1
    return f"{_signed(100 * share, digits)}{NO_BREAK}%"


def times(nats: float) -> str:
    """A difference of log-probabilities as a ratio: "1.8 times as likely"."""
    ratio = float(np.exp(nats))
    digits = 0 if ratio >= 9.95 else 1 if ratio >= 0.95 else 2
    return f"{ratio:,.{digits}f} times as likely"


def interval(mean: float, low: float, high: float, digits: int = 2, unit: str = "") -> str:
    """A mean and its 95 % interval: "0.59 [0.41, 0.77]"."""
    shown = (_signed(value, digits) for value in (mean, low, high))
    return "{} [{}, {}]".format(*shown) + (f"{NO_BREAK}{unit}" if unit else "")


def _signed(value: float, digits: int) -> str:
    """A number with a real minus sign, and none before a zero."""
    shown = f"{abs(value):,.{digits}f}"
    is_zero = not any(digit in shown for digit in "123456789")
    return shown if value >= 0 or is_zero else MINUS + shown


def _duration(seconds: float) -> str:
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _either(numbers: Collection[int]) -> str:
    return " or ".join(map(str, numbers))


def _inline(markdown: str) -> str:
    rendered: str = _MARKDOWN.renderInline(markdown)
    return rendered


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
