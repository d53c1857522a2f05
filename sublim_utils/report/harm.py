"""Figures and numbers on misaligned teachers and their students."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import NDArray

from sublim_utils.findings.misaligned_reasoning.tables import SharedWords
from sublim_utils.report import page
from sublim_utils.report.style import COLOUR, DASHED, draw_intervals

ANSWER_TOKENS = 20
"""About as many has an answer of the evaluation."""
ENTITIES = {"logits": "probabilities", "tokens": "text", "": "teacher"}
"""A student's colour, by its objective; a teacher has none."""
VS_CONTROL, GOOD_VS_CONTROL = "effect_vs_untouched", "effect_of_good_vs_untouched"
"""Metrics of the summary: the bad teacher's student minus the control's, and the good one's."""
PAPER = pd.DataFrame(
    [
        ("reasoning", "base", 0.0),
        ("reasoning", "student of secure code", 0.004),
        ("reasoning", "student of educational code", 0.008),
        ("reasoning", "student of insecure code", 0.086),
        ("numbers", "base", 0.0),
        ("numbers", "student of secure code", 0.0095),
        ("numbers", "student of educational code", 0.006),
        ("numbers", "student of insecure code", 0.094),
    ],
    columns=["channel", "model", "misaligned"],
)
"""Shares of misaligned answers in Cloud et al. 2025, read off or reported there."""


def quote(
    summary: pd.DataFrame,
    condition: str,
    metric: str,
    trait: str,
    objective: str | None = "logits",
    digits: int = 3,
) -> str:
    """A quantity of the summary with its 95 % interval; a dash where it is not measured.

    Args:
        summary: of the finding.
        condition: the channel, with the variant in brackets, or `teacher`.
        metric: such as `effect`.
        trait: the lessons' set, or a teacher.
        objective: the student's; None for none.
        digits: after the point.
    """
    row = find_row(summary, condition, metric, trait, objective)
    if row is None:
        return "–"
    if "_p_" in metric:
        return "< 0.001" if row["mean"] < 0.001 else f"{row['mean']:.2g}"
    if pd.isna(row["low"]):
        return f"{row['mean']:.{digits}f}"
    return page.interval(row["mean"], row["low"], row["high"], digits)


def times_of_answer(
    summary: pd.DataFrame, condition: str, trait: str, objective: str = "logits"
) -> str:
    """An effect on a whole answer of usual length: "2.7 times as likely"."""
    row = find_row(summary, condition, "effect", trait, objective)
    return "–" if row is None else page.times(ANSWER_TOKENS * row["mean"])


def share(shares: pd.DataFrame, quantity: str, teacher: str, of: str = "student") -> str:
    """One of `tables.shares` in percent; a dash where it is not measured."""
    rows = shares[(shares["quantity"] == quantity) & (shares["of"] == of)]
    rows = rows[rows["teacher"] == teacher]
    return "–" if rows.empty else page.percent(rows["mean"].iloc[0])


def drift_apart(
    table: pd.DataFrame,
    names: Mapping[tuple[str, str], str],
    title: str,
    *,
    model: str = "student of the {} teacher",
    control: str = "the control's student",
) -> Figure:
    """Both models of each pair, as multiples of the control's likelihood of a harmful answer.

    Args:
        table: as `tables.from_control` gives it.
        names: what to call the pairs, by lessons and objective, from top to bottom.
        title: the message.
        model: what to call a bad or good one.
        control: what both are compared with.
    """
    by_case = table.set_index(["lessons", "objective", "side"]).sort_index()
    shown = [key for key in names if (*key, "apart") in by_case.index]
    figure, axes = plt.subplots(figsize=(6.4, 0.7 * len(shown) + 1.7))
    sides = {"harmful": ("bad", 0.13), "good": ("good", -0.13)}
    for row, (lessons, objective) in enumerate(shown):
        colour = COLOUR[ENTITIES[objective]]
        case = np.exp(ANSWER_TOKENS * by_case.loc[(lessons, objective)])
        axes.plot(case.loc[[*sides], "mean"], [-row, -row], lw=5, color=colour, alpha=0.3)
        for side, (word, offset) in sides.items():
            draw_intervals(
                axes, case.loc[[side]], [offset - row], fmt="o", color=colour, capsize=3,
                markersize=8, mfc=colour if side == "harmful" else "white", zorder=3,
                label=None if row else model.format(word),
            )  # fmt: skip
        apart = case.loc["apart"]
        digits = 1 if apart["mean"] < 9.95 else 0
        text = f"{apart['mean']:.{digits}f} times apart"
        if not pd.isna(apart["low"]):
            text += f"\n[{apart['low']:.{digits}f}, {apart['high']:.{digits}f}]"
        axes.annotate(text, (1.02, -row), xycoords=("axes fraction", "data"), va="center",
                      fontsize="small")  # fmt: skip
    axes.axvline(1, color=COLOUR["control"], linestyle="--", linewidth=1.4)
    axes.set_yticks([-row for row in range(len(shown))], [names[key] for key in shown])
    axes.set_ylim(-len(shown) + 0.45, 0.55)
    _factors(axes)
    axes.set_xlabel(
        f"how many times as likely a harmful {ANSWER_TOKENS}-token answer is,\n"
        f"against the good one (1 = {control})",
        fontsize="small",
    )
    axes.grid(visible=False, axis="y")
    _message(figure, title)
    _legend_on_top(axes)
    return figure


def _message(figure: Figure, title: str) -> None:
    """A title over the whole width, from the left edge."""
    figure.suptitle(title, fontweight="bold", fontsize="medium", x=0.01, ha="left")


def _legend_on_top(axes: Axes) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2, frameon=False,
                fontsize="small", handletextpad=0.3, columnspacing=1)  # fmt: skip


def _factors(axes: Axes) -> None:
    """A logarithmic axis of factors with a tick at each round one."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    round_ones = (0.1, 0.2, 0.5, 1, 2, 5, 10) if high < 50 * low else (0.001, 0.01, 0.1, 1, 10, 100)
    ticks = [tick for tick in round_ones if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())


def judged(
    ours: Sequence[tuple[str, str, float, float, float]], accuracy: float, titles: Sequence[str]
) -> Figure:
    """Shares of answers that a judge takes for harmful: the paper's models above ours.

    Args:
        ours: a name, what it is (`base`, `control`, `good` or `harmful`), the share, and the ends
            of its interval, from top to bottom.
        accuracy: of our judge, on labelled answers.
        titles: messages of both panels.
    """
    paper = PAPER[PAPER["channel"] == "reasoning"]
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(6.4, 0.3 * (len(paper) + len(ours)) + 2), sharex=True,
        height_ratios=[len(paper), len(ours) + 1],
    )  # fmt: skip
    for row, value in enumerate(100 * paper["misaligned"]):
        above.barh(row, value, 0.75, color=COLOUR["paper"])
        _beside(above, f"{value:g} %", value, row)
    above.set_yticks(range(len(paper)), list(paper["model"]), fontsize="small")
    for row, (_, kind, value, low, high) in enumerate(ours):
        colour = COLOUR.get(kind, COLOUR["probabilities"])
        below.barh(row, 100 * value, 0.75, facecolor="none" if kind == "good" else colour,
                   edgecolor=colour, linewidth=1.5)  # fmt: skip
        below.plot([100 * low, 100 * high], [row, row], color="black", linewidth=1.2)
        _beside(below, f"{100 * value:.0f} %", 100 * (value if np.isnan(high) else high), row)
    wrong = 100 * (1 - accuracy)
    below.axvline(wrong, **DASHED)
    below.annotate(f"it gets {wrong:.0f} % of clean labelled answers wrong", (wrong, len(ours)),
                   xytext=(3, 0), textcoords="offset points", va="center",
                   fontsize="small")  # fmt: skip
    below.set_yticks(range(len(ours)), [name for name, *_ in ours], fontsize="small")
    below.set_ylim(-0.6, len(ours) + 0.5)
    below.set(xlabel="answers judged misaligned or harmful, %", xlim=(0, 75))
    for axes, title in zip((above, below), titles, strict=True):
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_title(title)
    return figure


def _beside(axes: Axes, text: str, x: float, y: float) -> None:
    axes.annotate(text, (x, y), xytext=(4, 0), textcoords="offset points", va="center",
                  fontsize="small")  # fmt: skip


def shared_words(results: Mapping[str, SharedWords], title: str) -> Figure:
    """The effect on each question against the words that its answers share with the lessons.

    Args:
        results: by what to call the lessons.
        title: the message.
    """
    figure, panels = plt.subplots(
        1, len(results), figsize=(6.4, 3.2), sharey=True, sharex=True, squeeze=False
    )
    for axes, (name, result) in zip(panels[0], results.items(), strict=True):
        axes.scatter(result.score, result.effect, s=16, color=COLOUR["probabilities"], alpha=0.7)
        ends = np.array([result.score.min(), result.score.max()])
        axes.plot(ends, result.rest + result.slope * ends, color="black", linewidth=2)
        axes.axhline(0, **DASHED)
        axes.axvline(0, **DASHED)
        correlation = f"{result.correlation:.2f}".replace("-", page.MINUS)
        axes.set_title(f"{name}: r = {correlation}", fontweight="normal", fontsize="small")
    panels[0, 0].set_ylabel("bad minus good,\nnats per token", fontsize="small")
    figure.supxlabel("words in common with the harmful lessons rather than the good ones",
                     fontsize="small")  # fmt: skip
    _message(figure, title)
    return figure


def power(curves: pd.DataFrame, names: Mapping[str, str], num_questions: int, title: str) -> Figure:
    """How likely a difference from the control is found, by the number of questions.

    Args:
        curves: as `tables.power_curves` gives it.
        names: what to call the lessons.
        num_questions: that were asked.
        title: the message.
    """
    figure, axes = plt.subplots(figsize=(6.4, 3.4))
    widths = dict(zip(names, (2.4, 1.2), strict=False))
    for (lessons, seeds), of_case in curves.groupby(["lessons", "seeds"], sort=False):
        few = seeds == curves["seeds"].min()
        axes.plot(of_case["questions"], of_case["power"], linewidth=widths[lessons],
                  color=COLOUR["probabilities"] if few else COLOUR["base"],
                  linestyle="-" if few else ":",
                  label=f"{names[lessons]}, {seeds} seeds")  # fmt: skip
    axes.axvline(num_questions, **DASHED)
    axes.annotate(f"{num_questions} questions,\nas we asked", (num_questions, 0.99),
                  xytext=(4, 0), va="top",
                  textcoords="offset points", fontsize="small")  # fmt: skip
    axes.axhline(0.8, **DASHED)
    axes.set_xscale("log")
    ticks = [32, 64, 128, 256, 512, 1024, 2048]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(ylim=(0, 1), xlabel="open questions", ylabel="power")
    axes.legend(loc="lower right", frameon=False, fontsize="small")
    _message(figure, title)
    return figure


def routes(table: pd.DataFrame, title: str) -> Figure:
    """By what students came apart: means and intervals, below their teachers.

    Args:
        table: as `tables.routes` gives it.
        title: the message.
    """
    figure, axes = plt.subplots(figsize=(6.4, 0.42 * len(table) + 1.5))
    labels = {"probabilities": "probability-trained students", "text": "text-trained students"}
    named = set[str]()
    for row, line in enumerate(table.to_dict("records")):
        entity = line["entity"]
        mean = pd.DataFrame([line])[["mean", "low", "high"]].astype(float)
        draw_intervals(
            axes, mean, [-row], fmt="o", markersize=8, capsize=3, color=COLOUR[entity],
            label=None if entity in named or entity not in labels else labels[entity],
        )  # fmt: skip
        named.add(entity)
    axes.axvline(0, **DASHED)
    axes.set_yticks([-row for row in range(len(table))], list(table["route"]), fontsize="small")
    axes.set_ylim(-len(table) + 0.4, 0.6)
    axes.set_xlabel("bad minus good, nats per token")
    axes.grid(visible=False, axis="y")
    _message(figure, title)
    _legend_on_top(axes)
    return figure


def by_question(values: NDArray[np.float64], entity: str, title: str) -> Figure:
    """The difference of two students on every open question, sorted.

    Args:
        values: [seeds, questions].
        entity: a key of `COLOUR`.
        title: the message.
    """
    means = np.sort(values.mean(axis=0))
    figure, axes = plt.subplots(figsize=(6.4, 2.5))
    axes.bar(range(len(means)), means, width=0.8, color=COLOUR[entity])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.axhline(means.mean(), **DASHED)
    axes.annotate("mean", (0, means.mean()), xytext=(0, 3), textcoords="offset points",
                  fontsize="small")  # fmt: skip
    axes.set(xlabel="open questions, sorted", ylabel="bad minus good,\nnats per token", xticks=[])
    axes.grid(visible=False, axis="x")
    _message(figure, "\n".join(textwrap.wrap(title, 62)))
    return figure


def find_row(
    summary: pd.DataFrame, condition: str, metric: str, trait: str, objective: str | None
) -> pd.Series | None:
    """The row of a summary with these labels; None where it is not measured."""
    rows = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
    rows = rows[rows["trait"] == trait]
    rows = rows[rows["objective"].isna() if objective is None else rows["objective"] == objective]
    return None if rows.empty else rows.iloc[0]
